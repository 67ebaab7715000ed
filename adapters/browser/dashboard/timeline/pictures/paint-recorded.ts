import type { Look } from '../look.ts';
import type { Span } from '../timeline-model.ts';
import { isGrowing, type Known } from './coverage.ts';

export const RECORDED_PX = 4;
const HATCH_PX = 5;

/**
 * Draws what is recorded as a line under a lane's band: whole where there is a picture, dashed where one is missing,
 * and nothing where none was to be recorded.
 * @param top of the line
 */
export function paintRecorded(
  pen: CanvasRenderingContext2D,
  look: Look,
  known: Known,
  seen: Span,
  top: number,
  across: (at: number) => number,
): void {
  const within = (span: Span): boolean => span.to > seen.from && span.from < seen.to;
  pen.fillStyle = look.color('focus');
  for (const span of known.recorded.recorded.filter(within)) {
    const left = across(span.from);
    pen.fillRect(left, top, Math.max(1, across(span.to) - left), RECORDED_PX);
  }
  pen.fillStyle = look.color('offline');
  for (const gap of known.recorded.gaps.filter(within)) {
    if (isGrowing(gap, known)) continue;
    const [left, right] = [Math.max(across(gap.from), -HATCH_PX), Math.min(across(gap.to), pen.canvas.width)];
    for (let x = left; x < right; x += HATCH_PX) pen.fillRect(x, top, Math.min(2, right - x), RECORDED_PX);
  }
}

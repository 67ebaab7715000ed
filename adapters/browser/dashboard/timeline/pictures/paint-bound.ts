import { boundAt, boundText } from '../../../player/past-bound.ts';
import { chip } from '../chip.ts';
import type { Look } from '../look.ts';
import type { Known } from './coverage.ts';
import { RECORDED_PX } from './paint-recorded.ts';

const CROSS_PX = 6;
const BESIDE_PX = 8;

/** Draws in a lane where looking back ends, and says it where there is room: a line, with crosses before it. */
export function paintBound(
  pen: CanvasRenderingContext2D,
  { look, now, width }: { look: Look; now: number; width: number },
  { recorded: { bound } }: Known,
  { top, height }: { top: number; height: number },
  across: (at: number) => number,
): void {
  const x = bound ? Math.round(Math.min(across(boundAt(bound, now)), width)) : 0;
  if (!bound || x <= 0) return;
  const bottom = top + height;
  pen.strokeStyle = look.color('muted');
  pen.lineWidth = 1;
  pen.beginPath();
  for (let left = x % CROSS_PX; left < x; left += CROSS_PX) {
    pen.moveTo(left, bottom - RECORDED_PX);
    pen.lineTo(left + RECORDED_PX, bottom);
    pen.moveTo(left + RECORDED_PX, bottom - RECORDED_PX);
    pen.lineTo(left, bottom);
  }
  pen.stroke();
  pen.fillStyle = look.color('text');
  pen.fillRect(x - 1, top, 2, height);
  const text = boundText(bound, now);
  const left = x - BESIDE_PX - pen.measureText(text).width;
  if (left < 0) return;
  pen.textAlign = 'left';
  chip(pen, look, text, left, top + height / 2);
}

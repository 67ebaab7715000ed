import type { Look } from '../look.ts';
import type { Bar } from './kept.ts';

/**
 * Draws brackets over what retention leaves alone.
 * @param bottom the line that they stand on
 */
export function paintKept(pen: CanvasRenderingContext2D, look: Look, bars: readonly Bar[], bottom: number): void {
  // A rim of the ground keeps them apart from whatever band lies behind.
  pen.fillStyle = look.color('panel');
  for (const { x, width, height } of bars) pen.fillRect(x - 1, bottom - height - 1, width + 2, height + 1);
  pen.fillStyle = look.color('text');
  for (const { x, width, height } of bars) pen.fillRect(x, bottom - height, width, height);
}

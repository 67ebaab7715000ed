import type { Look } from './look.ts';

/** Text on a ground of its own, readable over any pattern. */
export function chip(pen: CanvasRenderingContext2D, look: Look, text: string, x: number, y: number): void {
  const width = pen.measureText(text).width;
  pen.fillStyle = look.color('panel');
  pen.fillRect(x - (pen.textAlign === 'center' ? width / 2 : 0) - 3, y - 8, width + 6, 16);
  pen.fillStyle = look.color('text');
  pen.fillText(text, x, y);
}

import type { Look } from './look.ts';

/** The canvas has one font, and few texts: to measure one takes as long as to draw it. */
const widths = new Map<string, number>();
const MOST_KNOWN = 1_000;

/** How wide a text is, px. */
export function widthOf(pen: CanvasRenderingContext2D, text: string): number {
  const known = widths.get(text);
  if (known !== undefined) return known;
  if (widths.size >= MOST_KNOWN) widths.clear();
  const { width } = pen.measureText(text);
  widths.set(text, width);
  return width;
}

/** Text on a ground of its own, readable over any pattern. */
export function chip(pen: CanvasRenderingContext2D, look: Look, text: string, x: number, y: number): void {
  const width = widthOf(pen, text);
  pen.fillStyle = look.color('panel');
  pen.fillRect(x - (pen.textAlign === 'center' ? width / 2 : 0) - 3, y - 8, width + 6, 16);
  pen.fillStyle = look.color('text');
  pen.fillText(text, x, y);
}

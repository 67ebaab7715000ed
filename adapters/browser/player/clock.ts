/** Columns of the machine-readable clock in the top strip of a demo picture. */
export const CLOCK_COLUMNS = 40;
const SPAN = 2 ** CLOCK_COLUMNS;
// Cells are 16 or 235; compression blurs them, but a pair this close is no clock.
const LEAST_CONTRAST = 60;

/**
 * The time painted into a picture.
 * @param cells brightness of the 80 cells: 40 of the clock, most significant bit first, then 40 of its complement
 * @param nowMs epoch ms; the clock wraps every 34 years and is unwrapped to the value nearest to this
 * @returns epoch ms, or undefined when the strip is no clock
 */
export function decodeClock(cells: ArrayLike<number>, nowMs: number): number | undefined {
  let value = 0;
  for (let column = 0; column < CLOCK_COLUMNS; column++) {
    const contrast = (cells[column] ?? 0) - (cells[CLOCK_COLUMNS + column] ?? 0);
    if (Math.abs(contrast) < LEAST_CONTRAST) return undefined;
    value = value * 2 + (contrast > 0 ? 1 : 0);
  }
  const time = Math.floor(nowMs / SPAN) * SPAN + value;
  if (time - nowMs > SPAN / 2) return time - SPAN;
  if (nowMs - time > SPAN / 2) return time + SPAN;
  return time;
}

import { gapMs } from './gaps.ts';
import type { Screen } from './stage.ts';

/** The longest interval between frames in a window in which nothing was done; ms. */
export interface QuietTrial {
  ours: number;
  stock: number;
}

/**
 * Nothing is done for as long as is looked at after an event: what this machine shows by itself, which is the floor that
 * the gaps of events stand on.
 */
export async function doNothing(ours: Screen, stock: Screen, windowMs: number): Promise<QuietTrial> {
  const at = Date.now();
  const [shown, beside] = await Promise.all([ours.moving(at + windowMs), stock.moving(at + windowMs)]);
  return { ours: gapMs(shown, at, at + windowMs), stock: gapMs(beside, at, at + windowMs) };
}

import { gapMs } from './gaps.ts';
import type { Screen } from './stage.ts';

/** The longest interval between frames in a window in which nothing was done; ms. */
export interface QuietTrial {
  ours: number;
  stock: number;
}

/** One that was just opened, or has just been through an event, first shows that it goes on. */
const SETTLED_FRAMES = 60;

/**
 * Nothing is done for as long as is looked at after an event: what this machine shows by itself, which is the floor that
 * the gaps of events stand on.
 */
export async function doNothing(ours: Screen, stock: Screen, windowMs: number): Promise<QuietTrial> {
  const settled = Date.now();
  await Promise.all([ours, stock].map((screen) => screen.moving(settled, SETTLED_FRAMES)));
  const at = Date.now();
  const [shown, beside] = await Promise.all([ours.moving(at + windowMs), stock.moving(at + windowMs)]);
  return { ours: gapMs(shown, at, at + windowMs), stock: gapMs(beside, at, at + windowMs) };
}

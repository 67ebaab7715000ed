import type { Moment } from '../../actors/stretch.ts';
import { BadDuration, durationMs } from '../config/durations.ts';

/** Sequences are smaller than this for ever; epoch milliseconds are larger since 2001. */
const LARGEST_SEQUENCE = 999_999_999_999;
const CLOCK = /^([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$/;

/**
 * A moment as a person writes it: a time back (`15m`), what a clock here showed last (`14:03`), a date
 * (`2026-01-31T03:12`), epoch milliseconds, or a sequence.
 * @returns undefined when it is none of these
 */
export function momentOf(text: string, nowMs: number): Moment | undefined {
  if (/^[0-9]{1,15}$/.test(text)) {
    const number = Number(text);
    return number > LARGEST_SEQUENCE ? { at: number } : { seq: number };
  }
  const clock = CLOCK.exec(text);
  if (clock) return { at: lastShown(clock.slice(1).map(Number), nowMs) };
  try {
    return { at: nowMs - durationMs(text) };
  } catch (error) {
    if (!(error instanceof BadDuration)) throw error;
  }
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : { at };
}

/** When a clock of this time zone showed a time of day for the last time. Epoch ms. */
function lastShown([hours = 0, minutes = 0, seconds = 0]: number[], nowMs: number): number {
  const at = new Date(nowMs);
  at.setHours(hours, minutes, seconds || 0, 0);
  if (at.getTime() > nowMs) at.setDate(at.getDate() - 1);
  return at.getTime();
}

import type { Moment } from '../../actors/stretch.ts';
import { BadDuration, durationMs } from '../config/durations.ts';

/** Sequences are smaller than this for ever; epoch milliseconds are larger since 2001. */
const LARGEST_SEQUENCE = 999_999_999_999;

/**
 * A moment as a person writes it: a time back (`15m`), a date (`2026-01-31T03:12`), epoch milliseconds, or a sequence.
 * @returns undefined when it is none of these
 */
export function momentOf(text: string, nowMs: number): Moment | undefined {
  if (/^[0-9]{1,15}$/.test(text)) {
    const number = Number(text);
    return number > LARGEST_SEQUENCE ? { at: number } : { seq: number };
  }
  try {
    return { at: nowMs - durationMs(text) };
  } catch (error) {
    if (!(error instanceof BadDuration)) throw error;
  }
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : { at };
}

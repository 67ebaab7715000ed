import { momentOf } from './moment.ts';
import { misused } from './terminal.ts';

/** A moment of the past as somebody wrote it, in epoch ms. @throws CommandFailed when it is none */
export function pastMoment(what: string, text: string, nowMs: number): number {
  const at = momentOf(text, nowMs)?.at;
  if (at !== undefined) return Math.round(at);
  throw misused(
    `${what} ${text}: expected a time such as 14:03, a moment such as 2026-01-31T14:03Z, or a time back: 2h`,
  );
}

/** What lies between two of them, in epoch ms. @throws CommandFailed when nothing does */
export function pastWindow(from: string, to: string, nowMs: number): { from: number; to: number } {
  const window = { from: pastMoment('<from>', from, nowMs), to: pastMoment('<to>', to, nowMs) };
  const { from: begin, to: end } = window;
  if (begin < end) return window;
  const asked = `${new Date(begin).toISOString()} and ${new Date(end).toISOString()}`;
  throw misused(`nothing lies between ${asked}: a time such as 14:03 is the last one that has passed here`);
}

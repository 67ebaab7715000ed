import type { Address } from '../bus/subjects.ts';

/** A cell that fails this often within a minute is given up. */
const PER_MINUTE = 3;
const MINUTE_MS = 60_000;

/** Bounds how often failing cells start again. */
export class Restarts {
  private readonly failures = new Map<string, number[]>();

  /** A cell has failed. @returns whether it may start again */
  allow({ kind, id }: Address, nowMs: number): boolean {
    const key = `${kind}/${id}`;
    const recent = [...(this.failures.get(key) ?? []).filter((failedAt) => nowMs - failedAt < MINUTE_MS), nowMs];
    this.failures.set(key, recent);
    return recent.length <= PER_MINUTE;
  }
}

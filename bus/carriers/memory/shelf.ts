import type { JournalEntry, JournalRecord } from '../../ports/journal.ts';
import type { Subscription } from '../../ports/subscription.ts';
import { journalSubject } from '../../subjects.ts';
import type { Line } from './line.ts';

/** What one stream holds, oldest first. */
export interface Shelf<T extends { seq: number }> {
  items: T[];
  /** The newest sequence that was given. */
  last: number;
  purgedBefore: number;
}

/** Records, with the last one of each cell at hand. */
export interface Records extends Shelf<JournalEntry> {
  lastOf: Map<string, JournalEntry>;
}

/** Of a record that is gone: if it was its cell's last one, there is none any more. */
export function dropLast({ lastOf }: Records, entry: JournalEntry): void {
  const subject = subjectOf(entry.record);
  if (lastOf.get(subject) === entry) lastOf.delete(subject);
}

/** Loses everything after a sequence, and counts on from there: so does a server whose file was cut off. */
export function cutOff<T extends { seq: number }>(shelf: Shelf<T>, last: number): T[] {
  const lost = shelf.items.splice(placeAfter(shelf.items, last));
  shelf.last = last;
  return lost;
}

export const firstOf = <T extends { seq: number }>({ items, last }: Shelf<T>): number => items[0]?.seq ?? last + 1;

export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** The place of the first item behind a sequence. */
function placeAfter<T extends { seq: number }>(items: readonly T[], seq: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as T).seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is stored, told in order to who follows it, while the store is here. */
export function memoryFollowers<T extends { seq: number }>(line: Line, shelf: Shelf<T>) {
  const pumps = new Set<() => void>();
  const pump = () => {
    for (const run of [...pumps]) run();
  };
  line.onChange(pump);
  return {
    /** Something was stored. */
    wake() {
      if (pumps.size > 0) queueMicrotask(pump);
    },
    follow(after: number, hear: (one: T) => void): Subscription {
      let seen = after;
      let finish: (error?: Error) => void = () => {};
      const ended = new Promise<Error | undefined>((resolve) => {
        finish = (error) => {
          pumps.delete(run);
          resolve(error);
        };
      });
      const run = () => {
        if (seen > shelf.last) finish(new RangeError(`the store ends at ${shelf.last}, before ${seen}`));
        while (seen < shelf.last && ['here', 'full'].includes(line.mode()) && pumps.has(run)) {
          const next = shelf.items[placeAfter(shelf.items, seen)];
          seen = next?.seq ?? shelf.last;
          if (!next) continue;
          try {
            hear(next);
          } catch (error) {
            finish(error as Error);
          }
        }
      };
      pumps.add(run);
      queueMicrotask(run);
      return { close: () => finish(), ended };
    },
  };
}

export const subjectOf = (record: JournalRecord) => journalSubject({ kind: record.kind, id: record.cell });

import { FenceRefused } from '../../ports/faults.ts';
import { isSuccessor, type Journal, type JournalEntry } from '../../ports/journal.ts';
import { journalSubject } from '../../subjects.ts';
import { frozen } from './frozen.ts';
import type { Line } from './line.ts';
import { memoryFollowers, type Records, subjectOf } from './shelf.ts';

function lastsUpTo({ items }: Records, upTo: number): Map<string, JournalEntry> {
  const entries = items.filter(({ seq }) => seq <= upTo);
  return new Map(entries.map((entry) => [subjectOf(entry.record), entry]));
}

export function memoryJournal(line: Line, shelf: Records, duplicates: Map<string, number>): Journal {
  const followers = memoryFollowers(line, shelf);
  return {
    append: async (record, expected) =>
      line.into(() => {
        const subject = subjectOf(record);
        const messageId = `${subject}:${record.id}`;
        const known = duplicates.get(messageId);
        if (known !== undefined) return { seq: known };
        const last = shelf.lastOf.get(subject);
        if ((last?.seq ?? 0) !== expected) {
          if (last?.record.id === record.id) return { seq: last.seq };
          // Nobody has written since: the store has lost its end, and its owner goes on behind what is left.
          const isSetBack = (last?.seq ?? 0) < expected && (!last || isSuccessor(record, last.record));
          if (!isSetBack) throw new FenceRefused(`${subject} ends at ${last?.seq ?? 0}, not at ${expected}`);
        }
        const seq = ++shelf.last;
        const entry = frozen({ seq, record });
        shelf.items.push(entry);
        shelf.lastOf.set(subject, entry);
        duplicates.set(messageId, seq);
        followers.wake();
        return { seq };
      }),
    async *lasts(kind, upTo = Number.POSITIVE_INFINITY) {
      const entries = await line.through(() => {
        const entries = [...(upTo < shelf.last ? lastsUpTo(shelf, upTo) : shelf.lastOf).values()].filter(
          ({ record }) => !kind || record.kind === kind,
        );
        return entries.sort((a, b) => a.seq - b.seq);
      });
      for (const entry of entries) yield entry;
    },
    last: (of) => line.through(() => shelf.lastOf.get(journalSubject(of))),
    async *read(of, from = 1) {
      const subject = of && journalSubject(of);
      const entries = await line.through(() =>
        shelf.items.filter(({ seq, record }) => seq >= from && (!subject || subjectOf(record) === subject)),
      );
      for (const entry of entries) yield entry;
    },
    seqAt: (at) =>
      line.through(() => {
        // A record is written right after the last thing in it was heard.
        const later = shelf.items.find(({ record }) => (record.heard.at(-1)?.at ?? 0) >= at);
        return (later ? later.seq : shelf.last + 1) - 1;
      }),
    follow: async (after, hear) => followers.follow(after, hear),
  };
}

import type { Told } from '../../ports/facts.ts';
import type { Holdings, Keeper } from '../../ports/keeper.ts';
import { journalSubject } from '../../subjects.ts';
import type { Line } from './line.ts';
import { dropLast, firstOf, type Records, type Shelf, subjectOf } from './shelf.ts';

export function memoryKeeper(line: Line, records: Records, told: Shelf<Told>): Keeper {
  const holdingsOf = <T extends { seq: number }>(shelf: Shelf<T>): Holdings => ({
    first: firstOf(shelf),
    last: shelf.last,
    bytes: JSON.stringify(shelf.items).length,
    purgedBefore: shelf.purgedBefore,
  });
  return {
    holdings: () => line.through(() => ({ journal: holdingsOf(records), facts: holdingsOf(told) })),
    forgetRecords: (before, cells) =>
      line.through(() => {
        records.purgedBefore = Math.max(records.purgedBefore, before);
        for (const { of, keep = Number.POSITIVE_INFINITY } of cells) {
          const subject = journalSubject(of);
          records.items = records.items.filter((entry) => {
            const stays = entry.seq >= keep || subjectOf(entry.record) !== subject;
            if (!stays) dropLast(records, entry);
            return stays;
          });
        }
      }),
    forgetFacts: (before) =>
      line.through(() => {
        told.purgedBefore = Math.max(told.purgedBefore, before);
        told.items = told.items.filter(({ seq }) => seq >= before);
      }),
  };
}

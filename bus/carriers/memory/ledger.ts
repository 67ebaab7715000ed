import { FenceRefused } from '../../ports/faults.ts';
import type { Ledger, Ledgered } from '../../ports/ledger.ts';
import { frozen } from './frozen.ts';
import type { Line } from './line.ts';
import type { Shelf } from './shelf.ts';

export function memoryLedger(line: Line): Ledger {
  const shelf: Shelf<Ledgered> = { items: [], last: 0, purgedBefore: 1 };
  return {
    append: (entry, expected) =>
      line.into(() => {
        const last = shelf.items.at(-1);
        if (last?.entry.fact === entry.fact && last.entry.hash === entry.hash) return { seq: last.seq };
        if ((last?.seq ?? 0) !== expected)
          throw new FenceRefused(`the ledger ends at ${last?.seq}, not at ${expected}`);
        shelf.items.push(frozen({ seq: ++shelf.last, entry }));
        return { seq: shelf.last };
      }),
    last: () => line.through(() => shelf.items.at(-1)),
    async *read(from = 1) {
      for (const one of await line.through(() => shelf.items.filter(({ seq }) => seq >= from))) yield one;
    },
    forget: (before) =>
      line.through(() => {
        shelf.items = shelf.items.filter(({ seq }) => seq >= before);
      }),
  };
}

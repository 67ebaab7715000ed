import { IDLE_KINDS } from '../../../actors/machines.ts';
import { Roster } from '../../../actors/roster.ts';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import type { Facts } from '../../../bus/ports/facts.ts';
import type { Journal } from '../../../bus/ports/journal.ts';

/** A house whose cells do nothing by themselves, over a store in memory or another one. */
export function idleHouse(other?: { journal: Journal; facts: Facts }) {
  const store = memoryStore();
  const { journal, facts } = other ?? store;
  let now = 1_700_000_000_000;
  const roster = new Roster({
    node: 'bench',
    journal,
    facts,
    kinds: IDLE_KINDS,
    now: () => ++now,
    later: () => () => {},
    onTrouble: ({ error }) => {
      throw error;
    },
  });
  return { store, roster };
}

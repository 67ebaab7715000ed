import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createActor } from 'xstate';
import type { Door } from '../../actors/bind.ts';
import { Holding } from '../../actors/holding.ts';
import { MACHINES } from '../../actors/machines.ts';
import { servedBy, slotted } from '../../actors/slotted.ts';
import { persisted } from '../../actors/snapshot.ts';
import type { JournalRecord } from '../../bus/ports/journal.ts';
import { KINDS, type Kind } from '../../bus/subjects.ts';
import { upcast } from '../../bus/upcast.ts';

const door: Door = { report() {}, detaching: false, proof: () => undefined };

const JOURNALS = path.join(import.meta.dirname, '../journals');

/** What each cell in the journals of a kind heard. */
function lives(kind: Kind): Map<string, JournalRecord['heard']> {
  const found = new Map<string, JournalRecord['heard']>();
  for (const file of readdirSync(JOURNALS).filter((name) => name.startsWith(`${kind}.`))) {
    for (const line of readFileSync(path.join(JOURNALS, file), 'utf8').trim().split('\n')) {
      const { cell, incarnation, heard } = upcast(JSON.parse(line) as JournalRecord);
      const life = `${file} ${cell}/${incarnation}`;
      found.set(life, [...(found.get(life) ?? []), ...heard]);
    }
  }
  return found;
}

describe('a machine that asks its cell for slots', () => {
  for (const kind of KINDS) {
    it(`is at every event of a recorded ${kind} what XState makes of it, and so are the slots that it holds`, () => {
      const machine = MACHINES[kind];
      let begun = 0;
      for (const [life, heard] of lives(kind)) {
        const theirs = createActor(machine, { input: { id: life } });
        theirs.start();
        const slots = new Holding(machine, door);
        const ours = createActor(slotted(machine), { input: { id: life } });
        servedBy(ours, slots);
        ours.start();
        for (const event of heard) {
          theirs.send(event);
          ours.send(event);
          slots.settle();
          const after = persisted(ours.getSnapshot(), slots.written());
          begun += Object.keys(after.children).length;
          expect(JSON.stringify(after), `${life} after ${event.type}`).to.equal(
            JSON.stringify(theirs.getPersistedSnapshot()),
          );
        }
      }
      expect(begun).to.be.greaterThan(0);
    });
  }
});

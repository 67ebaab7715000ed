import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot } from 'xstate';
import type { JournalEntry, JournalRecord } from '../bus/ports/journal.ts';
import type { Address } from '../bus/subjects.ts';
import { upcast } from '../bus/upcast.ts';
import { MACHINES } from './machines.ts';
import { type Essence, essence, foldRecord, newborn, restored, type Saying } from './replay.ts';

/** What a machine came to: what it said, and what it was afterwards. */
export interface Decision {
  said: Saying[];
  after: Essence;
}

/** A record upon which today's machine decides otherwise than the one that heard it. */
export interface Otherwise {
  at: Address;
  seq: number;
  /** Epoch ms at which the last of it was heard. */
  heardAt: number;
  heard: string[];
  then: Decision;
  /** Undefined when today's machine can't hear it at all; `fault` tells why. */
  now?: Decision;
  fault?: string;
}

/** A recorded log while today's machines decide it anew. */
export interface Anew {
  take(entry: JournalEntry): void;
  otherwise(): Otherwise[];
  decided(): number;
}

/**
 * Lets today's machines hear a recorded log. Each record is decided from what was recorded before it, so that one
 * decision that falls otherwise does not colour all that follow.
 */
export function decideAnew(): Anew {
  const lives = new Map<string, { incarnation: string; snapshot: AnyMachineSnapshot }>();
  const found: Otherwise[] = [];
  let decided = 0;

  const before = (record: JournalRecord): AnyMachineSnapshot | undefined => {
    const life = lives.get(`${record.kind}/${record.cell}`);
    if (life?.incarnation === record.incarnation) return life.snapshot;
    return record.first ? newborn(MACHINES[record.kind], record.cell) : undefined;
  };
  /** From here the recorded cell goes on, where today's machine knows that state. */
  const goOn = (record: JournalRecord, decidedOn?: AnyMachineSnapshot): void => {
    const { incarnation } = record;
    const key = `${record.kind}/${record.cell}`;
    try {
      lives.set(key, { incarnation, snapshot: restored(MACHINES[record.kind], record) });
    } catch {
      if (decidedOn) lives.set(key, { incarnation, snapshot: decidedOn });
      else lives.delete(key);
    }
  };

  return {
    take({ seq, record: old }) {
      const at = { kind: old.kind, id: old.cell };
      const heardAt = old.heard.at(-1)?.at ?? 0;
      const place = { at, seq, heardAt, heard: old.heard.map(({ type }) => type) };
      try {
        const record = upcast(old);
        const snapshot = before(record);
        if (!snapshot) return goOn(record);
        decided += 1;
        const said: Saying[] = [];
        const folded = foldRecord(MACHINES[record.kind], snapshot, record, undefined, (saying) => said.push(saying));
        const then = { said: recordedSayings(record), after: essence(record.after as Essence) };
        const now = { said, after: essence(folded.snapshot) };
        if (!isDeepStrictEqual(then, JSON.parse(JSON.stringify(now)))) found.push({ ...place, then, now });
        goOn(record, folded.snapshot);
      } catch (error) {
        const then = { said: recordedSayings(old), after: old.after as Essence };
        found.push({ ...place, then, fault: (error as Error).message });
        lives.delete(`${old.kind}/${old.cell}`);
      }
    },
    otherwise: () => found,
    decided: () => decided,
  };
}

function recordedSayings({ said }: JournalRecord): Saying[] {
  return said.map(({ type, data }) => ({ type: type.replace(/^signalbox\./, ''), data }));
}

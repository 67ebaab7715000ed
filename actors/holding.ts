import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { type Door, hold } from './bind.ts';
import type { SlotHolder } from './slotted.ts';

/** A slot as a record keeps it, in the words of XState's own snapshots. */
export interface SlotRecord {
  snapshot: { status: 'active'; input: object };
  src: string;
  syncSnapshot: false;
}

/** The slots in a record of any release: some were written down as they ended. */
export type SlotsKept = Readonly<Record<string, { src: string; snapshot: { status: string; input: object } }>>;

/** The slots that a cell holds for its machine. What that asks for while it moves is done once it has moved. */
export interface Holding extends SlotHolder {
  /** Begins those that the last record has. */
  resume(): void;
  /** Does what the machine has asked for. */
  settle(): void;
  /** Leaves undone what a machine asked for that failed while it moved. */
  forget(): void;
  /** Those that are held, for a record. */
  written(): Readonly<Record<string, SlotRecord>>;
  endAll(): void;
}

/** A slot that is held, in the words of a record. */
export const slotRecord = (src: string, input: object): SlotRecord => ({
  snapshot: { status: 'active', input },
  src,
  syncSnapshot: false,
});

/**
 * @param machine with adapters in its slots
 * @param door takes what they report
 * @param kept the slots in the record from which the cell goes on
 * @throws Error when the machine has no such slot
 */
export function holding(machine: AnyStateMachine, door: Door, kept: SlotsKept = {}): Holding {
  const held = new Map<string, { slot: SlotRecord; end(): void }>();
  let written: Record<string, SlotRecord> | undefined;
  let asked: (() => void)[] = [];
  const logicOf = (src: string): AnyActorLogic => {
    const logic = machine.implementations.actors[src] as AnyActorLogic | undefined;
    if (!logic) throw new Error(`the machine "${machine.id}" has no slot "${src}"`);
    return logic;
  };
  const begin = (id: string, src: string, input: object) => {
    written = undefined;
    held.set(id, { slot: slotRecord(src, input), end: hold(logicOf(src), input, door) });
  };
  const end = (id: string) => {
    written = undefined;
    const one = held.get(id);
    held.delete(id);
    one?.end();
  };
  const former = Object.entries(kept).filter(([, { snapshot }]) => snapshot.status === 'active');
  for (const [, { src }] of former) logicOf(src);
  return {
    begin: (...one) => void asked.push(() => begin(...one)),
    end: (id) => void asked.push(() => end(id)),
    resume() {
      for (const [id, { src, snapshot }] of former) begin(id, src, snapshot.input);
    },
    settle() {
      if (asked.length === 0) return;
      const wishes = asked;
      asked = [];
      for (const wish of wishes) wish();
    },
    forget() {
      asked = [];
    },
    written() {
      written ??= Object.fromEntries([...held].map(([id, { slot }]) => [id, slot]));
      return written;
    },
    endAll() {
      for (const id of [...held.keys()]) end(id);
    },
  };
}

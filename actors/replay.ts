import { isDeepStrictEqual } from 'node:util';
import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  initialTransition,
  transition,
} from 'xstate';
import type { JournalRecord } from '../bus/ports.ts';
import { upcast } from '../bus/upcast.ts';

/** Where a replayed cell differs from what was recorded. */
export interface Difference {
  record: string;
  replayed: unknown;
  recorded: unknown;
}

/** A replayed cell. Replay re-executes decisions, not effects, and not pictures. */
export interface Replayed {
  value: unknown;
  context: unknown;
  records: number;
  /** The first record after which the replayed machine is not what the living one was. */
  firstDifference?: Difference;
}

/**
 * Folds the records of one cell's incarnation through its machine, without effects.
 * @param machine the machine as `machines/` exports it: its slots do nothing
 * @param records in order, the first one included
 */
export function replay(machine: AnyStateMachine, records: readonly JournalRecord[]): Replayed {
  const first = records[0];
  let [snapshot] = initialTransition(machine, { id: first?.cell });
  let firstDifference: Difference | undefined;
  for (const [index, written] of records.entries()) {
    const record = upcast(written);
    const before = records[index - 1];
    // Where an older program's records end, the present one went on from the snapshot in the last of them.
    if (before && before.version !== record.version && written.version === record.version) {
      snapshot = resumed(machine, upcast(before).after);
    }
    for (const heard of record.heard) {
      [snapshot] = transition(machine, snapshot, heard as AnyEventObject);
    }
    const replayed = essence(snapshot);
    // What an older machine kept beside the state is not what the present one keeps.
    const recorded = written.version === record.version ? essence(record.after as AnyMachineSnapshot) : replayed;
    if (!firstDifference && !isDeepStrictEqual(replayed, recorded)) {
      firstDifference = { record: record.id, replayed, recorded };
    }
  }
  return {
    value: snapshot.value,
    context: snapshot.context,
    records: records.length,
    ...(firstDifference ? { firstDifference } : {}),
  };
}

/** A machine as it goes on from a recorded snapshot, its slots doing nothing. */
function resumed(machine: AnyStateMachine, after: unknown): AnyMachineSnapshot {
  const { value, context, status } = after as AnyMachineSnapshot;
  return machine.resolveState({ value, context, status });
}

/** What must agree: the state and the context, as the JSON that is kept. Children are effects. */
function essence(snapshot: { value: unknown; context: unknown; status: string }): unknown {
  return JSON.parse(JSON.stringify({ value: snapshot.value, context: snapshot.context, status: snapshot.status }));
}

import { isDeepStrictEqual } from 'node:util';
import {
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type ExecutableActionsFrom,
  initialTransition,
} from 'xstate';
import type { JournalRecord } from '../bus/ports/journal.ts';
import { upcast } from '../bus/upcast.ts';
import { alike } from './alike.ts';
import { slotted } from './slotted.ts';

/** What must agree of a cell: the state and the context, as the JSON that is kept. Children are effects. */
export interface Essence {
  value: unknown;
  context: unknown;
  status: string;
}

/** Where a replayed cell differs from what was recorded. */
export interface Difference {
  record: string;
  replayed: Essence;
  recorded: Essence;
}

/** A replayed cell. Replay re-executes decisions, not effects, and not pictures. */
export interface Replayed {
  value: unknown;
  context: unknown;
  records: number;
  /** The first record after which the replayed machine is not what the living one was. */
  firstDifference?: Difference;
}

/** A machine after it heard a record, or as much of one as had happened. */
export interface Folded {
  snapshot: AnyMachineSnapshot;
  /** Whether everything in the record had happened: only then can it be compared. */
  whole: boolean;
  difference?: Difference;
}

/** What a fact says, as far as the machine decides it. */
export interface Saying {
  type: string;
  data: unknown;
}

const pick = ({ value, context, status }: Essence): Essence => ({ value, context, status });

/** What a snapshot amounts to. */
export function essence(snapshot: Essence): Essence {
  return JSON.parse(JSON.stringify(pick(snapshot)));
}

/** A machine before it has heard anything. */
export function newborn(machine: AnyStateMachine, cell: string): AnyMachineSnapshot {
  return initialTransition(slotted(machine), { id: cell })[0];
}

/** A machine as a record left it. Its slots are not there: nothing acts in a replay. */
export function restored(machine: AnyStateMachine, record: JournalRecord): AnyMachineSnapshot {
  const { historyValue, ...after } = record.after as Essence & { historyValue?: never };
  return slotted(machine).resolveState({ ...after, ...(historyValue ? { historyValue } : {}) } as never);
}

type Move = readonly [AnyMachineSnapshot, readonly ExecutableActionsFrom<AnyStateMachine>[]];

const moves = new WeakMap<AnyStateMachine, (snapshot: AnyMachineSnapshot, event: AnyEventObject) => Move>();

/**
 * What XState's `transition` does: the next snapshot and the effects, none of which is done. That one makes an actor,
 * and with it a first snapshot, for every event; here one for each machine does for all of them.
 */
function moveOf(machine: AnyStateMachine) {
  const known = moves.get(machine);
  if (known) return known;
  const self = createActor(machine, { input: { id: '' } });
  const nothing = () => {};
  let effects: ExecutableActionsFrom<AnyStateMachine>[] = [];
  const scope = {
    ...{ self, system: self.system, id: '', sessionId: '' },
    ...{ logger: nothing, defer: nothing, emit: nothing, stopChild: nothing },
    actionExecutor: (effect: unknown) => void effects.push(effect as ExecutableActionsFrom<AnyStateMachine>),
  };
  const move = (snapshot: AnyMachineSnapshot, event: AnyEventObject): Move => {
    effects = [];
    return [machine.transition(snapshot, event, scope as unknown as AnyActorScope), effects];
  };
  moves.set(machine, move);
  return move;
}

/**
 * Lets a machine hear a record, without effects, and compares it with what the living one was afterwards.
 * @param record as upcast leaves it
 * @param untilMs what was heard later (epoch ms) has not happened yet
 * @param say hears what the machine says
 */
export function foldRecord(
  machine: AnyStateMachine,
  before: AnyMachineSnapshot,
  record: JournalRecord,
  untilMs = Number.POSITIVE_INFINITY,
  say?: (saying: Saying) => void,
): Folded {
  const move = moveOf(slotted(machine));
  let snapshot = before;
  for (const heard of record.heard) {
    if (heard.at > untilMs) return { snapshot, whole: false };
    const [next, effects] = move(snapshot, heard as AnyEventObject);
    snapshot = next;
    if (say) for (const saying of sayingsIn(effects as readonly Effect[])) say(saying);
  }
  return { snapshot, whole: true, ...differenceFrom(record, snapshot) };
}

function differenceFrom(record: JournalRecord, snapshot: AnyMachineSnapshot): { difference?: Difference } {
  const after = record.after as Essence;
  // Nearly always they are the same, and need not be written out.
  if (alike(pick(snapshot), pick(after))) return {};
  const [replayed, recorded] = [essence(snapshot), essence(after)];
  return isDeepStrictEqual(replayed, recorded) ? {} : { difference: { record: record.id, replayed, recorded } };
}

interface Effect {
  type: string;
  params?: { event?: Saying };
}

function sayingsIn(effects: readonly Effect[]): Saying[] {
  return effects.flatMap(({ type, params }) =>
    type === 'xstate.emit' && params?.event ? [{ type: params.event.type, data: params.event.data }] : [],
  );
}

/**
 * Folds the records of one cell's incarnation through its machine, without effects.
 * @param machine the machine as `machines/` exports it: its slots do nothing
 * @param records in order, the first one included
 */
export function replay(machine: AnyStateMachine, records: readonly JournalRecord[]): Replayed {
  let snapshot = newborn(machine, records[0]?.cell ?? '');
  let firstDifference: Difference | undefined;
  for (const [index, written] of records.entries()) {
    const record = upcast(written);
    const former = records[index - 1];
    const isNative = written.version === record.version;
    // Where an older program's records end, the present one went on from the snapshot in the last of them.
    if (isNative && former && former.version !== record.version) snapshot = restored(machine, upcast(former));
    const folded = foldRecord(machine, snapshot, record);
    snapshot = folded.snapshot;
    // What an older machine kept beside the state is not what the present one keeps.
    if (isNative) firstDifference ??= folded.difference;
  }
  return {
    value: snapshot.value,
    context: snapshot.context,
    records: records.length,
    ...(firstDifference ? { firstDifference } : {}),
  };
}

import { type AnyActorLogic, type AnyEventObject, fromCallback } from 'xstate';
import type { Adapter, Held } from '../machines/slots.ts';

/** A door that takes reports of adapters; each cell has one. */
export interface Door {
  /** Takes a report as if from outside: it is stamped and journalled like everything else. */
  report(event: AnyEventObject): void;
  /** True while this process lets go of the cell but its effects go on. */
  readonly detaching: boolean;
  /** While set, nothing is begun or ended: this process was paused, and has to prove first that it may still act. */
  proof(): Promise<void> | undefined;
}

/** What begins a slot, by what a machine has in it. */
const begins = new WeakMap<AnyActorLogic, (input: object, door: Door) => () => void>();

/**
 * Fits an adapter to a slot: the only bridge between a machine and the outside world. What stands in the machine for it
 * is there for its types: the cell holds the slot, and not XState.
 */
export function bind<Input extends object, Report extends AnyEventObject, Event extends AnyEventObject>(
  adapter: Adapter<Input, Report>,
) {
  const logic = fromCallback<Event, Input>(() => {
    throw new Error('a slot was invoked outside a cell');
  });
  const begin = (input: Input, door: Door) => beginSlot(adapter, input, door);
  begins.set(logic, begin as (input: object, door: Door) => () => void);
  return logic;
}

/**
 * Begins a slot with what is bound to it; with a machine as `machines/` has it, nothing is. What its adapter reports
 * after its end is dropped.
 * @returns ends it
 */
export function hold(logic: AnyActorLogic, input: object, door: Door): () => void {
  return begins.get(logic)?.(input, door) ?? (() => {});
}

function beginSlot<Input extends object, Report extends AnyEventObject>(
  adapter: Adapter<Input, Report>,
  input: Input,
  door: Door,
): () => void {
  let invoked = true;
  let held: Held | undefined;
  const begin = () => {
    if (!invoked) return;
    held = adapter(input, (event) => {
      if (invoked) door.report(event);
    });
  };
  const end = () => {
    if (door.detaching) held?.detach?.();
    else held?.release();
  };
  onceProven(door, begin);
  return () => {
    invoked = false;
    onceProven(door, end);
  };
}

/** Does it now, or once this process has proved that it may act. */
function onceProven(door: Door, act: () => void): void {
  const proof = door.proof();
  if (proof) void proof.then(act);
  else act();
}

import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, AnyStateNodeConfig } from 'xstate';
import { AttentiveMachine } from './attentive.ts';

/** What a machine asks for when it enters and leaves states that invoke something. */
export interface SlotHolder {
  /**
   * @param id the invocation's own, unique among those that are held
   * @param src the name of the slot
   */
  begin(id: string, src: string, input: object): void;
  end(id: string): void;
}

interface Invocation {
  id: string;
  src: string;
  input?: unknown;
}

type ActionArgs = { context: unknown; event: unknown; system: AnyActorRef['system'] };

// The action of a machine that many cells share finds its cell by the system of the cell's actor.
const holders = new WeakMap<AnyActorRef['system'], SlotHolder>();

/** Makes it known who holds the slots of an actor, before the actor starts. */
export function servedBy(actor: AnyActorRef, holder: SlotHolder): void {
  holders.set(actor.system, holder);
}

const inputOf = ({ input }: Invocation, args: { context: unknown; event?: unknown }): object =>
  (typeof input === 'function' ? input(args) : input) as object;

const begins = (invocation: Invocation) =>
  function beginSlot(args: ActionArgs): void {
    holders.get(args.system)?.begin(invocation.id, invocation.src, inputOf(invocation, args));
  };

const ends = ({ id }: Invocation) =>
  function endSlot({ system }: ActionArgs): void {
    holders.get(system)?.end(id);
  };

const listed = <T>(one: T | readonly T[] | undefined): T[] => (one === undefined ? [] : ([one].flat() as T[]));

function asking({ invoke, entry, exit, states, ...config }: AnyStateNodeConfig): AnyStateNodeConfig {
  const invocations = listed(invoke) as unknown as Invocation[];
  return {
    ...config,
    entry: [...listed(entry), ...invocations.map(begins)],
    exit: [...listed(exit), ...invocations.map(ends)],
    ...(states && {
      states: Object.fromEntries(
        Object.entries(states).map(([name, state]) => [name, asking(state as AnyStateNodeConfig)]),
      ),
    }),
  } as AnyStateNodeConfig;
}

const known = new WeakMap<object, AnyStateMachine>();

/**
 * A machine as cells run it and replays fold it: it asks its holder for what its states invoke. XState would make an
 * actor of each, and a new snapshot of the whole machine when it begins, and again when it ends.
 * @param machine as `machines/` has it, or with adapters in its slots: what comes of it is the same
 */
export function slotted(machine: AnyStateMachine): AnyStateMachine {
  const found = known.get(machine.config);
  if (found) return found;
  const { guards, actions, delays } = machine.implementations;
  const made = new AttentiveMachine(asking(machine.config), { guards, actions, delays });
  known.set(machine.config, made);
  return made;
}

/** What the states of a snapshot ask for. @param machine as `machines/` has it */
export function askedFor(machine: AnyStateMachine, { _nodes, context }: AnyMachineSnapshot) {
  return _nodes.flatMap(({ id: state }) =>
    machine.getStateNodeById(state).invoke.map((invocation) => {
      const { id, src } = invocation as unknown as Invocation;
      return { id, src, input: inputOf(invocation as unknown as Invocation, { context }) };
    }),
  );
}

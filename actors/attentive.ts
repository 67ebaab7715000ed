import {
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyStateNodeConfig,
  type Snapshot,
  StateMachine,
} from 'xstate';

type Value = string | { readonly [state: string]: Value };

const NOTHING = {};
/** The part of a value in which nobody hears an event. */
const NOBODY: Value = {};

/** Whether a state has a transition for a type of event. A wildcard may stand for it. */
const isHeardIn = ({ transitions }: AnyStateNode, type: string): boolean =>
  [...transitions.keys()].some((descriptor) => descriptor === type || descriptor.includes('*'));

/** Finds the states that hear a type of event, themselves or further down. @returns whether this is one of them */
function collect(state: AnyStateNode, type: string, hearers: Set<AnyStateNode>): boolean {
  const below = Object.values(state.states).filter((inner) => collect(inner, type, hearers));
  const hears = below.length > 0 || isHeardIn(state, type);
  if (hears) hearers.add(state);
  return hears;
}

/** A state's value without the states in which nobody hears an event. */
function narrowed(state: AnyStateNode, value: Value, hearers: ReadonlySet<AnyStateNode>): Value {
  if (typeof value === 'string') return hearers.has(state.states[value] as AnyStateNode) ? value : NOBODY;
  const heard: Record<string, Value> = {};
  for (const name in value) {
    const inner = state.states[name] as AnyStateNode;
    if (hearers.has(inner)) heard[name] = narrowed(inner, value[name] as Value, hearers);
  }
  return heard;
}

const Machine = StateMachine as unknown as new (config: AnyStateNodeConfig, implementations: object) => AnyStateMachine;

/**
 * A machine that offers an event to the states that hear such events. XState offers each to every state that it is in,
 * up to the root, and a chart with many regions does little else; what comes of it is the same.
 * Guards see a `snapshot.value` without the others: none of ours asks for it (`stateIn` would).
 */
export class AttentiveMachine extends Machine {
  private readonly hearers = new Map<string, ReadonlySet<AnyStateNode>>();

  override getTransitionData(snapshot: AnyMachineSnapshot, event: AnyEventObject) {
    const value = narrowed(this.root, snapshot.value, this.hearersOf(event.type));
    return super.getTransitionData({ ...snapshot, value } as AnyMachineSnapshot, event);
  }

  /** A context is plain JSON: XState would look through all of it for actors. */
  override restoreSnapshot(snapshot: Snapshot<unknown>, scope: AnyActorScope): AnyMachineSnapshot {
    const { context } = snapshot as AnyMachineSnapshot;
    const without = { ...snapshot, context: NOTHING } as unknown as Snapshot<unknown>;
    return { ...super.restoreSnapshot(without, scope), context };
  }

  private hearersOf(type: string): ReadonlySet<AnyStateNode> {
    const known = this.hearers.get(type);
    if (known) return known;
    const hearers = new Set<AnyStateNode>();
    collect(this.root, type, hearers);
    this.hearers.set(type, hearers);
    return hearers;
  }
}

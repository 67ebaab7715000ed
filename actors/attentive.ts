import {
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyStateNodeConfig,
  type AnyTransitionDefinition,
  type Snapshot,
  StateMachine,
} from 'xstate';
import { assignLightly } from './assigning.ts';

type Value = string | { readonly [state: string]: Value };
type Taken = readonly AnyTransitionDefinition[];

const NOTHING = {};
const NONE: Taken = [];

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

const Machine = StateMachine as unknown as new (config: AnyStateNodeConfig, implementations: object) => AnyStateMachine;

/**
 * A machine that offers an event to the states that hear such events. XState offers each to every state that it is in,
 * up to the root, and a chart with many regions does little else; what comes of it is the same. Where nobody takes it,
 * nothing has changed: transitions without an event (`always`) must ask the context alone.
 */
export class AttentiveMachine extends Machine {
  private readonly hearers = new Map<string, ReadonlySet<AnyStateNode>>();
  /** What was found for the event that is under way: XState asks for it again. */
  private found: { event: AnyEventObject; transitions: Taken } | undefined;

  constructor(config: AnyStateNodeConfig, implementations: object) {
    super(config, implementations);
    assignLightly(this);
  }

  override transition(snapshot: AnyMachineSnapshot, event: AnyEventObject, scope: AnyActorScope): AnyMachineSnapshot {
    if (event.type.startsWith('xstate.')) return super.transition(snapshot, event, scope);
    const transitions = this.select(snapshot, event);
    if (transitions.length === 0) return snapshot;
    this.found = { event, transitions };
    return super.transition(snapshot, event, scope);
  }

  override getTransitionData(snapshot: AnyMachineSnapshot, event: AnyEventObject) {
    const { found } = this;
    this.found = undefined;
    return (found?.event === event ? found.transitions : this.select(snapshot, event)) as AnyTransitionDefinition[];
  }

  /** A context is plain JSON: XState would look through all of it for actors. */
  override restoreSnapshot(snapshot: Snapshot<unknown>, scope: AnyActorScope): AnyMachineSnapshot {
    const { context } = snapshot as AnyMachineSnapshot;
    const without = { ...snapshot, context: NOTHING } as unknown as Snapshot<unknown>;
    return { ...super.restoreSnapshot(without, scope), context };
  }

  private select(snapshot: AnyMachineSnapshot, event: AnyEventObject): Taken {
    const hearers = this.hearersOf(event.type);
    return hearers.size === 0 ? NONE : selected(this.root, snapshot.value, hearers, snapshot, event);
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

/** The transition of a state itself whose guard lets an event pass, as XState finds it. */
const takenBy = (state: AnyStateNode, snapshot: AnyMachineSnapshot, event: AnyEventObject): Taken =>
  (state as unknown as { next(...heard: unknown[]): Taken | undefined }).next(snapshot, event) ?? NONE;

/** The transitions that an event takes from a state: those of the states in it, or else its own. */
function selected(
  state: AnyStateNode,
  value: Value,
  hearers: ReadonlySet<AnyStateNode>,
  snapshot: AnyMachineSnapshot,
  event: AnyEventObject,
): Taken {
  let inner = NONE;
  if (typeof value === 'string') {
    const leaf = state.states[value] as AnyStateNode;
    if (hearers.has(leaf)) inner = takenBy(leaf, snapshot, event);
  } else {
    for (const name in value) {
      const region = state.states[name] as AnyStateNode;
      if (!hearers.has(region)) continue;
      const taken = selected(region, value[name] as Value, hearers, snapshot, event);
      if (taken.length > 0) inner = inner.length > 0 ? [...inner, ...taken] : taken;
    }
  }
  return inner.length > 0 ? inner : takenBy(state, snapshot, event);
}

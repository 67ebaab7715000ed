import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { memoryStore } from '../bus/carriers/memory.ts';
import type { Why } from '../bus/events/why.ts';
import { id } from '../bus/identity.ts';
import type { JournalRecord } from '../bus/ports/journal.ts';
import { type Address, KINDS, type Kind } from '../bus/subjects.ts';
import { VERSIONS } from '../bus/upcast.ts';
import { acquaint } from './acquaintance.ts';
import type { CellKind } from './cell-kind.ts';
import type { CellView } from './cells.ts';
import { slotRecord } from './holding.ts';
import { IDLE_KINDS } from './machines.ts';
import type { CellThen } from './past.ts';
import { Roster } from './roster.ts';
import { askedFor } from './slotted.ts';
import { persisted } from './snapshot.ts';
import { simulatedClock } from './whatif/clock.ts';
import { type CameraSight, models, simulatedKind } from './whatif/slots.ts';

/** What is lost in a what-if. */
export interface Loss {
  relays: string[];
  sources: { camera: string; source: string }[];
}

/** Where a viewer goes on when its relay is lost. */
export interface Seating {
  relay?: string;
  why: Why;
}

/** What a what-if needs of the house. */
export interface WhatIfHouse {
  /** Resolves once everything that was set off has been done. */
  settle(): Promise<void>;
  /** Decides as it is decided in earnest, among relays as they stand in the simulation. */
  seat(viewer: CellView, relays: readonly CellView[], loadOf: (relay: string) => number): Seating;
}

/** Something that would happen. */
export interface Step {
  /** Since the loss. */
  at_ms: number;
  kind: Kind;
  id: string;
  /** The state, or of a move the relay, before and after. */
  from: string;
  to: string;
  why: Why;
  camera?: string;
}

/** What would follow from a loss. */
export interface Consequences {
  steps: Step[];
  /** Viewers that would be carried on by another relay. */
  moved: string[];
  /** Viewers that no relay could carry on. */
  stranded: string[];
  /** Cameras that would lose their picture; `for_ms` is null when it does not come back within the simulated time. */
  dark: { camera: string; for_ms: number | null }[];
  simulated_ms: number;
}

/** A loss is followed for this long. */
const HORIZON_MS = 120_000;
const MOST_STEPS = 200_000;
/** A player is told, opens a connection to the other relay, and has its picture. */
const MOVE_TAKES_MS = 250;

/**
 * Forks a state of the house and lets something be lost in it: the same machines and policies decide, on simulated time
 * and with models in place of the outside world. Nothing real is touched.
 */
export async function whatIf(
  cells: readonly CellThen[],
  at: number,
  loss: Loss,
  house: WhatIfHouse,
): Promise<Consequences> {
  const clock = simulatedClock(at, house.settle, MOST_STEPS);
  const store = memoryStore(clock.now);
  for (const cell of cells) await store.journal.append(recordOf(cell), 0);

  const cameraAt = (camera: string): CameraSight | undefined => {
    const view = roster.view({ kind: 'camera', id: id(camera) });
    if (!view) return undefined;
    const known = view.context as unknown as Omit<CameraSight, 'fed'>;
    return { ...known, fed: known.standings[known.active]?.state === 'flowing' && view.tags.includes('watchable') };
  };
  const lost = {
    relays: new Set(loss.relays),
    sources: new Set(loss.sources.map(({ camera, source }) => `${camera}/${source}`)),
  };
  const hasIntake = () =>
    roster.list('relay').some((relay) => relay.context.role === 'intake' && relay.tags.includes('serving'));
  const { slots, begin, lose } = models({ clock, lost, camera: cameraAt, hasIntake });
  const roster = new Roster({
    node: 'what-if',
    journal: store.journal,
    facts: store.facts,
    kinds: Object.fromEntries(KINDS.map((kind) => [kind, simulatedKind(IDLE_KINDS[kind], slots)])) as Record<
      Kind,
      CellKind
    >,
    now: clock.now,
    later: clock.later,
    onTrouble() {}, // a cell that fails is restarted or given up as in earnest, and says so by its silence
  });
  await roster.adopt();
  begin();
  const stopAcquaintance = acquaint(roster, () => {});
  await clock.runUntil(at);
  const outcome = observe(roster, at, clock.now);
  const players = movePlayers(roster, clock, house, outcome);
  clock.later(0, lose);
  await clock.runUntil(at + HORIZON_MS);
  players.close();
  stopAcquaintance();
  const consequences = outcome.result();
  await roster.leave();
  return { ...consequences, moved: players.moved(), stranded: players.stranded(), simulated_ms: HORIZON_MS };
}

/** A cell's first record in the fork: it goes on from what it was. */
function recordOf({ at, incarnation, snapshot }: CellThen): JournalRecord {
  return {
    id: 'fork',
    kind: at.kind,
    cell: at.id,
    incarnation,
    version: VERSIONS[at.kind],
    node: 'what-if',
    heard: [],
    said: [],
    after: startable(IDLE_KINDS[at.kind].machine, snapshot),
  };
}

/** A snapshot to start from: a fold holds no slots, so those that its states ask for are put in. */
function startable(machine: AnyStateMachine, snapshot: AnyMachineSnapshot): unknown {
  const slots = askedFor(machine, snapshot).map(({ id: slot, src, input }) => [slot, slotRecord(src, input)]);
  return JSON.parse(JSON.stringify(persisted(snapshot, Object.fromEntries(slots))));
}

/** The camera that a cell is, or shows. */
const cameraOf = (view: CellView): string | undefined =>
  view.kind === 'camera' ? view.id : (view.context.camera as string | undefined);

interface Observed {
  add(step: Omit<Step, 'at_ms'>): void;
  result(): Pick<Consequences, 'steps' | 'dark'>;
}

/** Writes down what is said, and how long cameras have no picture. */
function observe(roster: Roster, at: number, now: () => number): Observed {
  const steps: Step[] = [];
  const lit = new Set<string>(
    roster
      .list('camera')
      .filter(isWatchable)
      .map(({ id: camera }) => camera),
  );
  const darkSince = new Map<string, number>();
  const darkFor = new Map<string, number | null>();
  roster.onFact((fact, view) => {
    const heardAt = Date.parse(fact.time);
    const { from, state, why } = fact.data as { from?: string; state?: string; why?: Why };
    const event = fact.type.split('.').at(-1) ?? '';
    const camera = cameraOf(view);
    steps.push({
      at_ms: heardAt - at,
      ...{ kind: view.kind, id: view.id, from: from ?? '', to: state ?? event },
      why: why ?? { trigger: fact.type, text: event },
      ...(camera ? { camera } : {}),
    });
    if (view.kind !== 'camera' || !lit.has(view.id)) return;
    const since = darkSince.get(view.id);
    if (!isWatchable(view) && since === undefined) {
      darkSince.set(view.id, heardAt);
      darkFor.set(view.id, null);
    } else if (isWatchable(view) && since !== undefined) {
      darkSince.delete(view.id);
      darkFor.set(view.id, Math.max(darkFor.get(view.id) ?? 0, heardAt - since));
    }
  });
  return {
    add: (step) => void steps.push({ at_ms: now() - at, ...step }),
    result: () => ({
      steps: steps.sort((a, b) => a.at_ms - b.at_ms),
      dark: [...darkFor].map(([camera, for_ms]) => ({ camera, for_ms })).sort((a, b) => (a.camera < b.camera ? -1 : 1)),
    }),
  };
}

const isWatchable = (view: CellView): boolean => view.tags.includes('watchable');

interface ViewerSight {
  relay: string;
  camera: string;
  legs: Record<string, { relay: string; relay_session: string }>;
}

/** Players as a model: told that their relay is lost, each opens a leg at the relay that is chosen for it. */
function movePlayers(
  roster: Roster,
  clock: { later(ms: number, run: () => void): () => void },
  house: WhatIfHouse,
  outcome: Observed,
) {
  /** Who is on the way, or has arrived. */
  const going = new Set<string>();
  const moved = new Set<string>();
  const stranded = new Set<string>();
  const sight = (view: CellView) => view.context as unknown as ViewerSight;
  const open = () => roster.list('viewer').filter(({ tags }) => tags.includes('open'));
  const load = new Map<string, number>();
  for (const viewer of open()) load.set(sight(viewer).relay, (load.get(sight(viewer).relay) ?? 0) + 1);
  const offer = (at: Address, event: { type: string; [field: string]: unknown }) => {
    // A machine that knows no such event has another way of learning of it.
    if (event.type in IDLE_KINDS[at.kind].heard) roster.offer(at, event).catch(() => {});
  };

  const move = (viewer: CellView, from: string): void => {
    const isThere = ({ context, tags }: CellView) => context.role === 'delivery' && !tags.includes('over');
    const relays = roster.list('relay').filter(isThere);
    const { relay: to, why } = house.seat(viewer, relays, (relay) => load.get(relay) ?? 0);
    if (to === undefined) {
      stranded.add(viewer.id);
      outcome.add({ kind: 'viewer', id: viewer.id, from, to: '', why, camera: sight(viewer).camera });
      return;
    }
    load.set(from, (load.get(from) ?? 1) - 1);
    load.set(to, (load.get(to) ?? 0) + 1);
    clock.later(MOVE_TAKES_MS, () => {
      const { camera, legs } = sight(viewer);
      const leg = ['a', 'b', 'c'].find((name) => !(name in legs)) ?? 'a';
      const seat = { relay: to, relay_session: `what-if-${viewer.id}` };
      offer(viewer, { type: 'leg.opened', leg, path: camera, ...seat });
      offer(viewer, { type: 'leg.playing', leg, gap_ms: MOVE_TAKES_MS });
      for (const { relay, relay_session } of Object.values(legs)) {
        if (relay === from) offer(viewer, { type: 'seat.left', relay, relay_session });
      }
      moved.add(viewer.id);
      outcome.add({ kind: 'viewer', id: viewer.id, from, to, why, camera });
    });
  };

  const close = roster.onFact((_fact, view) => {
    if (view.kind !== 'relay' || view.tags.includes('serving')) return;
    for (const viewer of open()) {
      if (sight(viewer).relay !== view.id || going.has(viewer.id)) continue;
      going.add(viewer.id);
      move(viewer, view.id);
    }
  });
  return { moved: () => [...moved], stranded: () => [...stranded], close };
}

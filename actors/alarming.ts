import type { Cause, Trouble } from '../bus/events/alarm.ts';
import type { Why } from '../bus/events/why.ts';
import type { Id } from '../bus/identity.ts';
import type { Address, Kind } from '../bus/subjects.ts';
import type { AlarmContext } from '../machines/alarm.ts';
import type { BroadcastContext } from '../machines/broadcast/context.ts';
import { alarmId, causesOf, type Judgement, QUESTIONS, type Standing } from '../machines/policy/alarms.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import { type Named, namedBy, namedGateway } from './alarming/about.ts';
import type { Cells, CellView } from './cells.ts';
import type { Roster } from './roster.ts';

/** What raising alarms needs of the house. */
export interface AlarmHouse {
  node: string;
  /** The cells that live here: each gateway raises the alarms about its own. */
  roster: Roster;
  cells: Cells;
  /** What is wrong with this gateway itself, in words. */
  ownTroubles(): Partial<Record<Cause, string>>;
  later(ms: number, run: () => void): void;
  onFault(error: Error): void;
}

/** The raising of alarms as it goes on. */
export interface Alarming {
  /** Looks at this gateway itself: called again and again. */
  look(): void;
  /** Looks at all: cells have come here. */
  review(): void;
  stop(): void;
}

/** Finds out how something stands now; undefined where it is not there. */
type Look = () => { named: Named; judged: Judgement } | undefined;

/** What could not be told, as a store or another gateway was away, is tried again after this long. */
const AGAIN_MS = 1_000;

/** An alarm's cell as what it knows. */
const alarmOf = (view: CellView): AlarmContext => view.context as unknown as AlarmContext;

/** What an alarm has to be told, if anything. */
function news(known: CellView | undefined, trouble: Trouble, judged: Judgement) {
  if (!judged) return undefined;
  const open = known !== undefined && known.state !== 'new' && !known.tags.includes('over');
  if (!judged.present) {
    return open && !alarmOf(known).gone ? { type: 'cause.gone', text: judged.text } : undefined;
  }
  const { gone, title, text, zone } = open ? alarmOf(known) : { gone: true, title: '', text: '', zone: '' };
  const same = !gone && title === trouble.title && text === trouble.text && zone === trouble.zone;
  return same ? undefined : { type: 'cause.present', ...trouble };
}

/** Tells alarms of their causes: what cells that live here say, and how this gateway stands. */
export function raiseAlarms(house: AlarmHouse): Alarming {
  const { node, roster, cells, onFault } = house;
  const busy = new Set<Id>();
  const unsettled = new Map<Id, Look>();
  let isDue = false;
  let isStopped = false;

  const again = (error: Error): void => {
    onFault(error);
    if (isDue) return;
    isDue = true;
    house.later(AGAIN_MS, () => {
      isDue = false;
      if (!isStopped) review();
    });
  };
  /** One at a time for each alarm; what came meanwhile is looked at after it. */
  const settle = (cause: Cause, about: string, look: Look): void => {
    const at = { kind: 'alarm' as const, id: alarmId(cause, about) as Id };
    if (busy.has(at.id)) return void unsettled.set(at.id, look);
    const found = look();
    const judged = found?.judged;
    if (!found || !judged) return;
    const known = cells.view(at);
    const event = news(known, { cause, ...found.named, text: judged.text }, judged);
    if (!event) return;
    busy.add(at.id);
    const told = known ? cells.offer(at, event) : cells.create(at, event);
    void told
      .then(() => undefined, again)
      .then(() => {
        busy.delete(at.id);
        const newest = unsettled.get(at.id);
        unsettled.delete(at.id);
        if (newest) settle(cause, about, newest);
      });
  };

  const lookAt = (at: Address): void => {
    for (const cause of causesOf(at.kind)) {
      settle(cause, at.id, () => {
        const view = cells.view(at);
        const named = view && namedBy(cells, view);
        const judge = QUESTIONS[cause].judge;
        return named && judge && { named, judged: judge(standingOf(cells, view)) };
      });
    }
  };
  /** How one stands may be the cause, or a part, of how the other does. */
  const lookAround = (view: CellView): void => {
    lookAt(view);
    if (view.kind === 'camera') for (const push of pushesOf(roster, view.id)) lookAt(push);
    if (view.kind !== 'broadcast') return;
    const camera = { kind: 'camera' as const, id: pushOf(view).camera as Id };
    // Where it lives elsewhere, it is known there better than here.
    if (roster.has(camera)) lookAt(camera);
  };
  /** A player was late by what a cache does. Nobody tells that it is no more: that nobody tells of it says so. */
  const hearOfStale = (viewer: CellView, text: string): void => {
    const camera = cells.view({ kind: 'camera', id: (viewer.context as unknown as ViewerContext).camera as Id });
    const named = camera && namedBy(cells, camera);
    if (!named) return;
    for (const judged of [
      { present: true, text },
      { present: false, text: 'no player has been late by a cache' },
    ]) {
      settle('stale-hls', named.about.id, () => ({ named, judged }));
    }
  };
  const look = (): void => {
    if (isStopped) return;
    const troubles = house.ownTroubles();
    for (const cause of causesOf('gateway')) {
      const text = troubles[cause];
      const judged = text === undefined ? { present: false, text: 'as it should be' } : { present: true, text };
      settle(cause, node, () => ({ named: namedGateway(node), judged }));
    }
  };
  /** What an alarm that lives here was about may be there no more. */
  const clearOrphans = (): void => {
    for (const view of roster.list('alarm')) {
      const { about, cause } = alarmOf(view);
      const isThere =
        about.kind === 'gateway' ? about.id === node : cells.view({ kind: about.kind, id: about.id as Id });
      if (isThere) continue;
      const { title, cameras, zone } = alarmOf(view);
      const judged = { present: false, text: `${title} is not there any more` };
      settle(cause, about.id, () => ({ named: { about, title, cameras, zone }, judged }));
    }
  };
  const review = (): void => {
    for (const kind of CONCERNED) for (const view of roster.list(kind)) lookAt(view);
    clearOrphans();
    look();
  };

  const stop = roster.onFact((fact, view) => {
    lookAround(view);
    if (fact.type === 'signalbox.viewer.stale') hearOfStale(view, (fact.data.why as Why).text);
  });
  review();
  return {
    look,
    review,
    stop() {
      isStopped = true;
      stop();
    },
  };
}

const CONCERNED: Kind[] = ['camera', 'relay', 'broadcast', 'incident', 'recording'];

const pushOf = (view: CellView): BroadcastContext => view.context as unknown as BroadcastContext;
/** The pushes of a camera. */
const pushesOf = (cells: Pick<Cells, 'list'>, camera: string): CellView[] =>
  cells.list('broadcast').filter((view) => pushOf(view).camera === camera);

/** How a cell stands, as far as alarms ask. */
function standingOf(cells: Cells, view: CellView): Standing {
  const { kind, state, why } = view;
  if (kind === 'camera') {
    const slated = pushesOf(cells, view.id).filter((push) => push.state === 'on-air' && !pushOf(push).picture);
    return { state, why, slateAt: slated.map((push) => pushOf(push).destination) };
  }
  if (kind !== 'broadcast') return { state, why };
  const { picture, camera: id } = pushOf(view);
  const camera = cells.view({ kind: 'camera', id: id as Id });
  return { state, why, picture, ...(camera ? { camera } : {}) };
}

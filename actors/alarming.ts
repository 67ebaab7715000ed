import type { Cause, Trouble } from '../bus/events/alarm.ts';
import type { Id } from '../bus/identity.ts';
import type { Address, Kind } from '../bus/subjects.ts';
import type { AlarmContext } from '../machines/alarm.ts';
import { alarmId, causesOf, type Judgement, QUESTIONS, type Standing } from '../machines/policy/alarms.ts';
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
        return named && judge && { named, judged: judge(standingOf(view)) };
      });
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

  const stop = roster.onFact((_fact, view) => lookAt(view));
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

const standingOf = ({ kind, state, why, context }: CellView): Standing => ({
  state,
  why,
  ...(kind === 'broadcast' ? { picture: context.picture === true } : {}),
});

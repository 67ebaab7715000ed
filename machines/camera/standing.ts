import type { Source } from '../../bus/events/camera.ts';
import { flapping } from '../policy/backoff.ts';
import { type CameraContext, type CameraEvent, type Standing, sourceAt } from './context.ts';
import { factOf, machine, tellStandings } from './parts.ts';
import { flows, isOtherCodec, resized, type SourceBecause } from './reasons.ts';

/** An event, and the context in which it is heard. */
export interface Heard {
  context: CameraContext;
  event: CameraEvent;
}

const FRESH: Standing = {
  ...{ state: 'connecting', since: 0, why: { trigger: 'new', text: 'not yet asked' }, falls: [], lapses: [] },
  ...{ quarantines: 0, attempts: 0, deadline: 0, frozen: false },
};

/** What an event changes in what is known of a source. */
export type Change = (standing: Standing, event: CameraEvent, context: CameraContext) => Partial<Standing>;

/** Changes what is known of the source at a place: each change upon what those before it came to. */
const note = (place: number, ...changes: Change[]) =>
  machine.assign(({ context, event }) => {
    const source = sourceAt(context, place);
    if (!source) return {};
    const standing = { ...(context.standings[source.id] ?? FRESH) };
    for (const change of changes) Object.assign(standing, change(standing, event, context));
    return { standings: { ...context.standings, [source.id]: standing } };
  });

/** States of a source that is on its way: there is nothing to say yet. */
const ON_ITS_WAY: readonly Standing['state'][] = ['connecting', 'opening'];

/** Says that a source beside the active one came or went: an operator must know when there is no backup any more. */
const tellStandby = (place: number, state: Standing['state']) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const source = sourceAt(context, place);
    if (!source || source.id === context.active) return;
    const why = context.standings[source.id]?.why ?? { trigger: event.type, text: state };
    const data = { ...factOf(context, context.state, context.since), why, source: source.id, source_state: state };
    enqueue.emit({ type: 'camera.source', data });
  });

/** Says that the picture has another size, though its source went on without a break: what is made of it is made anew. */
const tellSize = (place: number) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const source = sourceAt(context, place);
    if (event.type !== 'source.flowing' || !source || source.id !== context.active) return;
    const known = context.standings[source.id];
    const why = known && resized(known, event);
    if (!why) return;
    const { width, height } = event;
    enqueue.emit({
      type: 'camera.resized',
      data: { ...factOf(context, context.state, context.since), why, width, height },
    });
  });

/**
 * Enters a state of a source: sets it with its reason, and tells the other parts.
 * @param first what else changes, before that. All of it is one assignment: XState makes a snapshot for each
 */
const stand = (place: number, state: Standing['state'], because: SourceBecause, ...first: Change[]) => [
  note(place, ...first, (standing, event, context) => ({
    state,
    why: because(standing, event, context),
    since: event.at,
    ...(state === 'flowing' ? { attempts: 0, frozen: false } : {}),
  })),
  ...(ON_ITS_WAY.includes(state) ? [] : [tellStandby(place, state)]),
  tellStandings,
];

/** What a report tells of what the source carries. */
export const carries: Change = (_standing, event) => {
  if (event.type === 'probe.answered') {
    const find = (media: string) => event.tracks.find((track) => track.media === media)?.codec;
    const [audio, codec] = [find('audio'), find('video')];
    return { ...(audio ? { audio } : {}), ...(codec ? { codec } : {}) };
  }
  if (event.type !== 'source.flowing') return {};
  const { codec, width, height, detail } = event;
  return { codec, ...(width && height ? { width, height } : {}), remark: detail };
};

/** Its present state gives up waiting then. */
export const until =
  (ms: number): Change =>
  (_standing, event) => ({ deadline: event.at + ms });
export const countFall: Change = ({ falls }, event) => ({ falls: flapping(falls, event.at).falls });
export const countAttempt: Change = ({ attempts }) => ({ attempts: attempts + 1 });

/** What the statechart of the source at a place asks of the context. */
function reading(place: number) {
  const own = ({ context }: { context: CameraContext }): Source => {
    const source = sourceAt(context, place);
    if (!source) throw new Error(`camera ${context.id} has no source at place ${place}`);
    return source;
  };
  const standing = ({ context }: { context: CameraContext }): Standing =>
    context.standings[own({ context }).id] ?? FRESH;
  const mine = ({ context, event }: Heard): boolean =>
    'source' in event && event.source === sourceAt(context, place)?.id;
  const rang =
    (name: string) =>
    ({ context, event }: Heard): boolean =>
      event.type === 'alarm.rang' && event.name === `${name}:${sourceAt(context, place)?.id}`;
  const tooOften = (heard: Heard): boolean => flapping(standing(heard).falls, heard.event.at).flapping;
  const misfits = (heard: Heard): boolean => isOtherCodec(standing(heard), heard.context);
  const otherRemark = (heard: Heard): boolean =>
    heard.event.type === 'source.flowing' && heard.event.detail !== standing(heard).remark;
  const alarm = (name: string) => ({
    src: 'alarm' as const,
    id: `${name}.${place}`,
    input: ({ context }: { context: CameraContext }) => ({
      name: `${name}:${own({ context }).id}`,
      at: standing({ context }).deadline,
    }),
  });

  return { own, standing, mine, rang, tooOften, misfits, otherRemark, alarm };
}

/** What the statechart of the source at a place writes into the context. */
function writing(place: number) {
  const forget = machine.assign(({ context }) => {
    const id = sourceAt(context, place)?.id;
    if (id === undefined) return {};
    const { [id]: _forgotten, ...standings } = context.standings;
    return { standings };
  });
  return {
    learn: note(place, carries),
    /** The same, and says what is lost with it now. */
    remark: [
      note(place, carries, (standing, event, context) => ({ why: flows(standing, event, context) })),
      tellStandby(place, 'flowing'),
    ],
    tellSize: tellSize(place),
    forget,
    stand: (state: Standing['state'], because: SourceBecause, ...first: Change[]) =>
      stand(place, state, because, ...first),
  };
}

/** The standing of the source at one place of the preferred order: what its statechart reads and writes. */
export const standingAt = (place: number) => ({ place, ...reading(place), ...writing(place) });
export type At = ReturnType<typeof standingAt>;

import { fromCallback, setup } from 'xstate';
import { type Doer, doerIn } from '../bus/events/doer.ts';
import type { Protection, RecordingHeard, RecordingState } from '../bus/events/recording.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import { plainly } from './plainly.ts';
import type { KeepingRules } from './policy/keeping.ts';
import type { RecordInput } from './slots.ts';

/** What a recording cell knows: plain JSON, journalled whole. */
export interface RecordingContext {
  /** The camera's id: a camera has one recording, whatever source it is made of. */
  id: string;
  state: RecordingState | 'new';
  since: number;
  why: Why;
  zone: string;
  /** The settings ask for it. */
  wanted: boolean;
  keep_ms: number;
  max_bytes?: number;
  /** Who demands it beyond the settings. */
  holders: string[];
  /** What retention leaves alone. */
  protections: Protection[];
  /** The source that gives the camera's picture; empty while there is none. */
  source: string;
}

/** How long, how much, and what in any case a recording keeps. */
export function rulesOf({ keep_ms: keepMs, max_bytes: maxBytes, protections }: RecordingContext): KeepingRules {
  return { keepMs, protections, ...(maxBytes === undefined ? {} : { maxBytes }) };
}

/** Durations of the recording machine, in ms. */
export const RECORDING_TIMES = {
  /** A recorder that writes nothing for this long fails: the relay writes once a second. */
  silentMs: 3_000,
  /** It begins with the camera's next key frame, and writes its first part a second later. */
  openingMs: 5_000,
};

type Event = Stamped<RecordingHeard>;
/** A recording's fact as the machine emits it; the cell stamps it. */
export interface RecordingSaid {
  type: `recording.${string}`;
  data: Record<string, unknown>;
}
type Because = (context: RecordingContext, event: Event) => Why;

/** Who demands it once the event is taken in. */
function holdersAfter({ holders }: RecordingContext, event: Event): string[] {
  if (event.type === 'recording.demanded') return [...new Set([...holders, event.holder])];
  if (event.type === 'recording.released') return holders.filter((holder) => holder !== event.holder);
  return holders;
}

/** Whether it shall record once the event is taken in. */
const wantedAfter = (context: RecordingContext, event: Event): boolean =>
  (event.type === 'recording.configured' ? event.wanted : context.wanted) || holdersAfter(context, event).length > 0;

/** The stretch that is to be left alone, with the name and the person where it has them. */
function protectionIn(event: Extract<Event, { type: 'recording.protected' }>): Protection {
  const { holder, from, to, name } = event;
  return { holder, from, to, ...(name === undefined ? {} : { name }), ...keeperIn(event) };
}
/** Who says so, where it is a person. */
const keeperIn = ({ by, ...rest }: Partial<Doer>): Partial<Doer> => (by === undefined ? {} : doerIn({ by, ...rest }));

/** What retention leaves alone once the event is taken in. */
function protectionsAfter({ protections }: RecordingContext, event: Event): Protection[] {
  // What is demanded now ends with its release alone.
  const others = (holder: string) => protections.filter((one) => one.holder !== holder || one.to === undefined);
  if (event.type === 'recording.protected') {
    return [...others(event.holder), protectionIn(event)];
  }
  if (event.type === 'recording.unprotected') return others(event.holder);
  if (event.type === 'recording.demanded') {
    const running = protections.some((one) => one.holder === event.holder && one.to === undefined);
    return running ? protections : [...protections, { holder: event.holder, from: event.at }];
  }
  if (event.type !== 'recording.released') return protections;
  return protections.map((one) =>
    one.holder === event.holder && one.to === undefined ? { ...one, to: event.at } : one,
  );
}

const machine = setup({
  types: {
    context: {} as RecordingContext,
    events: {} as Event,
    emitted: {} as RecordingSaid,
    input: {} as { id: string },
    tags: {} as 'wanted' | 'recording' | 'over',
  },
  actors: { record: fromCallback<Event, RecordInput>(() => {}) },
  guards: {
    unwanted: ({ context, event }) => !wantedAfter(context, event),
    ready: ({ context, event }) => wantedAfter(context, event) && context.source !== '',
    wanted: ({ context, event }) => wantedAfter(context, event),
    otherSource: ({ context, event }) => event.type === 'camera.watchable' && event.source !== context.source,
  },
});

const factOf = ({ zone, source, holders }: RecordingContext) => ({ zone, source, holders });

/** Enters an operator's state: sets it with its reason, and says so. */
const become = (state: RecordingState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: now }) => ({
      type: `recording.${state}`,
      data: { ...factOf(now), state, from: context.state, since: event.at, why },
    }));
  });

const tellSegment = machine.emit(({ context, event }) => {
  if (event.type !== 'recorder.segment') throw new Error(`a ${event.type} completes no segment`);
  const { state, since, why } = context;
  const { source, begun_at, bytes } = event;
  return {
    type: 'recording.segment',
    data: { ...factOf(context), state, from: state, since, why, source, begun_at, bytes },
  };
});

/** What people keep, and what they keep no longer, is told; what incidents do, they tell themselves. */
const tellKept = machine.enqueueActions(({ context, event, enqueue }) => {
  const isKept = event.type === 'recording.protected';
  if (!isKept && event.type !== 'recording.unprotected') throw new Error(`a ${event.type} keeps nothing`);
  const known = context.protections.find(({ holder, to }) => holder === event.holder && to !== undefined);
  const protection = isKept ? protectionIn(event) : known;
  if (protection?.by === undefined) return;
  const { state, since } = context;
  const keeper = keeperIn(event);
  const who = keeper.by_name ?? keeper.by ?? 'nobody who is known';
  const text = `${who} ${isKept ? 'keeps' : 'no longer keeps'} "${protection.name ?? protection.holder}" from retention`;
  const why = { trigger: event.type, text, ...(keeper.by === undefined ? {} : { guard: keeper }) };
  const data = { ...factOf(context), state, from: state, since, why, protection };
  enqueue.emit({ type: event.type, data });
});

const remember = machine.assign(({ context, event }) => {
  const kept = { holders: holdersAfter(context, event), protections: protectionsAfter(context, event) };
  if (event.type !== 'recording.configured') return kept;
  const { zone, wanted, keep_ms, max_bytes } = event;
  return { ...kept, zone, wanted, keep_ms, max_bytes };
});
const notePicture = machine.assign(({ context, event }) => {
  if (event.type === 'camera.watchable') return { source: event.source };
  return { source: event.type === 'camera.dark' ? '' : context.source };
});

const waits: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'no-picture',
  text:
    event.type === 'camera.dark' ? `the camera gives no picture: ${event.detail}` : 'the camera gives no picture yet',
});
const begins: Because = ({ source, wanted, holders }, event) => ({
  trigger: event.type,
  text: `the relay that pulls source ${source} is asked to record it`,
  guard: { wanted, holders: holders.length },
});
const beginsAnew: Because = (_context, event) => {
  if (event.type !== 'camera.resized') throw new Error(`a ${event.type} resizes nothing`);
  const { width, height } = event;
  const text = `the picture is ${width}×${height} now; it goes on in a new file, at the next key frame`;
  return { trigger: event.type, reason: 'resized', text, guard: { width, height } };
};
const fails: Because = (_context, event) => {
  if (event.type !== 'recorder.silent') throw new Error(`a ${event.type} fails no recorder`);
  return { trigger: event.type, reason: 'silent', text: event.detail, guard: { silent_ms: event.silent_ms } };
};
const isFull: Because = (_context, event) => {
  if (event.type !== 'recorder.full') throw new Error(`a ${event.type} fills no disk`);
  return {
    trigger: event.type,
    reason: 'disk-full',
    text: 'the disk of the recordings is full: delete something, or record for a shorter time',
    guard: { free_bytes: event.free_bytes },
  };
};
const off = become('off', plainly('nobody asks for a recording'));

/** What a demand, a release or new settings do where it is not recording, and may have to be. */
const settles = [
  { guard: 'ready', target: 'busy', actions: [remember, become('starting', begins)] },
  { guard: 'wanted', target: 'waiting', actions: [remember, become('waiting', waits)] },
  { target: 'off', actions: [remember, off] },
] as const;
/** The same where it is wanted already: only its end matters. */
const stays = [
  { guard: 'unwanted', target: '#recording.off', actions: [remember, off] },
  { actions: remember },
] as const;

/**
 * The recording of one camera: made by the relay that pulls the source which gives the camera's picture, so that no
 * slate is ever taken for picture. It goes on by itself when the disk or the relay allow it again.
 */
export const recordingMachine = machine.createMachine({
  id: 'recording',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    zone: '',
    wanted: false,
    keep_ms: 0,
    holders: [],
    protections: [],
    source: '',
  }),
  initial: 'new',
  on: {
    'recording.removed': {
      target: '.removed',
      actions: become('removed', plainly('its camera was taken out; what was recorded stays until retention')),
    },
    'recording.protected': { actions: [tellKept, remember] },
    'recording.unprotected': { actions: [tellKept, remember] },
    'camera.watchable': { actions: notePicture },
    'camera.dark': { actions: notePicture },
  },
  states: {
    new: { on: { 'recording.configured': [...settles] } },
    off: {
      meta: { text: 'nobody asks for a recording' },
      on: {
        'recording.configured': [...settles.slice(0, 2), { actions: remember }],
        'recording.demanded': [...settles.slice(0, 2)],
      },
    },
    waiting: {
      tags: ['wanted'],
      meta: { text: 'the camera gives no picture' },
      on: {
        'recording.configured': [...stays],
        'recording.demanded': { actions: remember },
        'recording.released': [...stays],
        'camera.watchable': { target: 'busy', actions: [notePicture, become('starting', begins)] },
      },
    },
    busy: {
      tags: ['wanted'],
      initial: 'starting',
      invoke: {
        src: 'record',
        id: 'record',
        input: ({ context }) => ({
          camera: context.id,
          source: context.source,
          silentMs: RECORDING_TIMES.silentMs,
          openingMs: RECORDING_TIMES.openingMs,
        }),
      },
      on: {
        'recording.configured': [...stays],
        'recording.demanded': { actions: remember },
        'recording.released': [...stays],
        'camera.watchable': {
          guard: 'otherSource',
          target: 'busy',
          reenter: true,
          actions: [notePicture, become('starting', begins)],
        },
        'camera.resized': { target: 'busy', reenter: true, actions: become('starting', beginsAnew) },
        'camera.dark': { target: 'waiting', actions: [notePicture, become('waiting', waits)] },
        'recorder.segment': { actions: tellSegment },
        'recorder.silent': { target: '.failing', actions: become('failing', fails) },
        'recorder.full': { target: '.full', actions: become('full', isFull) },
        'recorder.growing': { target: '.recording', actions: become('recording', plainly('its file grows')) },
      },
      states: {
        starting: { meta: { text: 'nothing is written yet' } },
        recording: {
          tags: ['recording'],
          meta: { text: 'its file grows' },
          on: { 'recorder.growing': {} },
        },
        failing: {
          meta: { text: 'nothing is written; it goes on by itself when the relay does' },
          on: { 'recorder.silent': {} },
        },
        full: {
          meta: { text: 'the disk is full; it goes on by itself when there is room' },
          on: { 'recorder.full': {}, 'recorder.silent': {} },
        },
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

import { alarm, waysOf } from './on-demand/chart.ts';
import { ON_DEMAND_TIMES } from './on-demand/context.ts';
import { againMs, noPicture } from './on-demand/parts.ts';
import { plainly } from './plainly.ts';
import {
  become,
  count,
  countFall,
  ended,
  failed,
  forgive,
  hasNone,
  machine,
  notePicture,
  remember,
  wait,
  wantedNow,
} from './sound/parts.ts';

const off = become('off', plainly('nobody listens'));
const starts = become('starting', wantedNow);
const waits = become('waiting', noPicture);
const goesDark = { target: '#sound.waiting', actions: [notePicture, waits] } as const;
const ways = waysOf('sound', {
  ...{ count, forgive, off, waits, starts: [starts] },
  lingers: [wait(() => ON_DEMAND_TIMES.lingerMs), become('lingering', plainly('its last listener left'))],
  lingered: become('off', plainly('nobody has listened for a while')),
  pauses: [countFall, wait(againMs), become('waiting', ended)],
  fails: [countFall, wait(() => ON_DEMAND_TIMES.failedMs), become('failed', failed)],
});

/** FFmpeg runs, or is about to. */
const busy = machine.createStateConfig({
  initial: 'starting',
  tags: ['coming'],
  invoke: {
    src: 'opus',
    id: 'opus',
    input: ({ context }) => ({ camera: context.id, stalledMs: ON_DEMAND_TIMES.stalledMs }),
  },
  on: {
    'camera.dark': [{ guard: 'unwanted', target: '#sound.off', actions: [notePicture, off] }, goesDark],
    'opus.ended': [
      { guard: 'unwanted', target: '#sound.off', actions: off },
      { guard: 'hasNone', target: '#sound.none', actions: become('none', hasNone) },
      ...ways.falls,
    ],
  },
  states: {
    starting: {
      meta: { text: 'waits for the first of it' },
      on: {
        'audience.left': ways.leaves,
        'opus.flowing': { target: 'running', actions: become('running', plainly('it can be heard')) },
      },
    },
    running: {
      meta: { text: 'it can be heard' },
      tags: ['audible'],
      on: {
        'audience.left': ways.lingers,
      },
    },
    lingering: {
      meta: { text: 'nobody listens; it is kept for a moment' },
      tags: ['audible'],
      invoke: alarm('linger'),
      on: {
        'audience.joined': {
          target: 'running',
          actions: [count, become('running', plainly('somebody listens again'))],
        },
        'alarm.rang': ways.lingered,
      },
    },
  },
});

/**
 * The sound of a camera as Opus, for WebRTC: made by one FFmpeg while somebody listens.
 *
 * No picture ever waits for it: it has a path of its own at the relays. One that ends is started again, at most three
 * times in a minute.
 */
export const soundMachine = machine.createMachine({
  id: 'sound',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    zone: '',
    audience: [],
    picture: false,
    falls: [],
    deadline: 0,
  }),
  initial: 'new',
  on: {
    'sound.removed': { target: '.removed', actions: become('removed', plainly('its camera was taken out')) },
    'sound.configured': { actions: remember },
    'audience.joined': { actions: count },
    'audience.left': { actions: count },
    'camera.watchable': { actions: notePicture },
    'camera.dark': { actions: notePicture },
  },
  states: {
    new: {
      on: {
        'sound.configured': [
          { guard: 'unwanted', target: 'off', actions: [remember, off] },
          { target: 'waiting', actions: [remember, waits] },
        ],
      },
    },
    off: {
      meta: { text: 'nobody listens' },
      on: {
        'audience.joined': [
          { guard: 'ready', target: 'busy', actions: [count, starts] },
          { target: 'waiting', actions: [count, waits] },
        ],
      },
    },
    waiting: {
      tags: ['coming'],
      meta: { text: 'the camera gives no picture' },
      on: {
        'camera.watchable': { target: 'busy', actions: [notePicture, starts] },
        'audience.left': ways.leaves,
      },
    },
    busy,
    none: {
      meta: { text: 'the camera sends no sound' },
      on: {
        // Another source may have one, and so may the same one by now.
        'audience.joined': { target: 'busy', actions: [count, starts] },
        'audience.left': ways.leaves,
        'camera.dark': goesDark,
      },
    },
    pausing: {
      tags: ['coming'],
      meta: { text: 'ended; it is started again in a moment' },
      invoke: alarm('again'),
      on: {
        'camera.dark': goesDark,
        'audience.left': ways.leaves,
        'alarm.rang': ways.again,
      },
    },
    failed: {
      meta: { text: 'failed too often; left alone for a while' },
      invoke: alarm('forgiven'),
      on: {
        'alarm.rang': ways.forgiven,
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

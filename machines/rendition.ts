import { alarm, waysOf } from './on-demand/chart.ts';
import { ON_DEMAND_TIMES } from './on-demand/context.ts';
import { againMs, noPicture } from './on-demand/parts.ts';
import { plainly } from './plainly.ts';
import {
  become,
  changed,
  count,
  countFall,
  ended,
  failed,
  forgetSource,
  forgive,
  heldBack,
  learn,
  machine,
  noteCaughtUp,
  noteLate,
  notePicture,
  plan,
  planned,
  remember,
  tellCaughtUp,
  tellLate,
  wait,
  wantedNow,
} from './rendition/parts.ts';

const off = become('off', plainly('nobody watches'));
const waits = become('waiting', noPicture);
const goesOff = { guard: 'unwanted', target: '#rendition.off' } as const;
const looks = [become('starting', wantedNow)];
const starts = [plan, become('starting', planned)];
const ways = waysOf('rendition', {
  ...{ count, forgive, off, waits, starts: looks },
  lingers: [wait(() => ON_DEMAND_TIMES.lingerMs), become('lingering', plainly('its last viewer left'))],
  lingered: become('off', plainly('nobody has watched for a while')),
  pauses: [countFall, forgetSource, wait(againMs), become('waiting', ended)],
  fails: [countFall, forgetSource, wait(() => ON_DEMAND_TIMES.failedMs), become('failed', failed)],
});

/** Whether a running ladder is still wanted: by a setting or by viewers, or lingering after the last of them. */
const running = machine.createStateConfig({
  initial: 'held',
  tags: ['playable'],
  on: {
    'ladder.late': [{ guard: 'isLate', actions: noteLate }, { actions: [noteLate, tellLate] }],
    'ladder.caught-up': { guard: 'isLate', actions: [noteCaughtUp, tellCaughtUp] },
  },
  states: {
    held: {
      meta: { text: 'its rungs can be watched' },
      on: {
        'audience.left': ways.lingers,
      },
    },
    lingering: {
      meta: { text: 'nobody watches; it is kept for a moment' },
      invoke: alarm('linger'),
      on: {
        'ladder.held': { target: '#rendition.off', actions: become('off', heldBack) },
        'audience.joined': { target: 'held', actions: [count, become('running', plainly('somebody watches again'))] },
        'rendition.configured': [
          {
            guard: 'keptWarm',
            target: 'held',
            actions: [remember, become('running', plainly('it is kept warm now'))],
          },
          { guard: 'sameRungs', actions: remember },
        ],
        'alarm.rang': ways.lingered,
      },
    },
  },
});

/** Others need the processor more. */
const holds = { target: '#rendition.held', actions: become('waiting', heldBack) } as const;

/** FFmpeg runs, or is about to. */
const busy = machine.createStateConfig({
  initial: 'measuring',
  tags: ['making'],
  on: {
    'ladder.held': holds,
    'program.changed': [
      { guard: 'unwanted', target: '#rendition.off', actions: [forgetSource, off] },
      { target: '.measuring', reenter: true, actions: [forgetSource, become('starting', changed)] },
    ],
    'camera.dark': [
      { guard: 'unwanted', target: '#rendition.off', actions: [notePicture, forgetSource, off] },
      { target: '#rendition.waiting', actions: [notePicture, forgetSource, waits] },
    ],
    'ladder.ended': [{ guard: 'unwanted', target: '#rendition.off', actions: [forgetSource, off] }, ...ways.falls],
    'rendition.configured': [
      { guard: 'unwanted', target: '#rendition.off', actions: [remember, off] },
      {
        guard: 'otherRungs',
        target: '.measuring',
        reenter: true,
        actions: [remember, become('starting', plainly('its rungs were changed'))],
      },
      { actions: remember },
    ],
  },
  states: {
    measuring: {
      meta: { text: 'looks at what the camera sends' },
      invoke: { src: 'measure', id: 'measure', input: ({ context }) => ({ camera: context.id }) },
      on: {
        'audience.left': ways.leaves,
        'program.measured': { target: 'making.first', actions: [learn, ...starts] },
      },
    },
    making: {
      initial: 'first',
      invoke: {
        src: 'ladder',
        id: 'ladder',
        input: ({ context }) => ({
          camera: context.id,
          rungs: context.rungs,
          audio: context.source?.audio ?? false,
          fps: context.source?.fps ?? 30,
          gopMs: context.source?.gop_ms ?? 2_000,
          stalledMs: ON_DEMAND_TIMES.stalledMs,
        }),
      },
      states: {
        first: {
          meta: { text: 'encodes its first segment' },
          on: {
            'audience.left': ways.leaves,
            // It has begun anew: what the one before made late says nothing of this one yet.
            'ladder.flowing': { target: 'running', actions: [noteCaughtUp, become('running', planned)] },
          },
        },
        running,
      },
    },
  },
});

/**
 * A rendition: the ladder of one camera, made by one FFmpeg while somebody watches it.
 *
 * What the program carries is measured first; the plan follows from it. A ladder that ends is started again, at most
 * three times in a minute.
 */
export const renditionMachine = machine.createMachine({
  id: 'rendition',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    zone: '',
    wanted: [],
    keep: 'on-demand',
    audience: [],
    picture: false,
    rungs: [],
    falls: [],
    deadline: 0,
  }),
  initial: 'new',
  on: {
    'rendition.removed': { target: '.removed', actions: become('removed', plainly('its camera was taken out')) },
    'rendition.configured': { actions: remember },
    'audience.joined': { actions: count },
    'audience.left': { actions: count },
    'camera.watchable': { actions: notePicture },
    'program.changed': { actions: forgetSource },
    'camera.dark': { actions: notePicture },
  },
  states: {
    new: {
      on: {
        'rendition.configured': [
          { guard: 'wanted', target: 'waiting', actions: [remember, waits] },
          { target: 'off', actions: [remember, off] },
        ],
      },
    },
    off: {
      meta: { text: 'nobody watches' },
      on: {
        'audience.joined': [
          { guard: 'readyAndKnown', target: 'busy.making', actions: [count, ...starts] },
          { guard: 'ready', target: 'busy', actions: [count, ...looks] },
          { target: 'waiting', actions: [count, waits] },
        ],
        'rendition.configured': [
          { guard: 'ready', target: 'busy', actions: [remember, ...looks] },
          { guard: 'wanted', target: 'waiting', actions: [remember, waits] },
          { actions: remember },
        ],
        'camera.dark': { actions: [notePicture, forgetSource] },
      },
    },
    waiting: {
      meta: { text: 'the camera gives no picture' },
      on: {
        'camera.watchable': { target: 'busy', actions: [notePicture, ...looks] },
        'audience.left': ways.leaves,
        'rendition.configured': [{ ...goesOff, actions: [remember, off] }, { actions: remember }],
      },
    },
    busy,
    held: {
      tags: ['held'],
      meta: { text: 'wanted, and held back for others' },
      on: {
        'ladder.freed': { target: 'busy', actions: looks },
        'camera.dark': { target: 'waiting', actions: [notePicture, forgetSource, waits] },
        'audience.left': ways.leaves,
        'rendition.configured': [{ ...goesOff, actions: [remember, off] }, { actions: remember }],
      },
    },
    pausing: {
      tags: ['making'],
      meta: { text: 'ended; it is started again in a moment' },
      invoke: alarm('again'),
      on: {
        'ladder.held': holds,
        'camera.dark': { target: 'waiting', actions: [notePicture, waits] },
        'audience.left': ways.leaves,
        'rendition.configured': [{ ...goesOff, actions: [remember, off] }, { actions: remember }],
        'alarm.rang': ways.again,
      },
    },
    failed: {
      meta: { text: 'failed too often; left alone for a while' },
      invoke: alarm('forgiven'),
      on: {
        'rendition.configured': [
          { guard: 'ready', target: 'busy', actions: [remember, forgive, ...looks] },
          { actions: remember },
        ],
        'alarm.rang': ways.forgiven,
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

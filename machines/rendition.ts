import { RENDITION_TIMES } from './rendition/context.ts';
import {
  againMs,
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
  noPicture,
  notePicture,
  plainly,
  plan,
  planned,
  remember,
  wait,
  wantedNow,
} from './rendition/parts.ts';

const alarm = (name: string) =>
  ({
    src: 'alarm',
    id: name,
    input: ({ context }: { context: { deadline: number } }) => ({ name, at: context.deadline }),
  }) as const;
const rang = (name: string) => ({ type: 'rang' as const, params: { name } });

const off = become('off', plainly('nobody watches'));
const goesOff = { guard: 'unwanted', target: '#rendition.off' } as const;
const looks = [become('starting', wantedNow)];
const starts = [plan, become('starting', planned)];

/** Whether a running ladder is still wanted: by a setting or by viewers, or lingering after the last of them. */
const running = machine.createStateConfig({
  initial: 'held',
  tags: ['playable'],
  states: {
    held: {
      meta: { text: 'its rungs can be watched' },
      on: {
        'audience.left': [
          {
            guard: 'unwanted',
            target: 'lingering',
            actions: [
              count,
              wait(() => RENDITION_TIMES.lingerMs),
              become('lingering', plainly('its last viewer left')),
            ],
          },
          { actions: count },
        ],
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
        'alarm.rang': {
          guard: rang('linger'),
          target: '#rendition.off',
          actions: become('off', plainly('nobody has watched for a while')),
        },
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
      { target: '#rendition.waiting', actions: [notePicture, forgetSource, become('waiting', noPicture)] },
    ],
    'ladder.ended': [
      { guard: 'unwanted', target: '#rendition.off', actions: [forgetSource, off] },
      {
        guard: 'failsTooOften',
        target: '#rendition.failed',
        actions: [countFall, forgetSource, wait(() => RENDITION_TIMES.failedMs), become('failed', failed)],
      },
      {
        target: '#rendition.pausing',
        actions: [countFall, forgetSource, wait(againMs), become('waiting', ended)],
      },
    ],
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
        'audience.left': [{ ...goesOff, actions: [count, off] }, { actions: count }],
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
          stalledMs: RENDITION_TIMES.stalledMs,
        }),
      },
      states: {
        first: {
          meta: { text: 'encodes its first segment' },
          on: {
            'audience.left': [{ ...goesOff, actions: [count, off] }, { actions: count }],
            'ladder.flowing': { target: 'running', actions: become('running', planned) },
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
          { guard: 'wanted', target: 'waiting', actions: [remember, become('waiting', noPicture)] },
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
          { target: 'waiting', actions: [count, become('waiting', noPicture)] },
        ],
        'rendition.configured': [
          { guard: 'ready', target: 'busy', actions: [remember, ...looks] },
          { guard: 'wanted', target: 'waiting', actions: [remember, become('waiting', noPicture)] },
          { actions: remember },
        ],
        'camera.dark': { actions: [notePicture, forgetSource] },
      },
    },
    waiting: {
      meta: { text: 'the camera gives no picture' },
      on: {
        'camera.watchable': { target: 'busy', actions: [notePicture, ...looks] },
        'audience.left': [{ ...goesOff, actions: [count, off] }, { actions: count }],
        'rendition.configured': [{ ...goesOff, actions: [remember, off] }, { actions: remember }],
      },
    },
    busy,
    held: {
      tags: ['held'],
      meta: { text: 'wanted, and held back for others' },
      on: {
        'ladder.freed': { target: 'busy', actions: looks },
        'camera.dark': { target: 'waiting', actions: [notePicture, forgetSource, become('waiting', noPicture)] },
        'audience.left': [{ ...goesOff, actions: [count, off] }, { actions: count }],
        'rendition.configured': [{ ...goesOff, actions: [remember, off] }, { actions: remember }],
      },
    },
    pausing: {
      tags: ['making'],
      meta: { text: 'ended; it is started again in a moment' },
      invoke: alarm('again'),
      on: {
        'ladder.held': holds,
        'camera.dark': { target: 'waiting', actions: [notePicture, become('waiting', noPicture)] },
        'audience.left': [{ ...goesOff, actions: [count, off] }, { actions: count }],
        'rendition.configured': [{ ...goesOff, actions: [remember, off] }, { actions: remember }],
        'alarm.rang': [{ guard: rang('again'), target: 'busy', actions: looks }],
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
        'alarm.rang': [
          {
            guard: { type: 'rangAndReady', params: { name: 'forgiven' } },
            target: 'busy',
            actions: [forgive, ...looks],
          },
          {
            guard: { type: 'rangAndWanted', params: { name: 'forgiven' } },
            target: 'waiting',
            actions: [forgive, become('waiting', noPicture)],
          },
          { guard: rang('forgiven'), target: 'off', actions: [forgive, off] },
        ],
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

import { backoff } from '../policy/backoff.ts';
import { activeSource, CAMERA_TIMES, type CameraContext } from './context.ts';
import {
  become,
  countAttempt,
  countFall,
  fallSilent,
  forgiveFall,
  learn,
  losePicture,
  machine,
  remember,
  wait,
} from './parts.ts';
import {
  comesAndGoes,
  ended,
  intakeRefused,
  notCarried,
  offline,
  plainly,
  quarantineMs,
  relayLost,
  silent,
  still,
} from './reasons.ts';

const rang = (name: string) => ({ type: 'rang' as const, params: { name } });
const rangTooOften = (name: string) => ({ type: 'rangTooOften' as const, params: { name } });

/** Where the active source is, without its password. */
const address = ({ context }: { context: CameraContext }) => {
  const { url, credential } = activeSource(context);
  return { url, ...(credential ? { credential } : {}) };
};

const openingDeadline = wait(() => CAMERA_TIMES.openingMs);
const intoQuarantine = [losePicture, countFall, wait(quarantineMs), become('quarantined', comesAndGoes)];

/** Nobody pulls the camera: knocking at its door until it answers. */
const dark = machine.createStateConfig({
  tags: ['dark'],
  initial: 'connecting',
  invoke: {
    src: 'probe',
    id: 'probe',
    input: ({ context }) => ({
      ...address({ context }),
      everyMs: CAMERA_TIMES.knockEveryMs,
      unauthorizedEveryMs: CAMERA_TIMES.unauthorizedEveryMs,
      firstAfterMs: backoff(context.attempts, 500, 10_000).waitMs,
    }),
  },
  on: {
    'intake.lost': { target: '.connecting', actions: [forgiveFall, become('connecting', relayLost)] },
    'probe.answered': { target: 'pulled', actions: [learn, openingDeadline] },
    'probe.failed': { guard: 'otherReason', target: '.offline', actions: become('offline', offline) },
  },
  states: {
    connecting: { meta: { text: 'asking the camera' } },
    offline: { meta: { text: 'can’t be reached' } },
  },
});

/** Its first packets are awaited. */
const opening = machine.createStateConfig({
  meta: { text: 'answers; waiting for its first picture' },
  tags: ['dark'],
  invoke: { src: 'alarm', id: 'opening', input: ({ context }) => ({ name: 'opening', at: context.deadline }) },
  on: {
    'source.flowing': {
      guard: 'fromActive',
      target: 'flowing.live',
      actions: [learn, become('live', plainly('its picture arrives'))],
    },
    // A source that never flowed has not fallen: its end only means that it is not there yet.
    'source.ended': {},
    'alarm.rang': {
      guard: rang('opening'),
      target: '#camera.awake.picture.dark.offline',
      actions: [losePicture, countAttempt, become('offline', offline)],
    },
  },
});

/** Packets arrive and are carried to viewers; the eye looks at what they show. */
const flowing = machine.createStateConfig({
  tags: ['connected'],
  initial: 'live',
  invoke: {
    src: 'eye',
    id: 'eye',
    input: ({ context }) => ({
      camera: context.id,
      stillMs: CAMERA_TIMES.stillMs,
      enabled: context.settings?.eye ?? false,
    }),
  },
  on: {
    'camera.configured': {
      guard: 'otherEye',
      target: 'flowing',
      reenter: true,
      actions: [remember, become('live', plainly('its settings were changed'))],
    },
    'source.silent': { guard: 'fromActive', target: 'stalled', actions: [...fallSilent, become('stalled', silent)] },
    'program.lost': { target: 'unpublished', actions: [losePicture, become('connecting', notCarried)] },
  },
  states: {
    live: {
      meta: { text: 'its picture arrives and moves' },
      tags: ['watchable'],
      on: { 'eye.frozen': { target: 'frozen', actions: become('frozen', still) } },
    },
    frozen: {
      meta: { text: 'bytes flow, the picture stands still' },
      tags: ['watchable'],
      on: { 'eye.moved': { target: 'live', actions: become('live', plainly('the picture moves again')) } },
    },
  },
});

/** Packets arrive, but a relay or switcher that carries them is away. */
const unpublished = machine.createStateConfig({
  meta: { text: 'sends, but is not carried to viewers' },
  tags: ['dark'],
  on: {
    'source.silent': { guard: 'fromActive', target: 'stalled', actions: [...fallSilent, become('stalled', silent)] },
    'source.flowing': {
      guard: 'fromActive',
      target: 'flowing',
      actions: [learn, become('live', plainly('it is carried to viewers again'))],
    },
    'program.restored': { target: 'flowing', actions: become('live', plainly('it is carried to viewers again')) },
  },
});

/** Connected, and no packet arrives. */
const stalled = machine.createStateConfig({
  meta: { text: 'connected, sends nothing' },
  tags: ['connected'],
  invoke: { src: 'alarm', id: 'silence', input: ({ context }) => ({ name: 'silence', at: context.deadline }) },
  on: {
    'source.flowing': {
      guard: 'fromActive',
      target: 'flowing.live',
      actions: [learn, become('live', plainly('it sends again'))],
    },
    'alarm.rang': [
      { guard: rangTooOften('silence'), target: '#camera.awake.picture.quarantined', actions: intoQuarantine },
      {
        guard: rang('silence'),
        target: '#camera.awake.picture.dark.offline',
        actions: [countFall, become('offline', offline)],
      },
    ],
  },
});

/** The picture region of an awake camera: from knocking at its door to a moving picture. */
export const picture = machine.createStateConfig({
  initial: 'dark',
  on: {
    'camera.configured': [
      {
        guard: 'otherSources',
        target: '.dark.connecting',
        actions: [remember, become('connecting', plainly('its address was changed'))],
      },
      { actions: remember },
    ],
  },
  states: {
    dark,
    pulled: {
      initial: 'opening',
      invoke: {
        src: 'intake',
        id: 'intake',
        input: ({ context }) => ({ camera: context.id, source: context.active, ...address({ context }) }),
      },
      on: {
        'intake.lost': {
          target: '.opening',
          reenter: true,
          actions: [losePicture, openingDeadline, become('connecting', relayLost)],
        },
        'intake.refused': {
          target: 'dark.connecting',
          actions: [losePicture, countAttempt, become('connecting', intakeRefused)],
        },
        'source.ended': [
          { guard: 'fallsTooOften', target: 'quarantined', actions: intoQuarantine },
          { target: 'dark.connecting', actions: [losePicture, countFall, become('connecting', ended)] },
        ],
      },
      states: { opening, flowing, unpublished, stalled },
    },
    quarantined: {
      meta: { text: 'comes and goes; left alone for a while' },
      tags: ['dark'],
      invoke: {
        src: 'alarm',
        id: 'quarantine',
        input: ({ context }) => ({ name: 'quarantine', at: context.deadline }),
      },
      on: {
        'alarm.rang': {
          guard: rang('quarantine'),
          target: 'dark.connecting',
          actions: [
            machine.assign(({ context }) => ({ falls: [], quarantines: context.quarantines + 1 })),
            become('connecting', plainly('the quarantine is over; asking the camera')),
          ],
        },
      },
    },
  },
});

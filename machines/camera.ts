import { fromCallback, setup } from 'xstate';
import type { CameraHeard, CameraSettings, Source } from '../bus/events/camera.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import { backoff, flapping } from './policy/backoff.ts';
import type { AlarmInput, EyeInput, IntakeInput, ProbeInput, ProgramInput } from './slots.ts';

/** What a camera cell knows: plain JSON, journalled whole. */
export interface CameraContext {
  id: string;
  /** Undefined only before the first `camera.configured`. */
  settings?: CameraSettings;
  /** Id of the source that feeds the program path. */
  active: string;
  /** The state an operator sees, since when (epoch ms), and why. */
  state: string;
  since: number;
  why: Why;
  /** What the active source carries, once known. */
  codec?: string;
  audio?: string;
  width?: number;
  height?: number;
  /** Viewers that keep an on-demand camera awake. */
  audience: string[];
  /** When the picture was lost (epoch ms); undefined while there is one. */
  lostAt?: number;
  /** Epoch ms of recent losses, for telling flapping. */
  falls: number[];
  /** How often in a row it was set aside for flapping. */
  quarantines: number;
  /** Attempts to open the source that brought no picture, in a row. */
  attempts: number;
  /** Epoch ms at which the present state gives up waiting. */
  deadline: number;
  /** Epoch ms at which an on-demand camera that nobody watches is let go. */
  lingerUntil: number;
}

/** Durations of the camera machine, in ms. */
export const CAMERA_TIMES = {
  /** No packet for this long: stalled. The adapter is told a little less, to be heard within the second. */
  silentMs: 900,
  /** Silent this long in all: offline. */
  offlineAfterMs: 5_000,
  /** A source that answers must bring its first packet within this time. */
  openingMs: 5_000,
  /** Between two knocks at a camera that does not answer: it returns within half a second of coming back. */
  knockEveryMs: 200,
  /** After a wrong password: cameras lock accounts. */
  unauthorizedEveryMs: 60_000,
  /** Identical key frames over this span: frozen within 10 s at a GOP of 2 s. */
  stillMs: 7_500,
  /** An on-demand camera stays awake this long after its last viewer. */
  lingerMs: 20_000,
  quarantineMs: 30_000,
  longestQuarantineMs: 600_000,
};

type Event = Stamped<CameraHeard>;
/** A camera's fact as the machine emits it; the cell stamps it. */
export interface CameraSaid {
  type: `camera.${string}`;
  data: Record<string, unknown>;
}

const reasonTexts: Record<string, string> = {
  refused: 'nothing answers at its address: the camera is off, or its port is wrong',
  'no-route': 'there is no way through the network to its address',
  'unknown-host': 'its host name is not known',
  unauthorized: 'it refuses the user name or password; the next try is in a minute, so that it locks nobody out',
  'not-found': 'it answers, but has no stream at this path',
  timeout: 'it takes the connection, but says nothing',
  unsupported: 'it speaks nothing that can be shown: RTSP with H.264 or H.265 is needed',
  ended: 'it ended the stream',
  relay: 'the relay that pulls it stopped and is being restarted',
};

const machine = setup({
  types: {
    context: {} as CameraContext,
    events: {} as Event,
    emitted: {} as CameraSaid,
    input: {} as { id: string },
    tags: {} as 'watchable' | 'connected' | 'dark' | 'over',
  },
  actors: {
    probe: fromCallback<Event, ProbeInput>(() => {}),
    intake: fromCallback<Event, IntakeInput>(() => {}),
    program: fromCallback<Event, ProgramInput>(() => {}),
    eye: fromCallback<Event, EyeInput>(() => {}),
    alarm: fromCallback<Event, AlarmInput>(() => {}),
  },
  guards: {
    wanted: ({ context, event }) => {
      const keep = event.type === 'camera.configured' ? event.settings.keep : context.settings?.keep;
      return keep === 'warm' || context.audience.length > 0;
    },
    lastViewerLeft: ({ context, event }) =>
      event.type === 'audience.left' &&
      context.settings?.keep === 'on-demand' &&
      context.audience.every((viewer) => viewer === event.viewer),
    otherSources: ({ context, event }) =>
      event.type === 'camera.configured' &&
      JSON.stringify(event.settings.sources) !== JSON.stringify(context.settings?.sources),
    otherReason: ({ context, event }) =>
      event.type === 'probe.failed' && (context.state !== 'offline' || context.why.reason !== event.reason),
    fallsTooOften: ({ context, event }) => flapping(context.falls, event.at).flapping,
    otherEye: ({ context, event }) =>
      event.type === 'camera.configured' &&
      event.settings.eye !== context.settings?.eye &&
      JSON.stringify(event.settings.sources) === JSON.stringify(context.settings?.sources),
    nobodyWants: ({ context, event }) =>
      event.type === 'camera.configured' && event.settings.keep === 'on-demand' && context.audience.length === 0,
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
    rangTooOften: ({ context, event }, { name }: { name: string }) =>
      event.type === 'alarm.rang' && event.name === name && flapping(context.falls, event.at).flapping,
    fromActive: ({ context, event }) => 'source' in event && event.source === context.active,
  },
});

/** Enters an operator's state: sets it with its reason, and says so. */
const become = (state: string, because: (context: CameraContext, event: Event) => Why) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    const picture = state === 'live';
    const recoverMs = picture && context.lostAt !== undefined ? event.at - context.lostAt : undefined;
    enqueue.assign({ state, since: event.at, why, ...(picture ? { lostAt: undefined, attempts: 0 } : {}) });
    enqueue.emit({
      type: `camera.${state}`,
      data: {
        name: context.settings?.name ?? context.id,
        zone: context.settings?.zone ?? '',
        state,
        from: context.state,
        since: event.at,
        why,
        ...(recoverMs === undefined ? {} : { recover_ms: recoverMs }),
        ...('silent_ms' in event ? { detect_ms: event.silent_ms } : {}),
      },
    });
  });

const remember = machine.assign(({ event }) =>
  event.type === 'camera.configured' ? { settings: event.settings } : {},
);
const join = machine.assign(({ context, event }) =>
  event.type === 'audience.joined' ? { audience: [...new Set([...context.audience, event.viewer])] } : {},
);
const leave = machine.assign(({ context, event }) =>
  event.type === 'audience.left' ? { audience: context.audience.filter((viewer) => viewer !== event.viewer) } : {},
);
const wait = (ms: (context: CameraContext) => number) =>
  machine.assign(({ context, event }) => ({ deadline: event.at + ms(context) }));
const linger = machine.assign(({ event }) => ({ lingerUntil: event.at + CAMERA_TIMES.lingerMs }));
const losePicture = machine.assign(({ context, event }) => ({ lostAt: context.lostAt ?? event.at }));
const countFall = machine.assign(({ context, event }) => ({ falls: flapping(context.falls, event.at).falls }));
// The camera did not fall when its relay did: a fall heard moments before the relay's is the same event.
const forgiveFall = machine.assign(({ context, event }) => ({
  falls: context.falls.filter((fall) => event.at - fall > 2_000),
}));
const countAttempt = machine.assign(({ context }) => ({ attempts: context.attempts + 1 }));
const learn = machine.assign(({ context, event }) => {
  if (event.type === 'probe.answered') {
    const audio = event.tracks.find((track) => track.media === 'audio')?.codec;
    const codec = event.tracks.find((track) => track.media === 'video')?.codec;
    return { audio, codec };
  }
  if (event.type !== 'source.flowing') return {};
  return { codec: event.codec, width: event.width ?? context.width, height: event.height ?? context.height };
});

const quarantineMs = (context: CameraContext) =>
  backoff(context.quarantines + 1, CAMERA_TIMES.quarantineMs, CAMERA_TIMES.longestQuarantineMs).waitMs;

const quarantined = become('quarantined', (context, event) => ({
  trigger: event.type,
  reason: 'flapping',
  text: `it comes and goes: ${flapping(context.falls, event.at).because}; left alone for ${quarantineMs(context) / 1000} s`,
  guard: { falls: context.falls.length, quarantine_ms: quarantineMs(context) },
  rejected: [{ option: 'connect again at once', because: 'each return costs viewers a picture that breaks' }],
}));

const offline = become('offline', (context, event) => {
  const reason = event.type === 'probe.failed' ? event.reason : 'timeout';
  const detail =
    event.type === 'probe.failed' ? event.detail : `no packet for ${event.at - (context.lostAt ?? event.at)} ms`;
  return { trigger: event.type, reason, text: reasonTexts[reason] ?? reason, guard: { detail } };
});

const ended = (context: CameraContext, event: Event): Why => ({
  trigger: event.type,
  reason: 'ended',
  text: 'the stream ended; asking the camera again',
  guard: { ...('detail' in event ? { detail: event.detail } : {}), falls: context.falls.length },
});

const relayLost = (_context: CameraContext, event: Event): Why => ({
  trigger: event.type,
  reason: 'relay',
  text: reasonTexts.relay ?? 'relay',
  guard: { ...('detail' in event ? { detail: event.detail } : {}) },
});

const source = (context: CameraContext): Source => {
  const found = context.settings?.sources.find((candidate) => candidate.id === context.active);
  if (!found) throw new Error(`camera ${context.id} has no source ${context.active}`);
  return found;
};

/** The picture region of an awake camera: from knocking at its door to a moving picture. */
const pictureRegion = machine.createStateConfig({
  initial: 'dark',
  on: {
    'camera.configured': [
      {
        guard: 'otherSources',
        target: '.dark.connecting',
        actions: [
          remember,
          become('connecting', (_context, event) => ({ trigger: event.type, text: 'its address was changed' })),
        ],
      },
      { actions: remember },
    ],
  },
  states: {
    dark: {
      tags: ['dark'],
      initial: 'connecting',
      invoke: {
        src: 'probe',
        id: 'probe',
        input: ({ context }) => ({
          url: source(context).url,
          ...(source(context).credential ? { credential: source(context).credential } : {}),
          everyMs: CAMERA_TIMES.knockEveryMs,
          unauthorizedEveryMs: CAMERA_TIMES.unauthorizedEveryMs,
          firstAfterMs: backoff(context.attempts, 500, 10_000).waitMs,
        }),
      },
      on: {
        'intake.lost': { target: '.connecting', actions: [forgiveFall, become('connecting', relayLost)] },
        'probe.answered': { target: 'pulled', actions: [learn, wait(() => CAMERA_TIMES.openingMs)] },
        'probe.failed': { guard: 'otherReason', target: '.offline', actions: offline },
      },
      states: {
        connecting: { meta: { text: 'asking the camera' } },
        offline: { meta: { text: 'can’t be reached' } },
      },
    },
    pulled: {
      initial: 'opening',
      invoke: {
        src: 'intake',
        id: 'intake',
        input: ({ context }) => ({
          camera: context.id,
          source: context.active,
          url: source(context).url,
          ...(source(context).credential ? { credential: source(context).credential } : {}),
        }),
      },
      on: {
        'intake.lost': {
          target: '.opening',
          reenter: true,
          actions: [losePicture, wait(() => CAMERA_TIMES.openingMs), become('connecting', relayLost)],
        },
        'intake.refused': {
          target: 'dark.connecting',
          actions: [
            losePicture,
            countAttempt,
            become('connecting', (_context, event) => ({
              trigger: event.type,
              reason: 'relay',
              text: 'the intake relay did not take the camera; trying again',
              guard: { detail: 'detail' in event ? event.detail : '' },
            })),
          ],
        },
        'source.ended': [
          {
            guard: 'fallsTooOften',
            target: 'quarantined',
            actions: [losePicture, countFall, wait(quarantineMs), quarantined],
          },
          { target: 'dark.connecting', actions: [losePicture, countFall, become('connecting', ended)] },
        ],
      },
      states: {
        opening: {
          meta: { text: 'answers; waiting for its first picture' },
          tags: ['dark'],
          invoke: { src: 'alarm', id: 'opening', input: ({ context }) => ({ name: 'opening', at: context.deadline }) },
          on: {
            'source.flowing': {
              guard: 'fromActive',
              target: 'flowing.live',
              actions: [
                learn,
                become('live', (_context, event) => ({ trigger: event.type, text: 'its picture arrives' })),
              ],
            },
            // A source that never flowed has not fallen; its end while opening only means: ask again.
            'source.ended': {},
            'alarm.rang': {
              guard: { type: 'rang', params: { name: 'opening' } },
              target: '#camera.awake.picture.dark.offline',
              actions: [losePicture, countAttempt, offline],
            },
          },
        },
        flowing: {
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
              actions: [
                remember,
                become('live', (_context, event) => ({ trigger: event.type, text: 'its settings were changed' })),
              ],
            },
            'source.silent': {
              guard: 'fromActive',
              target: 'stalled',
              actions: [
                machine.assign(({ event }) =>
                  event.type === 'source.silent' ? { lostAt: event.at - event.silent_ms } : {},
                ),
                machine.assign(({ context }) => ({
                  deadline: (context.lostAt ?? 0) + CAMERA_TIMES.offlineAfterMs,
                })),
                become('stalled', (_context, event) => ({
                  trigger: event.type,
                  reason: 'silent',
                  text: 'connected, but it sends nothing',
                  guard: { silent_ms: 'silent_ms' in event ? event.silent_ms : 0 },
                })),
              ],
            },
            'program.lost': {
              target: 'unpublished',
              actions: [
                losePicture,
                become('connecting', (_context, event) => ({
                  trigger: event.type,
                  reason: 'relay',
                  text: 'the camera sends, but what carries it to viewers stopped and is being restarted',
                  guard: { detail: 'detail' in event ? event.detail : '' },
                })),
              ],
            },
          },
          states: {
            live: {
              meta: { text: 'its picture arrives and moves' },
              tags: ['watchable'],
              on: {
                'eye.frozen': {
                  target: 'frozen',
                  actions: become('frozen', (_context, event) => ({
                    trigger: event.type,
                    reason: 'still',
                    text: 'connected and sending, but the picture stands still',
                    guard: { still_ms: 'still_ms' in event ? event.still_ms : 0 },
                  })),
                },
              },
            },
            frozen: {
              meta: { text: 'bytes flow, the picture stands still' },
              tags: ['watchable'],
              on: {
                'eye.moved': {
                  target: 'live',
                  actions: become('live', (_context, event) => ({
                    trigger: event.type,
                    text: 'the picture moves again',
                  })),
                },
              },
            },
          },
        },
        unpublished: {
          meta: { text: 'sends, but is not carried to viewers' },
          tags: ['dark'],
          on: {
            'program.restored': {
              target: 'flowing',
              actions: become('live', (_context, event) => ({
                trigger: event.type,
                text: 'it is carried to viewers again',
              })),
            },
          },
        },
        stalled: {
          meta: { text: 'connected, sends nothing' },
          tags: ['connected'],
          invoke: { src: 'alarm', id: 'silence', input: ({ context }) => ({ name: 'silence', at: context.deadline }) },
          on: {
            'source.flowing': {
              guard: 'fromActive',
              target: 'flowing.live',
              actions: [learn, become('live', (_context, event) => ({ trigger: event.type, text: 'it sends again' }))],
            },
            'alarm.rang': [
              {
                guard: { type: 'rangTooOften', params: { name: 'silence' } },
                target: '#camera.awake.picture.quarantined',
                actions: [countFall, wait(quarantineMs), quarantined],
              },
              {
                guard: { type: 'rang', params: { name: 'silence' } },
                target: '#camera.awake.picture.dark.offline',
                actions: [countFall, offline],
              },
            ],
          },
        },
      },
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
          guard: { type: 'rang', params: { name: 'quarantine' } },
          target: 'dark.connecting',
          actions: [
            machine.assign(({ context }) => ({ falls: [], quarantines: context.quarantines + 1 })),
            become('connecting', (_context, event) => ({
              trigger: event.type,
              text: 'the quarantine is over; asking the camera',
            })),
          ],
        },
      },
    },
  },
});

/**
 * A camera: from its source at the intake to its program path.
 *
 * `dark` knocks at the camera; `pulled` has the intake pull it; the program path is held through both, so that
 * viewers stay attached while a source is away. Deadlines are absolute and kept in the context (a restored `after`
 * would never fire).
 */
export const cameraMachine = machine.createMachine({
  id: 'camera',
  context: ({ input }) => ({
    id: input.id,
    active: '0',
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    audience: [],
    falls: [],
    quarantines: 0,
    attempts: 0,
    deadline: 0,
    lingerUntil: 0,
  }),
  initial: 'new',
  on: {
    'camera.removed': {
      target: '.removed',
      actions: become('removed', (_context, event) => ({
        trigger: event.type,
        text: 'taken out of the configuration',
      })),
    },
    'audience.joined': { actions: join },
    'audience.left': { actions: leave },
    'camera.configured': { actions: remember },
  },
  states: {
    new: {
      on: {
        'camera.configured': [
          {
            guard: 'wanted',
            target: 'awake',
            actions: [
              remember,
              become('connecting', (_context, event) => ({ trigger: event.type, text: 'asking the camera' })),
            ],
          },
          {
            target: 'idle',
            actions: [remember, become('idle', (_context, event) => ({ trigger: event.type, text: 'nobody watches' }))],
          },
        ],
      },
    },
    idle: {
      meta: { text: 'not pulled: nobody watches' },
      tags: ['dark'],
      on: {
        'audience.joined': {
          target: 'awake',
          actions: [
            join,
            become('connecting', (_context, event) => ({ trigger: event.type, text: 'somebody watches' })),
          ],
        },
        'camera.configured': [
          {
            guard: 'wanted',
            target: 'awake',
            actions: [
              remember,
              become('connecting', (_context, event) => ({ trigger: event.type, text: 'kept warm' })),
            ],
          },
          { actions: remember },
        ],
      },
    },
    awake: {
      type: 'parallel',
      invoke: {
        src: 'program',
        id: 'program',
        input: ({ context }) => ({
          camera: context.id,
          name: context.settings?.name ?? context.id,
          sources: [context.active],
          silentMs: CAMERA_TIMES.silentMs,
        }),
      },
      states: {
        keep: {
          initial: 'held',
          states: {
            held: {
              on: {
                'camera.configured': { guard: 'nobodyWants', target: 'lingering', actions: linger },
                'audience.left': [
                  { guard: 'lastViewerLeft', target: 'lingering', actions: [leave, linger] },
                  { actions: leave },
                ],
              },
            },
            lingering: {
              invoke: {
                src: 'alarm',
                id: 'linger',
                input: ({ context }) => ({ name: 'linger', at: context.lingerUntil }),
              },
              on: {
                'audience.joined': { target: 'held', actions: join },
                'camera.configured': { guard: 'wanted', target: 'held' },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'linger' } },
                  target: '#camera.idle',
                  actions: become('idle', (_context, event) => ({
                    trigger: event.type,
                    text: 'nobody has watched for a while',
                  })),
                },
              },
            },
          },
        },
        picture: pictureRegion,
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

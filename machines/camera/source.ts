import type { Source } from '../../bus/events/camera.ts';
import { backoff, flapping } from '../policy/backoff.ts';
import { CAMERA_TIMES, type CameraContext, type CameraEvent, type Standing, sourceAt } from './context.ts';
import { factOf, machine, tellStandings } from './parts.ts';
import {
  comesAndGoes,
  ended,
  intakeRefused,
  offline,
  plainly,
  quarantineMs,
  relayLost,
  type SourceBecause,
  setAside,
  silent,
} from './reasons.ts';

type Heard = { context: CameraContext; event: CameraEvent };

const FRESH: Standing = {
  ...{ state: 'connecting', since: 0, why: { trigger: 'new', text: 'not yet asked' }, falls: [], lapses: [] },
  ...{ quarantines: 0, attempts: 0, deadline: 0, frozen: false },
};

/** Changes what is known of the source at a place. */
const note = (place: number, change: (standing: Standing, event: CameraEvent) => Partial<Standing>) =>
  machine.assign(({ context, event }) => {
    const source = sourceAt(context, place);
    if (!source) return {};
    const standing = context.standings[source.id] ?? FRESH;
    return { standings: { ...context.standings, [source.id]: { ...standing, ...change(standing, event) } } };
  });

/** Says that a source beside the active one came or went: an operator must know when there is no backup any more. */
const tellStandby = (place: number, state: Standing['state']) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const source = sourceAt(context, place);
    if (!source || source.id === context.active || state === 'connecting' || state === 'opening') return;
    const why = context.standings[source.id]?.why ?? { trigger: event.type, text: state };
    const data = { ...factOf(context, context.state, context.since), why, source: source.id, source_state: state };
    enqueue.emit({ type: 'camera.source', data });
  });

/** Enters a state of a source: sets it with its reason, and tells the other parts. */
const stand = (place: number, state: Standing['state'], because: SourceBecause) => [
  note(place, (standing, event) => ({
    state,
    why: because(standing, event),
    since: event.at,
    ...(state === 'flowing' ? { attempts: 0, frozen: false } : {}),
  })),
  tellStandby(place, state),
  tellStandings,
];

/** What a report tells of what the source carries. */
function carries(event: CameraEvent): Partial<Standing> {
  if (event.type === 'probe.answered') {
    const find = (media: string) => event.tracks.find((track) => track.media === media)?.codec;
    const [audio, codec] = [find('audio'), find('video')];
    return { ...(audio ? { audio } : {}), ...(codec ? { codec } : {}) };
  }
  if (event.type !== 'source.flowing') return {};
  const { codec, width, height } = event;
  return { codec, ...(width && height ? { width, height } : {}) };
}

/** Where a source is, without its password. */
const addressOf = ({ url, credential }: Source) => ({ url, ...(credential ? { credential } : {}) });

/**
 * The statechart of the source at one place of the preferred order: from knocking at its door to its packets. It is
 * the same for every place; what it comes to is kept in `standings`, where the picture and the choice look.
 */
export function sourceRegion(place: number) {
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
  const alarm = (name: string) => ({
    src: 'alarm' as const,
    id: `${name}.${place}`,
    input: ({ context }: { context: CameraContext }) => ({
      name: `${name}:${own({ context }).id}`,
      at: standing({ context }).deadline,
    }),
  });

  const learn = note(place, (_standing, event) => carries(event));
  const until = (ms: number) => note(place, (_standing, event) => ({ deadline: event.at + ms }));
  const countFall = note(place, (known, event) => ({ falls: flapping(known.falls, event.at).falls }));
  const countAttempt = note(place, (known) => ({ attempts: known.attempts + 1 }));
  // A camera did not fall when its relay did: a fall heard moments before the relay's is the same event.
  const forgiveFall = note(place, (known, event) => ({ falls: known.falls.filter((fall) => event.at - fall > 2_000) }));
  const forget = machine.assign(({ context }) => {
    const id = sourceAt(context, place)?.id;
    if (id === undefined) return {};
    const { [id]: _forgotten, ...standings } = context.standings;
    return { standings };
  });
  const intoQuarantine = [
    countFall,
    note(place, (known, event) => ({ deadline: event.at + quarantineMs(known) })),
    ...stand(place, 'quarantined', comesAndGoes),
  ];
  const flows = [learn, ...stand(place, 'flowing', plainly('its picture arrives'))];
  const region = `#camera.awake.sources.source${place}` as const;

  /** Whoever says that it flows knows better than the knocks at its door. */
  const arrives = {
    'source.flowing': { guard: mine, target: `${region}.pulled.flowing` as const, actions: flows },
    'program.switched': { guard: mine, target: `${region}.pulled.flowing` as const, actions: flows },
  };
  return machine.createStateConfig({
    initial: 'absent',
    on: {
      'camera.configured': {
        guard: ({ context, event }) =>
          event.type === 'camera.configured' &&
          JSON.stringify(event.settings.sources[place]) !== JSON.stringify(sourceAt(context, place)),
        target: '.absent',
        actions: forget,
      },
    },
    states: {
      absent: {
        always: {
          guard: ({ context }) => sourceAt(context, place) !== undefined,
          target: 'knocking',
          actions: stand(place, 'connecting', plainly('asking the camera')),
        },
      },
      knocking: {
        initial: 'connecting',
        invoke: {
          src: 'probe',
          id: `probe.${place}`,
          input: ({ context }) => ({
            source: own({ context }).id,
            ...addressOf(own({ context })),
            everyMs: CAMERA_TIMES.knockEveryMs,
            unauthorizedEveryMs: CAMERA_TIMES.unauthorizedEveryMs,
            firstAfterMs: backoff(standing({ context }).attempts, 500, 10_000).waitMs,
          }),
        },
        on: {
          ...arrives,
          'intake.lost': {
            target: '.connecting',
            actions: [forgiveFall, ...stand(place, 'connecting', relayLost)],
          },
          'probe.answered': {
            guard: mine,
            target: 'pulled',
            actions: [learn, until(CAMERA_TIMES.openingMs), ...stand(place, 'opening', plainly('it answers'))],
          },
          'probe.failed': {
            guard: (heard) =>
              mine(heard) &&
              heard.event.type === 'probe.failed' &&
              (standing(heard).state !== 'offline' || standing(heard).why.reason !== heard.event.reason),
            target: '.offline',
            actions: stand(place, 'offline', offline),
          },
        },
        states: { connecting: {}, offline: {} },
      },
      pulled: {
        initial: 'opening',
        invoke: {
          src: 'intake',
          id: `intake.${place}`,
          input: ({ context }) => ({
            camera: context.id,
            source: own({ context }).id,
            ...addressOf(own({ context })),
          }),
        },
        on: {
          'intake.lost': {
            target: '.opening',
            reenter: true,
            actions: [until(CAMERA_TIMES.openingMs), ...stand(place, 'opening', relayLost)],
          },
          'intake.refused': {
            guard: mine,
            target: 'knocking.connecting',
            actions: [countAttempt, ...stand(place, 'connecting', intakeRefused)],
          },
          'source.ended': [
            { guard: (heard) => mine(heard) && tooOften(heard), target: 'quarantined', actions: intoQuarantine },
            {
              guard: mine,
              target: 'knocking.connecting',
              actions: [countFall, ...stand(place, 'connecting', ended)],
            },
          ],
          'source.aside': { guard: mine, target: '.aside', actions: stand(place, 'aside', setAside) },
        },
        states: {
          opening: {
            invoke: alarm('opening'),
            on: {
              ...arrives,
              // A source that never flowed has not fallen: its end only means that it is not there yet.
              'source.ended': { guard: mine },
              'alarm.rang': {
                guard: rang('opening'),
                target: `${region}.knocking.offline`,
                actions: [countAttempt, ...stand(place, 'offline', offline)],
              },
            },
          },
          flowing: {
            on: {
              'source.flowing': { guard: mine, actions: learn },
              'source.silent': {
                guard: mine,
                target: 'silent',
                actions: [
                  note(place, (_known, event) => ({
                    deadline: event.at + CAMERA_TIMES.offlineAfterMs - ('silent_ms' in event ? event.silent_ms : 0),
                  })),
                  ...stand(place, 'silent', silent),
                ],
              },
            },
          },
          silent: {
            invoke: alarm('silence'),
            on: {
              ...arrives,
              'alarm.rang': [
                {
                  guard: (heard) => rang('silence')(heard) && tooOften(heard),
                  target: `${region}.quarantined`,
                  actions: intoQuarantine,
                },
                {
                  guard: rang('silence'),
                  target: `${region}.knocking.offline`,
                  actions: [countFall, ...stand(place, 'offline', offline)],
                },
              ],
            },
          },
          aside: { on: arrives },
        },
      },
      quarantined: {
        invoke: alarm('quarantine'),
        on: {
          'alarm.rang': {
            guard: rang('quarantine'),
            target: 'knocking.connecting',
            actions: [
              note(place, (known) => ({ falls: [], quarantines: known.quarantines + 1 })),
              ...stand(place, 'connecting', plainly('the quarantine is over; asking the camera')),
            ],
          },
        },
      },
    },
  });
}

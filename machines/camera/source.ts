import type { Source } from '../../bus/events/camera.ts';
import { plainly } from '../plainly.ts';
import { backoff } from '../policy/backoff.ts';
import { CAMERA_TIMES, sourceAt } from './context.ts';
import { machine } from './parts.ts';
import {
  comesAndGoes,
  ended,
  flows,
  intakeRefused,
  offline,
  otherCodec,
  quarantineMs,
  relayLost,
  silent as sendsNothing,
  setAside,
} from './reasons.ts';
import { type At, type Change, carries, countAttempt, countFall, type Heard, standingAt, until } from './standing.ts';

/** Where a source is, without its password. */
const addressOf = ({ url, credential }: Source) => ({ url, ...(credential ? { credential } : {}) });

const region = ({ place }: At): string => `#camera.awake.sources.${place < 2 ? '' : 'further.some.'}source${place}`;

/** Whoever says that it flows knows better than the knocks at its door. */
function arrives(at: At) {
  const arrival = {
    guard: at.mine,
    target: `${region(at)}.pulled.flowing`,
    actions: at.stand('flowing', flows, carries),
  };
  return { 'source.flowing': arrival, 'program.switched': arrival };
}

const quarantineLasts: Change = (known, event) => ({ deadline: event.at + quarantineMs(known) });
const intoQuarantine = ({ stand }: At) => stand('quarantined', comesAndGoes, countFall, quarantineLasts);

/** A camera did not fall when its relay did: a fall heard moments before the relay's is the same event. */
const forgiveFall: Change = ({ falls }, event) => ({ falls: falls.filter((fall) => event.at - fall > 2_000) });

/** Nobody pulls it: knocking at its door until it answers. */
function knocking(at: At) {
  const { place, own, standing, mine, stand } = at;
  const otherReason = (heard: Heard): boolean =>
    heard.event.type === 'probe.failed' &&
    (standing(heard).state !== 'offline' || standing(heard).why.reason !== heard.event.reason);
  return machine.createStateConfig({
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
      ...arrives(at),
      'intake.lost': { target: '.connecting', actions: stand('connecting', relayLost, forgiveFall) },
      'probe.answered': {
        guard: mine,
        target: 'pulled',
        actions: stand('opening', plainly('it answers'), carries, until(CAMERA_TIMES.openingMs)),
      },
      'probe.failed': {
        guard: (heard) => mine(heard) && otherReason(heard),
        target: '.offline',
        actions: stand('offline', offline),
      },
    },
    states: { connecting: {}, offline: {} },
  });
}

/** Its first packets are awaited. */
const awaited = (at: At) => ({
  invoke: at.alarm('opening'),
  on: {
    ...arrives(at),
    // A source that never flowed has not fallen: its end only means that it is not there yet.
    'source.ended': { guard: at.mine },
    'alarm.rang': {
      guard: at.rang('opening'),
      target: `${region(at)}.knocking.offline`,
      actions: at.stand('offline', offline, countAttempt),
    },
  },
});
function opening(at: At) {
  const { invoke, on } = awaited(at);
  const misfit = { guard: at.misfits, target: 'unfit', actions: at.stand('aside', otherCodec) };
  return machine.createStateConfig({ invoke, on: { ...on, 'standings.changed': misfit } });
}

/** It has told that it has another codec: if its packets come, they are for when nothing else is left. */
function unfit(at: At) {
  const { invoke, on } = awaited(at);
  const known = { guard: (heard: Heard) => at.mine(heard) && isCodec(heard), target: 'aside' };
  return machine.createStateConfig({ invoke, on: { ...on, 'source.aside': known } });
}
const isCodec = ({ event }: Heard): boolean => event.type === 'source.aside' && event.reason === 'codec';

/** Its packets arrive. */
const flowing = ({ mine, otherRemark, learn, remark, tellSize, stand }: At) =>
  machine.createStateConfig({
    on: {
      'source.flowing': [
        { guard: (heard) => mine(heard) && otherRemark(heard), actions: [tellSize, ...remark] },
        { guard: mine, actions: [tellSize, learn] },
      ],
      'source.silent': {
        guard: mine,
        target: 'silent',
        actions: stand('silent', sendsNothing, (_known, event) => ({
          deadline: event.at + CAMERA_TIMES.offlineAfterMs - (event.type === 'source.silent' ? event.silent_ms : 0),
        })),
      },
    },
  });

/** Connected, and no packet arrives. */
const silent = (at: At) =>
  machine.createStateConfig({
    invoke: at.alarm('silence'),
    on: {
      ...arrives(at),
      'alarm.rang': [
        {
          guard: (heard) => at.rang('silence')(heard) && at.tooOften(heard),
          target: `${region(at)}.quarantined`,
          actions: intoQuarantine(at),
        },
        {
          guard: at.rang('silence'),
          target: `${region(at)}.knocking.offline`,
          actions: at.stand('offline', offline, countFall),
        },
      ],
    },
  });

/** The intake pulls it. */
function pulled(at: At) {
  const { place, own, mine, tooOften, stand } = at;
  return machine.createStateConfig({
    initial: 'opening',
    invoke: {
      src: 'intake',
      id: `intake.${place}`,
      input: ({ context }) => ({ camera: context.id, source: own({ context }).id, ...addressOf(own({ context })) }),
    },
    on: {
      'intake.lost': {
        target: '.opening',
        reenter: true,
        actions: stand('opening', relayLost, until(CAMERA_TIMES.openingMs)),
      },
      'intake.refused': {
        guard: mine,
        target: 'knocking.connecting',
        actions: stand('connecting', intakeRefused, countAttempt),
      },
      'source.ended': [
        { guard: (heard) => mine(heard) && tooOften(heard), target: 'quarantined', actions: intoQuarantine(at) },
        { guard: mine, target: 'knocking.connecting', actions: stand('connecting', ended, countFall) },
      ],
      'source.aside': { guard: mine, target: '.aside', actions: stand('aside', setAside) },
    },
    states: {
      opening: opening(at),
      unfit: unfit(at),
      flowing: flowing(at),
      silent: silent(at),
      aside: { on: arrives(at) },
    },
  });
}

/** It comes and goes: left alone for a while. */
const quarantined = ({ alarm, rang, stand }: At) =>
  machine.createStateConfig({
    invoke: alarm('quarantine'),
    on: {
      'alarm.rang': {
        guard: rang('quarantine'),
        target: 'knocking.connecting',
        actions: stand('connecting', plainly('the quarantine is over; asking the camera'), (known) => ({
          falls: [],
          quarantines: known.quarantines + 1,
        })),
      },
    },
  });

/**
 * The statechart of the source at one place of the preferred order: from knocking at its door to its packets. It is
 * the same for every place; what it comes to is kept in `standings`, where the picture and the choice look.
 */
export function sourceRegion(place: number) {
  const at = standingAt(place);
  return machine.createStateConfig({
    initial: 'absent',
    on: {
      'camera.configured': {
        guard: ({ context, event }) =>
          event.type === 'camera.configured' &&
          JSON.stringify(event.settings.sources[place]) !== JSON.stringify(sourceAt(context, place)),
        target: '.absent',
        actions: at.forget,
      },
    },
    states: {
      absent: {
        always: {
          guard: ({ context }) => sourceAt(context, place) !== undefined,
          target: 'knocking',
          actions: at.stand('connecting', plainly('asking the camera')),
        },
      },
      knocking: knocking(at),
      pulled: pulled(at),
      quarantined: quarantined(at),
    },
  });
}

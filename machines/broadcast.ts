import { fromCallback, setup } from 'xstate';
import type { BroadcastHeard, BroadcastState } from '../bus/events/broadcast.ts';
import { calledIn, doerIn } from '../bus/events/doer.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import { backoff } from './policy/backoff.ts';
import type { AlarmInput, PushInput } from './slots.ts';

/** What a broadcast cell knows: plain JSON, journalled whole. */
export interface BroadcastContext {
  id: string;
  state: BroadcastState | 'new';
  since: number;
  why: Why;
  camera: string;
  zone: string;
  destination: string;
  /** Address of the destination, without its stream key. */
  to: string;
  /** The relay that pushes. */
  relay: string;
  by: string;
  by_name?: string;
  /** False while the camera's picture is lost: what is on air is the slate then, and no success. */
  picture: boolean;
  /** An encoder makes what the destination asks for. */
  encoded: boolean;
  /** Failures in a row. */
  attempts: number;
  /** Epoch ms since when nothing arrives that did before. */
  lostAt?: number;
  deadline: number;
}

/** Durations of the broadcast machine, in ms. */
export const BROADCAST_TIMES = {
  /** A destination that takes nothing for this long after the push began is tried anew. */
  connectWithinMs: 10_000,
  /** The same where an encoder has to begin first. */
  encodeWithinMs: 15_000,
  /** Bytes that stand for this long have ceased to arrive. */
  silentMs: 2_000,
  firstRetryMs: 250,
  /** A destination that is back shall be on air within two seconds. */
  longestRetryMs: 1_000,
  /** A destination that takes too little for this long is connected to anew: what waits for it is dropped. */
  lagMs: 20_000,
  /** A fault of the configuration is looked at again after this long. */
  failedMs: 30_000,
};

type Event = Stamped<BroadcastHeard>;
/** A broadcast's fact as the machine emits it; the cell stamps it. */
export interface BroadcastSaid {
  type: `broadcast.${string}`;
  data: Record<string, unknown>;
}

const machine = setup({
  types: {
    context: {} as BroadcastContext,
    events: {} as Event,
    emitted: {} as BroadcastSaid,
    input: {} as { id: string },
    tags: {} as 'wanted' | 'on-air' | 'held' | 'over',
  },
  actors: {
    push: fromCallback<Event, PushInput>(() => {}),
    alarm: fromCallback<Event, AlarmInput>(() => {}),
  },
  guards: {
    /** Late words of a relay that no longer pushes count for nothing. */
    ofThisRelay: ({ context, event }) => 'relay' in event && event.relay === context.relay,
    /** Nothing but another configuration helps. */
    fatal: ({ context, event }) =>
      event.type === 'push.refused' && event.relay === context.relay && event.fatal === true,
    laggingLong: ({ context, event }) =>
      event.type === 'push.lagging' && event.relay === context.relay && event.for_ms >= BROADCAST_TIMES.lagMs,
    /** What is told already is no news. */
    newlyLagging: ({ context, event }) =>
      event.type === 'push.lagging' && event.relay === context.relay && context.why.reason !== 'slow',
    otherPicture: ({ context, event }) => event.type === 'camera.showing' && event.picture !== context.picture,
  },
});

/** A reason that needs nothing to be worked out. */
const plainly =
  (text: string) =>
  (_context: BroadcastContext, { type }: Event): Why => ({ trigger: type, text });

/** Enters a state: sets it with its reason, and says so. */
const become = (state: BroadcastState, because: (context: BroadcastContext, event: Event) => Why) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    const onAir = state === 'on-air';
    const recoverMs = onAir && context.lostAt !== undefined ? event.at - context.lostAt : undefined;
    const lost = context.state === 'on-air' ? event.at : context.lostAt;
    const lostAt = onAir || state === 'stopped' ? undefined : lost;
    const since = state === context.state ? context.since : event.at;
    enqueue.assign({ state, since, why, lostAt });
    const { camera, zone, destination, relay, picture } = context;
    enqueue.emit({
      type: `broadcast.${state}`,
      data: {
        ...{ camera, zone, destination, relay, ...doerIn(context), state, from: context.state, since, why, picture },
        ...(recoverMs === undefined ? {} : { recover_ms: recoverMs }),
      },
    });
  });

/** How long a push may take to begin. */
const patienceMs = ({ encoded }: { encoded: boolean }): number =>
  encoded ? BROADCAST_TIMES.encodeWithinMs : BROADCAST_TIMES.connectWithinMs;

const begin = machine.assign(({ event }) => {
  if (event.type !== 'broadcast.requested') return {};
  const { camera, zone, destination, to, relay, picture, encoded = false } = event;
  const deadline = event.at + patienceMs({ encoded });
  const wish = { camera, zone, destination, to, relay, picture, encoded };
  return { ...wish, by_name: undefined, ...doerIn(event), attempts: 0, deadline };
});
const connectAgain = machine.assign(({ context, event }) => ({ deadline: event.at + patienceMs(context) }));
const failed = machine.assign(({ context, event }) => {
  const attempts = context.attempts + 1;
  const { waitMs } = backoff(attempts, BROADCAST_TIMES.firstRetryMs, BROADCAST_TIMES.longestRetryMs);
  return { attempts, deadline: event.at + waitMs };
});
const givenUp = machine.assign(({ event }) => ({ deadline: event.at + BROADCAST_TIMES.failedMs }));
const arrived = machine.assign({ attempts: 0 });
const moveOn = machine.assign(({ context, event }) =>
  event.type === 'broadcast.moved' ? { relay: event.relay, deadline: event.at + patienceMs(context) } : {},
);
const notePicture = machine.assign(({ event }) => (event.type === 'camera.showing' ? { picture: event.picture } : {}));

const requested = become('connecting', (context, event) => ({
  trigger: event.type,
  text: `asked for by ${calledIn(context)}; connecting to ${context.destination}`,
}));
const triedAgain = become('connecting', (context, event) => ({
  trigger: event.type,
  text: `trying ${context.destination} again`,
  guard: { attempts: context.attempts },
}));
const arrives = (event: Event) =>
  event.type === 'push.flowing' && event.confirmed
    ? 'the destination confirms that bytes arrive'
    : 'bytes leave for the destination, which can’t be asked';
const onAir = become('on-air', (context, event) => ({
  trigger: event.type,
  text: context.picture ? arrives(event) : 'bytes arrive, but of the slate: the camera has no picture',
  ...(context.picture ? {} : { reason: 'slate' }),
  ...(event.type === 'push.flowing'
    ? { guard: { bytes: event.bytes, elapsed_ms: event.elapsed_ms, confirmed: event.confirmed } }
    : {}),
}));
const shown = become('on-air', (context, event) => ({
  trigger: event.type,
  text: context.picture
    ? 'the camera’s picture is on air again'
    : 'the camera’s picture is lost: the destination gets the slate',
  ...(context.picture ? {} : { reason: 'slate' }),
}));
const slowed = become('on-air', (_context, event) => ({
  trigger: event.type,
  reason: 'encoder-slow',
  text: `on air, but the encoder can’t keep up: it makes ${event.type === 'push.slow' ? event.speed : 0} s in a second`,
}));
const resumed = become('on-air', (context, event) => ({
  trigger: event.type,
  reason: context.picture ? 'reconnected' : 'slate',
  text: 'on air again over a new connection',
  ...(event.type === 'push.reconnected' ? { guard: { gap_ms: event.gap_ms } } : {}),
}));
const keepsUp = become('on-air', plainly('all of it is on air again'));
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const lagging = become('on-air', (_context, event) => ({
  trigger: event.type,
  reason: 'slow',
  text: `on air, but the destination takes only ${percent(event.type === 'push.lagging' ? event.taken : 0)} of it`,
}));
const retrying = become('retrying', (context, event) => {
  const because = backoff(context.attempts, BROADCAST_TIMES.firstRetryMs, BROADCAST_TIMES.longestRetryMs);
  const retry = { retry_ms: because.waitMs, attempts: context.attempts };
  if (event.type === 'push.refused') {
    return { trigger: event.type, reason: 'refused', text: `the push failed: ${event.detail}`, guard: retry };
  }
  if (event.type === 'push.ended') {
    const reason = `encoder-${event.cause}`;
    return { trigger: event.type, reason, text: `the encoder ${event.cause}: ${event.detail}`, guard: retry };
  }
  if (event.type === 'push.silent') {
    const said = event.detail ? `: ${event.detail}` : '';
    const guard = { ...retry, silent_ms: event.silent_ms };
    return { trigger: event.type, reason: 'silent', text: `the destination takes nothing any more${said}`, guard };
  }
  if (event.type === 'push.lagging') {
    const text = `the destination takes only ${percent(event.taken)} of what is sent: too slow for a picture`;
    return { trigger: event.type, reason: 'slow', text, guard: { ...retry, for_ms: event.for_ms } };
  }
  return {
    trigger: event.type,
    reason: 'timeout',
    text: `the destination took nothing within ${patienceMs(context) / 1000} s`,
    guard: retry,
  };
});
const hopeless = become('failed', (_context, event) => ({
  trigger: event.type,
  reason: 'configuration',
  text: `${event.type === 'push.refused' ? event.detail : 'it can’t be pushed'}; looked at again in ${BROADCAST_TIMES.failedMs / 1000} s`,
}));
const movedAway = become('connecting', (_context, event) =>
  event.type === 'broadcast.moved' ? event.why : { trigger: event.type, text: 'another relay pushes now' },
);
const held = become('waiting', (_context, event) =>
  event.type === 'broadcast.held' ? event.why : { trigger: event.type, text: 'it waits' },
);
const freed = become('connecting', plainly('it need not wait any more'));
const stopped = become('stopped', (_context, event) => ({
  trigger: event.type,
  text: event.type === 'broadcast.stopped' ? `stopped by ${calledIn(event)}` : 'stopped',
}));

const fails = { target: 'retrying', actions: [failed, retrying] } as const;

/**
 * The push of one camera to one destination. On air means that bytes rise at the destination's socket, not that one
 * was opened; everything else is tried again, until somebody stops it.
 */
export const broadcastMachine = machine.createMachine({
  id: 'broadcast',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet asked for' },
    camera: '',
    zone: '',
    destination: '',
    to: '',
    relay: '',
    by: '',
    picture: false,
    encoded: false,
    attempts: 0,
    deadline: 0,
  }),
  initial: 'new',
  states: {
    new: { on: { 'broadcast.requested': { target: 'wanted', actions: [begin, requested] } } },
    wanted: {
      tags: ['wanted'],
      initial: 'pushing',
      on: {
        'broadcast.stopped': { target: 'stopped', actions: stopped },
        'broadcast.moved': { target: '.pushing', actions: [moveOn, movedAway] },
        'broadcast.held': { target: '.waiting', actions: held },
        'camera.showing': { actions: notePicture },
      },
      states: {
        pushing: {
          initial: 'connecting',
          invoke: {
            src: 'push',
            id: 'push',
            input: ({ context }) => ({
              broadcast: context.id,
              camera: context.camera,
              destination: context.destination,
              relay: context.relay,
              silentMs: BROADCAST_TIMES.silentMs,
            }),
          },
          on: {
            'push.refused': [
              { guard: 'fatal', target: '#broadcast.wanted.failed', actions: [givenUp, hopeless] },
              { guard: 'ofThisRelay', ...fails },
            ],
            'push.ended': { guard: 'ofThisRelay', ...fails },
          },
          states: {
            connecting: {
              meta: { text: 'waits for the destination to take bytes' },
              invoke: {
                src: 'alarm',
                id: 'connect',
                input: ({ context }) => ({ name: 'connect', at: context.deadline }),
              },
              on: {
                'push.flowing': { guard: 'ofThisRelay', target: 'onAir', actions: [arrived, onAir] },
                'alarm.rang': { target: '#broadcast.wanted.retrying', actions: [failed, retrying] },
              },
            },
            onAir: {
              tags: ['on-air'],
              meta: { text: 'bytes arrive at the destination' },
              on: {
                'push.silent': {
                  guard: 'ofThisRelay',
                  target: '#broadcast.wanted.retrying',
                  actions: [failed, retrying],
                },
                'push.reconnected': { guard: 'ofThisRelay', actions: resumed },
                'push.slow': { guard: 'ofThisRelay', actions: slowed },
                'push.lagging': [
                  { guard: 'laggingLong', target: '#broadcast.wanted.retrying', actions: [failed, retrying] },
                  { guard: 'newlyLagging', actions: lagging },
                ],
                'push.steady': { guard: 'ofThisRelay', actions: keepsUp },
                'camera.showing': { guard: 'otherPicture', actions: [notePicture, shown] },
              },
            },
          },
        },
        failed: {
          meta: { text: 'the configuration is wrong; looked at again after a while' },
          invoke: { src: 'alarm', id: 'retry', input: ({ context }) => ({ name: 'retry', at: context.deadline }) },
          on: { 'alarm.rang': { target: 'pushing', actions: [connectAgain, triedAgain] } },
        },
        waiting: {
          tags: ['held'],
          meta: { text: 'lets others go first: there is not enough for all' },
          on: {
            'broadcast.freed': { target: 'pushing', actions: [connectAgain, freed] },
            'broadcast.moved': { actions: moveOn },
            'broadcast.held': {},
          },
        },
        retrying: {
          meta: { text: 'waits before the next attempt' },
          invoke: { src: 'alarm', id: 'retry', input: ({ context }) => ({ name: 'retry', at: context.deadline }) },
          on: { 'alarm.rang': { target: 'pushing', actions: [connectAgain, triedAgain] } },
        },
      },
    },
    stopped: {
      tags: ['over'],
      meta: { text: 'nothing is pushed' },
      on: { 'broadcast.requested': { target: 'wanted', actions: [begin, requested] } },
    },
  },
});

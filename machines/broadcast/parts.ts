import { fromCallback, setup } from 'xstate';
import type { BroadcastState } from '../../bus/events/broadcast.ts';
import { doerIn } from '../../bus/events/doer.ts';
import { backoff } from '../policy/backoff.ts';
import type { AlarmInput, PushInput } from '../slots.ts';
import { BROADCAST_TIMES, type BroadcastContext, type BroadcastEvent, type BroadcastSaid } from './context.ts';
import { type Because, patienceMs } from './reasons.ts';

/** The broadcast machine's types, slots and guards; its chart is in `../broadcast.ts`. */
export const machine = setup({
  types: {
    context: {} as BroadcastContext,
    events: {} as BroadcastEvent,
    emitted: {} as BroadcastSaid,
    input: {} as { id: string },
    tags: {} as 'wanted' | 'on-air' | 'held' | 'over',
  },
  actors: {
    push: fromCallback<BroadcastEvent, PushInput>(() => {}),
    alarm: fromCallback<BroadcastEvent, AlarmInput>(() => {}),
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

/** Enters a state: sets it with its reason, and says so. */
export const become = (state: BroadcastState, because: Because) =>
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

/** Takes down what is asked for, and begins to be patient. */
export const begin = machine.assign(({ event }) => {
  if (event.type !== 'broadcast.requested') return {};
  const { camera, zone, destination, to, relay, picture, encoded = false } = event;
  const deadline = event.at + patienceMs({ encoded });
  const wish = { camera, zone, destination, to, relay, picture, encoded };
  return { ...wish, by_name: undefined, ...doerIn(event), attempts: 0, deadline };
});
/** Is patient anew. */
export const connectAgain = machine.assign(({ context, event }) => ({ deadline: event.at + patienceMs(context) }));
/** Counts a failure, and waits before the next attempt. */
export const failed = machine.assign(({ context, event }) => {
  const attempts = context.attempts + 1;
  const { waitMs } = backoff(attempts, BROADCAST_TIMES.firstRetryMs, BROADCAST_TIMES.longestRetryMs);
  return { attempts, deadline: event.at + waitMs };
});
/** Waits for another configuration. */
export const givenUp = machine.assign(({ event }) => ({ deadline: event.at + BROADCAST_TIMES.failedMs }));
/** Failures before do not count any more. */
export const arrived = machine.assign({ attempts: 0 });
/** Another relay pushes. */
export const moveOn = machine.assign(({ context, event }) =>
  event.type === 'broadcast.moved' ? { relay: event.relay, deadline: event.at + patienceMs(context) } : {},
);
/** Whether what is pushed is the picture or the slate. */
export const notePicture = machine.assign(({ event }) =>
  event.type === 'camera.showing' ? { picture: event.picture } : {},
);

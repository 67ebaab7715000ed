import { fromCallback, setup } from 'xstate';
import type { Why } from '../../bus/events/why.ts';
import { access } from '../policy/access.ts';
import type { AlarmInput, SeatInput } from '../slots.ts';
import { VIEWER_TIMES, type ViewerContext, type ViewerEvent, type ViewerSaid } from './context.ts';

/** Whether a request is let in, and why or why not. */
function admission(event: Extract<ViewerEvent, { type: 'viewer.requested' }>): { allowed: boolean; why: Why } {
  const right = access(event.subject, { camera: event.camera, zone: event.zone }, 'watch');
  if (!right.allowed || event.held < event.quota) return right;
  return {
    allowed: false,
    why: {
      trigger: event.type,
      reason: 'quota',
      text: `${event.subject.sub} already has ${event.held} of ${event.quota} allowed sessions: close one first`,
      guard: { held: event.held, quota: event.quota },
    },
  };
}

/** The viewer machine's types, slots and guards; its chart is in `../viewer.ts`. */
export const machine = setup({
  types: {
    context: {} as ViewerContext,
    events: {} as ViewerEvent,
    emitted: {} as ViewerSaid,
    input: {} as { id: string },
    tags: {} as 'open' | 'over',
  },
  actors: {
    seat: fromCallback<ViewerEvent, SeatInput>(() => {}),
    alarm: fromCallback<ViewerEvent, AlarmInput>(() => {}),
  },
  guards: {
    admissible: ({ event }) => event.type === 'viewer.requested' && admission(event).allowed,
    knownLeg: ({ context, event }) => event.type === 'leg.playing' && Object.hasOwn(context.legs, event.leg),
    lastSeat: ({ context, event }) =>
      event.type === 'seat.left' &&
      Object.values(context.legs).every((leg) => leg.relay_session === event.relay_session),
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
  },
});

/** Enters a state: sets it with its reason, and says so. */
const become = (state: string, because: (context: ViewerContext, event: ViewerEvent) => Why) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: now }) => said(state, context.state, now, why));
  });

function said(event: string, from: string, now: ViewerContext, why: Why): ViewerSaid {
  return {
    type: `viewer.${event}`,
    data: {
      camera: now.camera,
      zone: now.zone,
      subject: now.subject?.sub ?? '',
      protocol: now.protocol,
      quality: now.quality,
      relay: now.relay,
      state: now.state,
      from,
      since: now.since,
      why,
      expires_at: now.expires_at,
      ...(now.first_frame_ms === undefined ? {} : { first_frame_ms: now.first_frame_ms }),
    },
  };
}

/** Takes over what was asked for. */
export const request = machine.assign(({ event }) => {
  if (event.type !== 'viewer.requested') return {};
  const { camera, zone, subject, protocol, quality, relay, address, expires_at } = event;
  return { camera, zone, subject, protocol, quality, relay, address, expires_at };
});
/** Somebody must connect by then. */
export const waitForConnection = machine.assign(({ event }) => ({ deadline: event.at + VIEWER_TIMES.connectMs }));
const without = (legs: ViewerContext['legs'], relaySession: string): ViewerContext['legs'] =>
  Object.fromEntries(Object.entries(legs).filter(([, leg]) => leg.relay_session !== relaySession));
/** A leg was opened at a relay. */
export const seatLeg = machine.assign(({ context, event }) => {
  if (event.type !== 'leg.opened') return {};
  const { relay, leg, relay_session } = event;
  return { relay, legs: { ...without(context.legs, relay_session), [leg]: { relay, relay_session } } };
});
// The relay may show a session before, or without, anybody telling of a leg: then the session names the leg.
export const seatSession = machine.assign(({ context, event }) => {
  if (event.type !== 'seat.taken') return {};
  const { relay_session } = event;
  if (Object.values(context.legs).some((leg) => leg.relay_session === relay_session)) return {};
  return { legs: { ...context.legs, [relay_session]: { relay: context.relay, relay_session } } };
});
/** A session is gone from the relay. */
export const dropSeat = machine.assign(({ context, event }) =>
  event.type === 'seat.left' ? { legs: without(context.legs, event.relay_session) } : {},
);
/** The first measured first frame counts. */
export const noteFirstFrame = machine.assign(({ context, event }) =>
  event.type === 'leg.playing' && context.first_frame_ms === undefined && event.first_frame_ms !== undefined
    ? { first_frame_ms: event.first_frame_ms }
    : {},
);
/** The entitlement lasts longer. */
export const renew = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'viewer.renewed') return;
  enqueue.assign({ expires_at: event.expires_at });
  enqueue.emit(({ context: now }) =>
    said('renewed', context.state, now, { trigger: event.type, text: 'the entitlement was prolonged' }),
  );
});

/** The network's verdict changed: told, and nothing more yet. */
export const tellPath = (what: 'degraded' | 'recovered', text: string) =>
  machine.emit(({ context, event }) => {
    const guard =
      'after_ms' in event ? { leg: event.leg, after_ms: event.after_ms, loss: event.loss, fps: event.fps } : {};
    return said(what, context.state, context, { trigger: event.type, text, guard });
  });

/** Ends the session for a reason. */
export const ended = (reason: string, text: string) =>
  become('ended', (_context, event) => ({
    trigger: event.type,
    reason,
    text,
    ...('by' in event && event.by
      ? { guard: { by: event.by, ...('reason' in event ? { reason: event.reason } : {}) } }
      : {}),
  }));

const decision = (_context: ViewerContext, event: ViewerEvent): Why => {
  if (event.type !== 'viewer.requested') throw new Error(`a ${event.type} decides no admission`);
  return admission(event).why;
};
/** Entering each state, with why. */
export const admitted = become('admitted', decision);
export const denied = become('denied', decision);
export const connecting = become('connecting', (_context, event) => ({
  trigger: event.type,
  text: 'the relay answered; the connection is being made',
}));
export const seatLost = become('connecting', (_context, event) => ({
  trigger: event.type,
  reason: 'seat-left',
  text: 'the connection to the relay ended; waiting for the player to return',
}));
export const watching = become('watching', (_context, event) => ({
  trigger: event.type,
  text: 'the picture is on screen',
}));

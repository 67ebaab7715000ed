import { fromCallback, setup } from 'xstate';
import { doerIn } from '../../bus/events/doer.ts';
import type { ViewerState } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';
import { adapt, leaveLate } from '../policy/adaptation.ts';
import { admission } from '../policy/admission.ts';
import type { AlarmInput, SeatInput } from '../slots.ts';
import { VIEWER_TIMES, type ViewerContext, type ViewerEvent, type ViewerSaid } from './context.ts';

/** What follows from what the network, or the picture itself, shows; undefined when the event tells nothing of that. */
export function adaptation(context: ViewerContext, event: ViewerEvent) {
  if (event.type !== 'path.degraded' && event.type !== 'path.recovered' && event.type !== 'rung.late') return undefined;
  const { quality: now, turns, fixed, ceiling } = context;
  const highest = event.rungs.findIndex(({ name }) => name === ceiling?.rung);
  const rungs = event.rungs.slice(Math.max(0, highest));
  if (event.type === 'rung.late') {
    // Whoever has left it meanwhile is told too late.
    if (context.legs[event.leg]?.quality !== now) return undefined;
    return leaveLate({ rungs, now, fixed, lateMs: event.late_ms });
  }
  const { at, collapsed = false, after_ms: afterMs, loss, kbps, available_kbps: availableKbps } = event;
  const queue = event.queue_ms === undefined ? {} : { queueMs: event.queue_ms };
  const whole =
    event.received_fps === undefined ? {} : { whole: { receivedFps: event.received_fps, shownFps: event.fps } };
  const sign = { good: event.type === 'path.recovered', collapsed, afterMs, loss, kbps, ...queue, ...whole };
  return adapt({ at, rungs, now, sign, turns, fixed, availableKbps });
}

/** Whether the relay that a viewer is to leave, and has not lost, carries the picture still: until it ends that, nothing is lost. */
const isStillCarried = ({ move, legs, relay }: ViewerContext): boolean =>
  (move?.reason === 'draining' || move?.reason === 'rebalance') &&
  Object.entries(legs).some(([leg, at]) => leg !== move.leg && at.relay === relay);

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
    /** The leg that plays now is at another relay than the picture was. */
    elsewhere: ({ context, event }) =>
      event.type === 'leg.playing' && ![undefined, context.relay].includes(context.legs[event.leg]?.relay),
    carried: ({ context, event }) =>
      event.type === 'relay.lost' &&
      (event.relay === context.relay || Object.values(context.legs).every(({ relay }) => relay === event.relay)),
    /** Nobody could be told to move, so whoever connects has come by himself. */
    unguided: ({ context }) => context.move?.leg === undefined,
    /** The player gave up a move that it made by itself, or that could wait: the picture moves where it was. */
    givenUp: ({ context, event }) =>
      event.type === 'leg.closed' &&
      context.move?.leg === event.leg &&
      (context.move.reason === 'silence'
        ? Object.keys(context.legs).some((leg) => leg !== event.leg)
        : isStillCarried(context)),
    /** Where it should have gone it was not taken, and its picture is there still. */
    notTaken: ({ context, event }) =>
      event.type === 'leg.refused' && context.move?.leg === event.leg && isStillCarried(context),
    /** It did not go in time where it should have gone, and its picture is there still. */
    notGone: ({ context, event }) => event.type === 'alarm.rang' && event.name === 'move' && isStillCarried(context),
    /** What the network shows leads to another rung, and not to the one that it goes to already. */
    adapts: ({ context, event }) => {
      const rung = adaptation(context, event)?.rung;
      return rung !== undefined && rung !== context.move?.rung?.name;
    },
    /** It goes down to what it was allotted; up only where it was held down. */
    allottedOther: ({ context, event }) => {
      if (event.type !== 'bandwidth.allotted' || event.rung === context.quality) return false;
      const place = (rung: string) => event.rungs.findIndex(({ name }) => name === rung);
      return place(event.rung) > place(context.quality) || context.quality === context.ceiling?.rung;
    },
    /** The leg that plays now shows the rung that was to come. */
    onRung: ({ context, event }) =>
      event.type === 'leg.playing' && context.legs[event.leg]?.quality === context.move?.rung?.name,
    /** The player gave the rung up that was to come, and still has another leg. */
    rungGivenUp: ({ context, event }) =>
      event.type === 'leg.closed' &&
      context.legs[event.leg]?.quality === context.move?.rung?.name &&
      Object.keys(context.legs).some((leg) => leg !== event.leg),
    lastSeat: ({ context, event }) =>
      event.type === 'seat.left' &&
      Object.values(context.legs).every((leg) => leg.relay_session === event.relay_session),
    lastLeg: ({ context, event }) =>
      event.type === 'leg.closed' && Object.keys(context.legs).every((leg) => leg === event.leg),
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
  },
});

/** Enters a state: sets it with its reason, and says so. @param fact what it says, when that is not the state's name */
export const become = (
  state: ViewerState,
  because: (context: ViewerContext, event: ViewerEvent) => Why,
  fact: string = state,
) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: now }) => said(fact, context.state, now, why));
  });

/** A fact about a viewer. @param from the state before */
export function said(event: string, from: string, now: ViewerContext, why: Why): ViewerSaid {
  const { detect_ms, decide_ms, ended: moved, rung } = now.move ?? {};
  return {
    type: `viewer.${event}`,
    data: {
      camera: now.camera,
      zone: now.zone,
      subject: now.subject?.sub ?? '',
      protocol: now.protocol,
      quality: now.quality,
      ladder: now.ladder || (now.state === 'moving' && rung?.ladder === true),
      relay: now.relay,
      standby: now.standby,
      state: now.state,
      from,
      since: now.since,
      why,
      expires_at: now.expires_at,
      ...(now.first_frame_ms === undefined ? {} : { first_frame_ms: now.first_frame_ms }),
      ...(moved ? { kind: rung ? 'rung' : 'relay', ...moved, detect_ms, decide_ms } : {}),
    },
  };
}

/** Takes over what was asked for. */
export const request = machine.assign(({ event }) => {
  if (event.type !== 'viewer.requested') return {};
  const { camera, zone, subject, protocol, quality, relay, standby, address, expires_at } = event;
  // Over HLS a player sees nothing but the ladder.
  const { fixed = false, ladder = protocol === 'hls', h265 } = event;
  const picture = { quality, fixed, ladder, ...(h265 ? { h265 } : {}) };
  return { camera, zone, subject, protocol, ...picture, relay, standby, address, expires_at };
});
/** Somebody must connect by then. */
export const waitForConnection = machine.assign(({ event }) => ({ deadline: event.at + VIEWER_TIMES.connectMs }));
/** The legs but for those of which `gone` holds. */
const without = (legs: ViewerContext['legs'], gone: (leg: ViewerContext['legs'][string], name: string) => boolean) =>
  Object.fromEntries(Object.entries(legs).filter(([name, leg]) => !gone(leg, name)));
const withLeg = (
  { legs }: ViewerContext,
  { leg, relay, path, relay_session, quality, ladder }: Extract<ViewerEvent, { type: 'leg.opened' }>,
) => ({
  ...without(legs, (one) => one.relay_session === relay_session),
  [leg]: { relay, path, relay_session, ...(quality === undefined ? {} : { quality, ladder: ladder ?? false }) },
});
/** A leg was opened at a relay, beside the picture that is there, or to become the first one. */
export const addLeg = machine.assign(({ context, event }) =>
  event.type === 'leg.opened' ? { legs: withLeg(context, event) } : {},
);
/** The same for one that is expected to give the picture. */
export const seatLeg = machine.assign(({ context, event }) =>
  event.type === 'leg.opened' ? { relay: event.relay, legs: withLeg(context, event) } : {},
);
// The relay may show a session before, or without, anybody telling of a leg: then the session names the leg.
export const seatSession = machine.assign(({ context, event }) => {
  if (event.type !== 'seat.taken') return {};
  const { relay, relay_session } = event;
  if (Object.values(context.legs).some((leg) => leg.relay_session === relay_session)) return {};
  return { legs: { ...context.legs, [relay_session]: { relay, path: context.camera, relay_session } } };
});
/** The player closed a leg. */
export const dropLeg = machine.assign(({ context, event }) =>
  event.type === 'leg.closed' ? { legs: without(context.legs, (_leg, name) => name === event.leg) } : {},
);
/** A relay is gone, and with it every leg that was there. */
export const forgetRelay = machine.assign(({ context, event }) => {
  if (event.type !== 'relay.lost') return {};
  const standby = context.standby === event.relay ? '' : context.standby;
  return { standby, legs: without(context.legs, ({ relay }) => relay === event.relay) };
});
/** Where the viewer would go. */
export const noteStandby = machine.assign(({ event }) =>
  event.type === 'standby.chosen' ? { standby: event.relay } : {},
);
/** A session is gone from the relay. */
export const dropSeat = machine.assign(({ context, event }) =>
  event.type === 'seat.left'
    ? { legs: without(context.legs, ({ relay_session }) => relay_session === event.relay_session) }
    : {},
);
/** The picture is what the leg in front shows. */
export const noteQuality = machine.assign(({ context, event }) => {
  const leg = event.type === 'leg.playing' ? context.legs[event.leg] : undefined;
  return leg?.quality === undefined ? {} : { quality: leg.quality, ladder: leg.ladder ?? false };
});
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

/** Ends the session for a reason. */
export const ended = (reason: string, text: string) =>
  become('ended', (_context, event) => ({
    trigger: event.type,
    reason,
    text,
    ...('by' in event && event.by
      ? { guard: { ...doerIn(event), ...('reason' in event ? { reason: event.reason } : {}) } }
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
  reason: event.type === 'leg.closed' ? 'leg-closed' : 'seat-left',
  text:
    event.type === 'leg.closed'
      ? 'the player closed its connection; waiting for it to return'
      : 'the connection to the relay ended; waiting for the player to return',
}));
export const watching = become('watching', (_context, event) => ({
  trigger: event.type,
  text: 'the picture is on screen',
}));

import { fromCallback, setup } from 'xstate';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Subject, ViewerHeard } from '../bus/events/viewer.ts';
import type { Why } from '../bus/events/why.ts';
import { access } from './policy/access.ts';
import type { AlarmInput, SeatInput } from './slots.ts';

/** What a viewer session knows: plain JSON, journalled whole. No token, no SDP. */
export interface ViewerContext {
  id: string;
  state: string;
  since: number;
  why: Why;
  camera: string;
  zone: string;
  /** Undefined only before `viewer.requested`. */
  subject?: Subject;
  protocol: string;
  quality: string;
  relay: string;
  address: string;
  /** Epoch ms at which the entitlement ends. */
  expires_at: number;
  /** The player's peer connections, by leg: where each is seated. */
  legs: Record<string, { relay: string; relay_session: string }>;
  first_frame_ms?: number;
  /** Epoch ms by which somebody must have connected. */
  deadline: number;
}

/** Durations of the viewer machine, in ms. */
export const VIEWER_TIMES = {
  /** A session that nobody connects to, or that nobody returns to, ends after this long. */
  connectMs: 30_000,
  /** The longest a relay token of a session lives: after the end, returns are cut for this long. */
  relayTokenMs: 60_000,
};

type Event = Stamped<ViewerHeard>;
/** A viewer's fact as the machine emits it; the cell stamps it. */
export interface ViewerSaid {
  type: `viewer.${string}`;
  data: Record<string, unknown>;
}

/** Whether a request is let in, and why or why not. */
function admission(event: Extract<Event, { type: 'viewer.requested' }>): { allowed: boolean; why: Why } {
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

const machine = setup({
  types: {
    context: {} as ViewerContext,
    events: {} as Event,
    emitted: {} as ViewerSaid,
    input: {} as { id: string },
    tags: {} as 'open' | 'over',
  },
  actors: {
    seat: fromCallback<Event, SeatInput>(() => {}),
    alarm: fromCallback<Event, AlarmInput>(() => {}),
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
const become = (state: string, because: (context: ViewerContext, event: Event) => Why) =>
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

const request = machine.assign(({ event }) => {
  if (event.type !== 'viewer.requested') return {};
  const { camera, zone, subject, protocol, quality, relay, address, expires_at } = event;
  return { camera, zone, subject, protocol, quality, relay, address, expires_at };
});
const waitForConnection = machine.assign(({ event }) => ({ deadline: event.at + VIEWER_TIMES.connectMs }));
const without = (legs: ViewerContext['legs'], relaySession: string): ViewerContext['legs'] =>
  Object.fromEntries(Object.entries(legs).filter(([, leg]) => leg.relay_session !== relaySession));
const seatLeg = machine.assign(({ context, event }) => {
  if (event.type !== 'leg.opened') return {};
  const { relay, leg, relay_session } = event;
  return { relay, legs: { ...without(context.legs, relay_session), [leg]: { relay, relay_session } } };
});
// The relay may show a session before, or without, anybody telling of a leg: then the session names the leg.
const seatSession = machine.assign(({ context, event }) => {
  if (event.type !== 'seat.taken') return {};
  const { relay_session } = event;
  if (Object.values(context.legs).some((leg) => leg.relay_session === relay_session)) return {};
  return { legs: { ...context.legs, [relay_session]: { relay: context.relay, relay_session } } };
});
const dropSeat = machine.assign(({ context, event }) =>
  event.type === 'seat.left' ? { legs: without(context.legs, event.relay_session) } : {},
);
const noteFirstFrame = machine.assign(({ context, event }) =>
  event.type === 'leg.playing' && context.first_frame_ms === undefined && event.first_frame_ms !== undefined
    ? { first_frame_ms: event.first_frame_ms }
    : {},
);
const renew = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'viewer.renewed') return;
  enqueue.assign({ expires_at: event.expires_at });
  enqueue.emit(({ context: now }) =>
    said('renewed', context.state, now, { trigger: event.type, text: 'the entitlement was prolonged' }),
  );
});

/** The network's verdict changed: told, and nothing more yet. */
const tellPath = (what: 'degraded' | 'recovered', text: string) =>
  machine.emit(({ context, event }) => {
    const guard =
      'after_ms' in event ? { leg: event.leg, after_ms: event.after_ms, loss: event.loss, fps: event.fps } : {};
    return said(what, context.state, context, { trigger: event.type, text, guard });
  });

const ended = (reason: string, text: string) =>
  become('ended', (_context, event) => ({
    trigger: event.type,
    reason,
    text,
    ...('by' in event && event.by
      ? { guard: { by: event.by, ...('reason' in event ? { reason: event.reason } : {}) } }
      : {}),
  }));

const decision = (_context: ViewerContext, event: Event): Why => {
  if (event.type !== 'viewer.requested') throw new Error(`a ${event.type} decides no admission`);
  return admission(event).why;
};
const admitted = become('admitted', decision);
const denied = become('denied', decision);
const connecting = become('connecting', (_context, event) => ({
  trigger: event.type,
  text: 'the relay answered; the connection is being made',
}));
const seatLost = become('connecting', (_context, event) => ({
  trigger: event.type,
  reason: 'seat-left',
  text: 'the connection to the relay ended; waiting for the player to return',
}));
const watching = become('watching', (_context, event) => ({ trigger: event.type, text: 'the picture is on screen' }));

/**
 * A viewer session: one person's entitlement to one camera, from the request to its end.
 *
 * The seat at the relay is held from admission to the end, so that whatever connects with this session's tokens is
 * seen, and is cut the moment the session ends.
 */
export const viewerMachine = machine.createMachine({
  id: 'viewer',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet requested' },
    camera: '',
    zone: '',
    protocol: '',
    quality: '',
    relay: '',
    address: '',
    expires_at: 0,
    legs: {},
    deadline: 0,
  }),
  initial: 'requested',
  states: {
    requested: {
      meta: { text: 'asks to watch' },
      on: {
        'viewer.requested': [
          { guard: 'admissible', target: 'open', actions: [request, waitForConnection, admitted] },
          { target: 'denied', actions: [request, denied] },
        ],
      },
    },
    open: {
      tags: ['open'],
      type: 'parallel',
      invoke: {
        src: 'seat',
        id: 'seat',
        input: ({ context }) => ({
          session: context.id,
          relay: context.relay,
          // A token inside an address lives as long as the session was meant to.
          tokenLifeMs: context.protocol === 'rtsp' ? context.expires_at - context.since : VIEWER_TIMES.relayTokenMs,
        }),
      },
      on: {
        'viewer.revoked': { target: 'ended', actions: ended('revoked', 'the right to watch was taken back') },
        'viewer.closed': { target: 'ended', actions: ended('closed', 'the viewer left') },
        'camera.removed': { target: 'ended', actions: ended('camera-removed', 'the camera was taken out') },
      },
      states: {
        entitlement: {
          initial: 'valid',
          states: {
            valid: {
              invoke: {
                src: 'alarm',
                id: 'expiry',
                input: ({ context }) => ({ name: 'expiry', at: context.expires_at }),
              },
              on: {
                'viewer.renewed': { target: 'valid', reenter: true, actions: renew },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'expiry' } },
                  target: '#viewer.ended',
                  actions: ended('expired', 'the entitlement ran out and was not renewed'),
                },
              },
            },
          },
        },
        path: {
          initial: 'good',
          states: {
            good: {
              on: {
                'path.degraded': {
                  target: 'degraded',
                  actions: tellPath('degraded', 'the network to this viewer loses packets or frames'),
                },
              },
            },
            degraded: {
              on: {
                'path.recovered': {
                  target: 'good',
                  actions: tellPath('recovered', 'the network to this viewer is good again'),
                },
              },
            },
          },
        },
        picture: {
          initial: 'admitted',
          states: {
            admitted: {
              meta: { text: 'let in; nobody has connected yet' },
              invoke: {
                src: 'alarm',
                id: 'connect',
                input: ({ context }) => ({ name: 'connect', at: context.deadline }),
              },
              on: {
                'leg.opened': { target: 'connecting', actions: [seatLeg, waitForConnection, connecting] },
                'seat.taken': { target: 'watching', actions: [seatSession, watching] },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'connect' } },
                  target: '#viewer.ended',
                  actions: ended('never-connected', 'nobody connected in time'),
                },
              },
            },
            connecting: {
              meta: { text: 'the connection is being made' },
              invoke: {
                src: 'alarm',
                id: 'connect',
                input: ({ context }) => ({ name: 'connect', at: context.deadline }),
              },
              on: {
                'leg.opened': { actions: seatLeg },
                'leg.playing': { guard: 'knownLeg', target: 'watching', actions: [noteFirstFrame, watching] },
                'seat.taken': { target: 'watching', actions: [seatSession, watching] },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'connect' } },
                  target: '#viewer.ended',
                  actions: ended('not-connected', 'the connection was not made in time'),
                },
              },
            },
            watching: {
              meta: { text: 'the picture is on screen' },
              on: {
                'leg.opened': { actions: seatLeg },
                'leg.playing': { actions: noteFirstFrame },
                'seat.taken': { actions: seatSession },
                'seat.left': [
                  { guard: 'lastSeat', target: 'connecting', actions: [dropSeat, waitForConnection, seatLost] },
                  { actions: dropSeat },
                ],
              },
            },
          },
        },
      },
    },
    denied: { type: 'final', tags: ['over'], meta: { text: 'was not let in' } },
    ended: { type: 'final', tags: ['over'], meta: { text: 'is over' } },
  },
});

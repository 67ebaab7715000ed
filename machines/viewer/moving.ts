import type { Why } from '../../bus/events/why.ts';
import { type Move, VIEWER_TIMES, type ViewerContext, type ViewerEvent } from './context.ts';
import { become, machine, noteQuality } from './parts.ts';

/** What has become of a picture's relay, as a sentence about it. */
const SENTENCES: Record<Move['reason'], (relay: string) => string> = {
  'relay-lost': (relay) => `${relay} does not serve any more`,
  'relay-restarted': (relay) => `${relay} started anew`,
  'relay-ended': (relay) => `${relay} ended the connection`,
  'relay-removed': (relay) => `${relay} was taken out of the configuration`,
  draining: (relay) => `${relay} is being drained`,
  rebalance: (relay) => `${relay} carries more than its share`,
  silence: (relay) => `no frame came from ${relay}`,
  'peer-lost': () => 'the process that encoded the picture ended',
  collapsed: () => 'the network carried hardly anything of the picture',
  strained: () => 'the network lost too much of the picture',
  overloaded: () => 'its player could not keep up with the picture',
  stuttered: () => 'the picture came haltingly',
  bandwidth: () => 'there was not bandwidth for all',
  recovered: () => 'the network has been good again',
  late: () => 'the encoder of its rung could not keep up',
};

const LOSSES = { dead: 'relay-lost', restarted: 'relay-restarted', removed: 'relay-removed' } as const;

/** Somebody was told where to go on, or goes there by itself. */
export const noteMove = machine.assign(({ event }) => {
  if (event.type !== 'move.begun') return {};
  const { leg, reason, detect_ms, decide_ms, placement } = event;
  return { move: { leg, reason, detect_ms, decide_ms, ...(placement ? { placement } : {}) } };
});
/** The relay is gone, and nobody was told yet where to go on. */
export const noteLoss = machine.assign(({ event }) => {
  if (event.type !== 'relay.lost') return {};
  return { move: { reason: LOSSES[event.reason], detect_ms: 0, decide_ms: 0 } };
});
/** A move must have ended by then. */
export const waitForMove = machine.assign(({ event }) => ({ deadline: event.at + VIEWER_TIMES.moveMs }));

const whyMoving = (context: ViewerContext, event: ViewerEvent): Why => {
  const { relay, move } = context;
  if (!move) throw new Error(`a ${event.type} begins no move`);
  const { placement, detect_ms } = move;
  const rejected = placement?.rejected ?? [];
  const to = event.type === 'move.begun' ? `; ${event.relay} carries the picture on` : '';
  return {
    trigger: event.type,
    reason: move.reason,
    text: `${SENTENCES[move.reason](relay)}${to}`,
    guard: { detect_ms, ...placement?.guard },
    ...(rejected.length > 0 ? { rejected } : {}),
  };
};
/** The picture is about to come from another relay, or has lost its own. */
export const moving = become('moving', whyMoving);

/** Where the picture is from now on. */
function arrival(context: ViewerContext, event: ViewerEvent): string {
  if (event.type === 'leg.playing') return context.legs[event.leg]?.relay ?? context.relay;
  return event.type === 'seat.taken' ? event.relay : context.relay;
}
/** A player measures the gap on its screen; otherwise it is the time from the first sign to now. */
const noteArrival = machine.assign(({ context, event }) => {
  const own = event.type === 'leg.playing' ? event : undefined;
  // A player with a leg that flows already is there before anybody hears of its move.
  const move: Move = context.move ?? { reason: 'silence', detect_ms: own?.silent_ms ?? 0, decide_ms: 0 };
  const elapsedMs = move.detect_ms + (context.move ? event.at - context.since : 0);
  const recover_ms = Math.round(own?.gap_ms ?? elapsedMs);
  const ended = { from_relay: context.relay, from_quality: context.quality, recover_ms };
  return { relay: arrival(context, event), move: { ...move, ended } };
});
const moved = become(
  'watching',
  ({ relay, move }, event) => {
    if (!move?.ended) throw new Error(`a ${event.type} ends no move`);
    const { reason, detect_ms, decide_ms, placement, ended } = move;
    const where = relay === ended.from_relay ? 'the picture is back' : `${relay} carries the picture on`;
    return {
      trigger: event.type,
      reason,
      text: `${SENTENCES[reason](ended.from_relay)}; ${where}`,
      guard: { detect_ms, decide_ms, recover_ms: ended.recover_ms, ...placement?.guard },
      ...(placement?.rejected ? { rejected: placement.rejected } : {}),
    };
  },
  'moved',
);
/** Where it should have gone, and why it did not, for one that stays. */
function notTaken({ legs, move }: ViewerContext, event: ViewerEvent): { option: string; because: string }[] {
  const [option, because] =
    event.type === 'leg.refused'
      ? [event.relay, `it refused: ${event.detail}`]
      : [move?.leg === undefined ? undefined : legs[move.leg]?.relay, 'no picture came from it in time'];
  return option === undefined ? [] : [{ option, because }];
}
const stayed = become('watching', (context, event) => {
  const { relay, move } = context;
  const { type: trigger } = event;
  if (move?.reason === 'draining') {
    const rejected = notTaken(context, event);
    return {
      ...{ trigger, reason: move.reason },
      text: `${SENTENCES[move.reason](relay)}; it carries the picture until another one does`,
      ...(rejected.length > 0 ? { rejected } : {}),
    };
  }
  if (move?.reason === 'rebalance')
    return { trigger, text: `${relay} carries the picture on: the other one gave none` };
  return { trigger, text: `the picture from ${relay} moves again by itself` };
});
/** Nothing moves any more. */
export const endMove = machine.assign({ move: undefined });

/** The picture has come to another relay, or back to its own: says from where to where, why, and how long it took. */
export const arrive = [noteArrival, noteQuality, moved, endMove] as const;
/** The player gave up its own move, or has nowhere to go yet. */
export const stay = [stayed, endMove] as const;

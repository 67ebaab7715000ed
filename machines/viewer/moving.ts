import type { MoveReason } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';
import { VIEWER_TIMES, type ViewerContext, type ViewerEvent } from './context.ts';
import { become, machine, said } from './parts.ts';

/** What has become of a picture's relay, as a sentence about it. */
const SENTENCES: Record<MoveReason, (relay: string) => string> = {
  'relay-lost': (relay) => `${relay} does not serve any more`,
  'relay-restarted': (relay) => `${relay} started anew`,
  'relay-ended': (relay) => `${relay} ended the connection`,
  draining: (relay) => `${relay} is being drained`,
  silence: (relay) => `no frame came from ${relay}`,
};

/** Somebody was told where to go on, or goes there by itself. */
export const noteMove = machine.assign(({ event }) => {
  if (event.type !== 'move.begun') return {};
  const { leg, reason, detect_ms, decide_ms, placement } = event;
  return { move: { leg, reason, detect_ms, decide_ms, ...(placement ? { placement } : {}) } };
});
/** The relay is gone, and nobody was told yet where to go on. */
export const noteLoss = machine.assign(({ event }) => {
  if (event.type !== 'relay.lost') return {};
  const reason = event.reason === 'dead' ? 'relay-lost' : 'relay-restarted';
  return { move: { reason, detect_ms: 0, decide_ms: 0 } };
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

/**
 * The picture has come to another relay, or back to its own: says from where to where, why, and how long it took.
 * A player measures the gap on its screen; otherwise it is the time from the first sign to now.
 */
export const arrive = machine.enqueueActions(({ context, event, enqueue }) => {
  const { relay: from, state, since } = context;
  const relay = arrival(context, event);
  const own = event.type === 'leg.playing' ? event : undefined;
  const move = context.move ?? { reason: 'silence', detect_ms: own?.silent_ms ?? 0, decide_ms: 0 };
  const { reason, detect_ms, decide_ms, placement } = move;
  const elapsedMs = state === 'moving' ? event.at - since + detect_ms : detect_ms;
  const times = { detect_ms, decide_ms, recover_ms: Math.round(own?.gap_ms ?? elapsedMs) };
  const why: Why = {
    trigger: event.type,
    reason,
    text: `${SENTENCES[reason](from)}; ${relay === from ? 'the picture is back' : `${relay} carries the picture on`}`,
    guard: { ...times, ...placement?.guard },
    ...(placement?.rejected ? { rejected: placement.rejected } : {}),
  };
  enqueue.assign({ relay, state: 'watching', since: event.at, why, move: undefined });
  enqueue.emit(({ context: now }) => {
    const fact = said('moved', state, now, why);
    return { ...fact, data: { ...fact.data, from_relay: from, ...times } };
  });
});
/** The player gave up its own move. */
export const stay = machine.enqueueActions(({ context, event, enqueue }) => {
  const why: Why = { trigger: event.type, text: `the picture from ${context.relay} moves again by itself` };
  enqueue.assign({ state: 'watching', since: event.at, why, move: undefined });
  enqueue.emit(({ context: now }) => said('watching', context.state, now, why));
});

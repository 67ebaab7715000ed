import { withTurn } from '../policy/adaptation.ts';
import type { Move } from './context.ts';
import { endMove } from './moving.ts';
import { adaptation, become, machine, noteQuality } from './parts.ts';

/** What the network, or the picture itself, shows leads to this rung. */
export const chooseRung = machine.assign(({ context, event }) => {
  const chosen = adaptation(context, event);
  if (!chosen?.rung || !('rungs' in event)) return {};
  const rung = event.rungs.find(({ name }) => name === chosen.rung);
  const ladder = !rung?.own && !rung?.adaptive;
  const move: Move = {
    reason: chosen.why.reason as Move['reason'],
    rung: { name: chosen.rung, ladder, down: chosen.down },
    detect_ms: 'after_ms' in event ? event.after_ms : 0,
    decide_ms: 0,
  };
  return { move };
});
/** The picture is about to come in another rung: says why. */
export const adapting = become('moving', (context, event) => {
  // The choice depends on where the picture is, and that has not changed yet.
  const chosen = adaptation(context, event);
  if (!chosen) throw new Error(`a ${event.type} leads to no other rung`);
  return { ...chosen.why, trigger: event.type };
});

const noteArrival = machine.assign(({ context, event }) => {
  const { move, relay, quality, turns, why } = context;
  if (!move?.rung || event.type !== 'leg.playing') return {};
  const recover_ms = Math.round(event.gap_ms ?? event.at - context.since);
  return {
    relay: context.legs[event.leg]?.relay ?? relay,
    // What others need, and an encoder that is late, say nothing of this network.
    turns:
      move.reason === 'bandwidth' || move.reason === 'late'
        ? turns
        : withTurn(turns, { at: event.at, down: move.rung.down }),
    move: { ...move, placement: why, ended: { from_relay: relay, from_quality: quality, recover_ms } },
  };
});
const moved = become(
  'watching',
  ({ move }, event) => {
    if (!move?.ended || !move.placement) throw new Error(`a ${event.type} ends no move`);
    const { placement: why, detect_ms, ended } = move;
    return { ...why, trigger: event.type, guard: { ...why.guard, detect_ms, recover_ms: ended.recover_ms } };
  },
  'moved',
);
/** A way up that was tried, and for which there was no room, counts as one that was taken back. */
const noteTry = machine.assign(({ context: { turns, since }, event }) =>
  event.type === 'leg.closed' && event.no_room
    ? { turns: withTurn(withTurn(turns, { at: since, down: false }), { at: event.at, down: true }) }
    : {},
);
const stayed = become('watching', ({ quality, move }, event) => {
  const stays = `${quality} stays`;
  if (event.type === 'leg.closed' && event.no_room) {
    const text = `${stays}: beside it the network had no room for ${move?.rung?.name}, as was tried unseen`;
    return { trigger: event.type, reason: 'no-room', text };
  }
  return {
    ...{ trigger: event.type, reason: 'rung-not-had', text: `${stays}: ${move?.rung?.name} gave no picture` },
    ...(event.type === 'leg.refused' ? { guard: { detail: event.detail } } : {}),
  };
});

/** The picture has come in the other rung: says from which to which, why, and how long it took. */
export const arriveOnRung = [noteArrival, noteQuality, moved, endMove] as const;
/** The other rung gave no picture; the one that is there stays. */
export const stayOnRung = [noteTry, stayed, endMove] as const;

import type { Move } from './context.ts';
import { become, machine } from './parts.ts';

/** Up to which rung this viewer may go, as its relay has not bandwidth for all. */
export const noteCeiling = machine.assign(({ context, event }) => {
  if (event.type !== 'bandwidth.allotted') return {};
  if (event.lifted) return { ceiling: undefined };
  return { ceiling: { rung: event.rung, from: context.ceiling?.from ?? context.quality } };
});

/** The picture is to come in the rung that was allotted. */
export const goToAllotted = machine.assign(({ context, event }) => {
  if (event.type !== 'bandwidth.allotted') return {};
  const places = event.rungs.map(({ name }) => name);
  const down = places.indexOf(event.rung) > places.indexOf(context.quality);
  const ladder = event.rungs.some(({ name, own }) => name === event.rung && !own);
  const rung = { name: event.rung, ladder, down };
  const move: Move = { reason: 'bandwidth', rung, detect_ms: 0, decide_ms: 0 };
  return { move };
});

/** Says why it goes to another rung. */
export const allotting = become('moving', (_context, event) => {
  if (event.type !== 'bandwidth.allotted') throw new Error(`a ${event.type} allots nothing`);
  return event.why ?? { trigger: event.type, reason: 'bandwidth', text: 'there is bandwidth for it again' };
});

/** Not even the lowest rung is left for it. */
export const outbid = become('ended', (_context, event) => {
  if (event.type !== 'bandwidth.denied') throw new Error(`a ${event.type} denies nothing`);
  return { ...event.why, reason: 'no-bandwidth' };
});

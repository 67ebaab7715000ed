import { fromCallback, setup } from 'xstate';
import type { RenditionState } from '../../bus/events/rendition.ts';
import type { Why } from '../../bus/events/why.ts';
import type { OnDemandContext } from '../on-demand/context.ts';
import {
  counted,
  endedBy,
  endsAfter,
  FORGIVEN,
  fallCounted,
  guardsOf,
  leftAlone,
  pictureNoted,
  startsAgain,
} from '../on-demand/parts.ts';
import { audienceAfter, pictureAfter } from '../policy/audience.ts';
import { planLadder } from '../policy/ladder.ts';
import { inSeconds } from '../policy/lateness.ts';
import type { AlarmInput, LadderInput, MeasureInput } from '../slots.ts';
import type { RenditionContext, RenditionEvent, RenditionSaid } from './context.ts';

/** The reason of a transition. */
type Because = (context: RenditionContext, event: RenditionEvent) => Why;

/** Whether the ladder is wanted once the event is taken in. */
const wantedAfter = (context: RenditionContext, event: RenditionEvent): boolean =>
  (event.type === 'rendition.configured' ? event.keep : context.keep) === 'warm' ||
  audienceAfter(context.audience, event).length > 0;

/** The rendition machine's types, slots and guards; its chart is in `../rendition.ts`. */
export const machine = setup({
  types: {
    context: {} as RenditionContext,
    events: {} as RenditionEvent,
    emitted: {} as RenditionSaid,
    input: {} as { id: string },
    tags: {} as 'playable' | 'making' | 'held' | 'over',
  },
  actors: {
    measure: fromCallback<RenditionEvent, MeasureInput>(() => {}),
    ladder: fromCallback<RenditionEvent, LadderInput>(() => {}),
    alarm: fromCallback<RenditionEvent, AlarmInput>(() => {}),
  },
  guards: {
    ...guardsOf(wantedAfter),
    readyAndKnown: ({ context, event }) =>
      wantedAfter(context, event) && pictureAfter(context.picture, event) && context.source !== undefined,
    isLate: ({ context }) => context.late?.over === false,
    otherRungs: ({ context, event }) =>
      event.type === 'rendition.configured' && JSON.stringify(event.rungs) !== JSON.stringify(context.wanted),
    sameRungs: ({ context, event }) =>
      event.type === 'rendition.configured' && JSON.stringify(event.rungs) === JSON.stringify(context.wanted),
    keptWarm: ({ context, event }) =>
      event.type === 'rendition.configured' &&
      event.keep === 'warm' &&
      JSON.stringify(event.rungs) === JSON.stringify(context.wanted),
  },
});

/** Enters an operator's state: sets it with its reason, and says so. */
export const become = (state: RenditionState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: now }) => said(state, context.state, now, why));
  });

/** A fact about a rendition. @param from the state before */
function said(what: string, from: string, now: RenditionContext, why: Why): RenditionSaid {
  const { zone, state, since, rungs, audience } = now;
  return { type: `rendition.${what}`, data: { zone, state, from, since, why, rungs, viewers: audience.length } };
}

/** How late its pictures come, and when that was; it is remembered after it is over. */
export const noteLate = machine.assign(({ event }) =>
  event.type === 'ladder.late' ? { late: { ms: event.late_ms, at: event.at, over: false } } : {},
);
export const noteCaughtUp = machine.assign(({ context }) =>
  context.late ? { late: { ...context.late, over: true } } : {},
);
/** Its encoder does not keep up. */
export const tellLate = machine.emit(({ context, event }) => {
  const late_ms = event.type === 'ladder.late' ? event.late_ms : 0;
  const { type, data } = said('late', context.state, context, {
    trigger: event.type,
    reason: 'late',
    text:
      `its pictures come ${inSeconds(late_ms)} late: the processor is too small for its encoder, so nobody goes to its ` +
      `rungs by himself, and who is there goes back to the camera's own picture`,
    guard: { late_ms },
  });
  return { type, data: { ...data, late_ms } };
});
/** It does again. */
export const tellCaughtUp = machine.emit(({ context, event }) =>
  said('caught-up', context.state, context, { trigger: event.type, text: 'its pictures come in time again' }),
);

export const remember = machine.assign(({ event }) =>
  event.type === 'rendition.configured' ? { zone: event.zone, wanted: event.rungs, keep: event.keep } : {},
);
export const count = machine.assign(counted);
export const notePicture = machine.assign(pictureNoted);
// Another picture may come after this one: its size and codec are looked at anew.
export const forgetSource = machine.assign({ source: undefined, rungs: [] });
export const learn = machine.assign(({ event }) => {
  if (event.type !== 'program.measured') return {};
  const { id, at, cause, type, ...source } = event;
  return { source };
});
export const plan = machine.assign(({ context }) =>
  context.source ? { rungs: planLadder(context.source, context.wanted).rungs } : {},
);
export const wait = (ms: (context: OnDemandContext) => number) => machine.assign(endsAfter(ms));
export const countFall = machine.assign(fallCounted);
export const forgive = machine.assign(FORGIVEN);

/** The ladder as planned: which rungs, which one is copied, and why. */
export const planned: Because = ({ source, wanted }, event) => {
  if (!source) throw new Error('a ladder is planned before its source was measured');
  const { why } = planLadder(source, wanted);
  return { ...why, trigger: event.type };
};

const endings: Record<Extract<RenditionEvent, { type: 'ladder.ended' }>['reason'], string> = {
  source: 'the program could not be read',
  exited: 'its FFmpeg ended',
  stalled: 'its FFmpeg made nothing for too long, and was killed',
  disk: 'its segments are empty: the disk of the data folder is full',
  memory: 'its FFmpeg took more and more memory, and was killed',
  changed: 'the picture changed its size or codec in mid-stream',
  relay: 'the relay did not take its rungs',
};

export const ended = endedBy(endings, startsAgain);
const endedForGood = endedBy(endings, leftAlone);
/** What ended a ladder for good. */
export const failed: Because = (context, event) => ({
  ...endedForGood(context, event),
  rejected: [
    { option: 'start again at once', because: 'a ladder that keeps failing takes the cameras’ processor time' },
  ],
});

/** The picture is another one than was measured. */
export const changed: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'changed',
  text: 'the picture has changed; looking at it anew',
  ...(event.type === 'program.changed' ? { guard: { detail: event.detail } } : {}),
});

/** What it would take is needed elsewhere. */
export const heldBack: Because = (_context, event) => {
  if (event.type !== 'ladder.held') throw new Error(`a ${event.type} holds no ladder back`);
  return event.why;
};

/** Somebody watches, or nobody need to. */
export const wantedNow: Because = ({ audience, keep }, event) => ({
  trigger: event.type,
  text: audience.length > 0 ? 'somebody watches; looking at the picture' : 'kept warm; looking at the picture',
  guard: { viewers: audience.length, keep },
});

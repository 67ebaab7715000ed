import { fromCallback, setup } from 'xstate';
import type { RenditionState } from '../../bus/events/rendition.ts';
import type { Why } from '../../bus/events/why.ts';
import { audienceAfter, pictureAfter } from '../policy/audience.ts';
import { backoff, flapping } from '../policy/backoff.ts';
import { planLadder } from '../policy/ladder.ts';
import type { AlarmInput, LadderInput, MeasureInput } from '../slots.ts';
import {
  RENDITION_TIMES,
  RESTARTS,
  type RenditionContext,
  type RenditionEvent,
  type RenditionSaid,
} from './context.ts';

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
    wanted: ({ context, event }) => wantedAfter(context, event),
    unwanted: ({ context, event }) => !wantedAfter(context, event),
    ready: ({ context, event }) => wantedAfter(context, event) && pictureAfter(context.picture, event),
    readyAndKnown: ({ context, event }) =>
      wantedAfter(context, event) && pictureAfter(context.picture, event) && context.source !== undefined,
    otherRungs: ({ context, event }) =>
      event.type === 'rendition.configured' && JSON.stringify(event.rungs) !== JSON.stringify(context.wanted),
    sameRungs: ({ context, event }) =>
      event.type === 'rendition.configured' && JSON.stringify(event.rungs) === JSON.stringify(context.wanted),
    keptWarm: ({ context, event }) =>
      event.type === 'rendition.configured' &&
      event.keep === 'warm' &&
      JSON.stringify(event.rungs) === JSON.stringify(context.wanted),
    failsTooOften: ({ context, event }) => flapping(context.falls, event.at, RESTARTS).flapping,
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
    rangAndWanted: ({ context, event }, { name }: { name: string }) =>
      event.type === 'alarm.rang' && event.name === name && wantedAfter(context, event),
    rangAndReady: ({ context, event }, { name }: { name: string }) =>
      event.type === 'alarm.rang' && event.name === name && wantedAfter(context, event) && context.picture,
  },
});

/** Enters an operator's state: sets it with its reason, and says so. */
export const become = (state: RenditionState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: now }) => ({
      type: `rendition.${state}`,
      data: {
        zone: now.zone,
        state,
        from: context.state,
        since: event.at,
        why,
        rungs: now.rungs,
        viewers: now.audience.length,
      },
    }));
  });

export const remember = machine.assign(({ event }) =>
  event.type === 'rendition.configured' ? { zone: event.zone, wanted: event.rungs, keep: event.keep } : {},
);
export const count = machine.assign(({ context, event }) => ({ audience: audienceAfter(context.audience, event) }));
export const notePicture = machine.assign(({ context, event }) => ({ picture: pictureAfter(context.picture, event) }));
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
export const wait = (ms: (context: RenditionContext) => number) =>
  machine.assign(({ context, event }) => ({ deadline: event.at + ms(context) }));
export const countFall = machine.assign(({ context, event }) => ({
  falls: flapping(context.falls, event.at, RESTARTS).falls,
}));
export const forgive = machine.assign({ falls: [] });

/** How long the next restart waits. */
export const againMs = ({ falls }: RenditionContext): number =>
  backoff(falls.length, RENDITION_TIMES.againMs, RENDITION_TIMES.longestAgainMs).waitMs;

/** A reason that needs no more than a sentence. */
export const plainly =
  (text: string): Because =>
  (_context, event) => ({ trigger: event.type, text });

/** The ladder as planned: which rungs, which one is copied, and why. */
export const planned: Because = ({ source, wanted }, event) => {
  if (!source) throw new Error('a ladder is planned before its source was measured');
  const { why } = planLadder(source, wanted);
  return { ...why, trigger: event.type };
};

const endings = {
  source: 'the program could not be read',
  exited: 'its FFmpeg ended',
  stalled: 'its FFmpeg made nothing for too long, and was killed',
  disk: 'its segments are empty: the disk of the data folder is full',
  memory: 'its FFmpeg took more and more memory, and was killed',
  changed: 'the picture changed its size or codec in mid-stream',
  relay: 'the relay did not take its rungs',
};

/** What ended a ladder. */
export const ended: Because = (context, event) => {
  if (event.type !== 'ladder.ended') throw new Error(`a ${event.type} ends no ladder`);
  const { reason, detail } = event;
  const text = `${endings[reason]}; starting again in ${againMs(context)} ms`;
  return { trigger: event.type, reason, text, guard: { detail, falls: context.falls.length } };
};

/** What ended a ladder for good. */
export const failed: Because = (context, event) => {
  if (event.type !== 'ladder.ended') throw new Error(`a ${event.type} ends no ladder`);
  const { reason, detail } = event;
  const text = `${endings[reason]}, for the ${context.falls.length}th time in a minute; left alone for ${RENDITION_TIMES.failedMs / 1000} s`;
  return {
    trigger: event.type,
    reason,
    text,
    guard: { detail, falls: context.falls.length },
    rejected: [
      { option: 'start again at once', because: 'a ladder that keeps failing takes the cameras’ processor time' },
    ],
  };
};

/** The camera gives no picture to make rungs of. */
export const noPicture: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'no-picture',
  text: 'waiting for the camera’s picture',
  ...(event.type === 'camera.dark' ? { guard: { detail: event.detail } } : {}),
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

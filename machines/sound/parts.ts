import { fromCallback, setup } from 'xstate';
import type { SoundState } from '../../bus/events/sound.ts';
import type { Why } from '../../bus/events/why.ts';
import { audienceAfter, pictureAfter } from '../policy/audience.ts';
import { backoff, flapping } from '../policy/backoff.ts';
import type { AlarmInput, OpusInput } from '../slots.ts';
import { RESTARTS, SOUND_TIMES, type SoundContext, type SoundEvent, type SoundSaid } from './context.ts';

/** The reason of a transition. */
type Because = (context: SoundContext, event: SoundEvent) => Why;

const isWanted = (context: SoundContext, event: SoundEvent): boolean =>
  audienceAfter(context.audience, event).length > 0;

/** The sound machine's types, slots and guards; its chart is in `../sound.ts`. */
export const machine = setup({
  types: {
    context: {} as SoundContext,
    events: {} as SoundEvent,
    emitted: {} as SoundSaid,
    input: {} as { id: string },
    tags: {} as 'coming' | 'audible' | 'over',
  },
  actors: {
    opus: fromCallback<SoundEvent, OpusInput>(() => {}),
    alarm: fromCallback<SoundEvent, AlarmInput>(() => {}),
  },
  guards: {
    unwanted: ({ context, event }) => !isWanted(context, event),
    ready: ({ context, event }) => isWanted(context, event) && pictureAfter(context.picture, event),
    hasNone: ({ event }) => event.type === 'opus.ended' && event.reason === 'none',
    failsTooOften: ({ context, event }) => flapping(context.falls, event.at, RESTARTS).flapping,
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
    rangAndWanted: ({ context, event }, { name }: { name: string }) =>
      event.type === 'alarm.rang' && event.name === name && isWanted(context, event),
    rangAndReady: ({ context, event }, { name }: { name: string }) =>
      event.type === 'alarm.rang' && event.name === name && isWanted(context, event) && context.picture,
  },
});

/** Enters an operator's state: sets it with its reason, and says so. */
export const become = (state: SoundState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: { zone, audience } }) => ({
      type: `sound.${state}`,
      data: { zone, state, from: context.state, since: event.at, why, listeners: audience.length },
    }));
  });

export const remember = machine.assign(({ event }) => (event.type === 'sound.configured' ? { zone: event.zone } : {}));
export const count = machine.assign(({ context, event }) => ({ audience: audienceAfter(context.audience, event) }));
export const notePicture = machine.assign(({ context, event }) => ({ picture: pictureAfter(context.picture, event) }));
export const wait = (ms: (context: SoundContext) => number) =>
  machine.assign(({ context, event }) => ({ deadline: event.at + ms(context) }));
export const countFall = machine.assign(({ context, event }) => ({
  falls: flapping(context.falls, event.at, RESTARTS).falls,
}));
export const forgive = machine.assign({ falls: [] });

/** How long the next restart waits. */
export const againMs = ({ falls }: SoundContext): number =>
  backoff(falls.length, SOUND_TIMES.againMs, SOUND_TIMES.longestAgainMs).waitMs;

/** A reason that needs no more than a sentence. */
export const plainly =
  (text: string): Because =>
  (_context, event) => ({ trigger: event.type, text });

const endings = {
  none: 'the camera sends no sound',
  silent: 'the camera announces a sound, and sends nothing of it',
  source: 'the program could not be read',
  exited: 'its FFmpeg ended',
  stalled: 'no sound came for too long',
  memory: 'its FFmpeg took more and more memory, and was killed',
  relay: 'the relay did not take it',
};

/** What ended it, and what follows. */
const endedBecause =
  (follows: (context: SoundContext) => string): Because =>
  (context, event) => {
    if (event.type !== 'opus.ended') throw new Error(`a ${event.type} ends no sound`);
    const { reason, detail } = event;
    const guard = { detail, falls: context.falls.length };
    return { trigger: event.type, reason, text: `${endings[reason]}${follows(context)}`, guard };
  };
export const hasNone = endedBecause(() => '');
export const ended = endedBecause((context) => `; starting again in ${againMs(context)} ms`);
export const failed = endedBecause(
  ({ falls }) => `, for the ${falls.length}th time in a minute; left alone for ${SOUND_TIMES.failedMs / 1000} s`,
);

/** The camera gives no picture, and so no sound. */
export const noPicture: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'no-picture',
  text: 'waiting for the camera’s picture',
  ...(event.type === 'camera.dark' ? { guard: { detail: event.detail } } : {}),
});

/** Somebody wants to hear it. */
export const wantedNow: Because = ({ audience }, event) => ({
  trigger: event.type,
  text: 'somebody listens',
  guard: { listeners: audience.length },
});

import { fromCallback, setup } from 'xstate';
import type { SoundState } from '../../bus/events/sound.ts';
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
import { audienceAfter } from '../policy/audience.ts';
import type { AlarmInput, OpusInput } from '../slots.ts';
import type { SoundContext, SoundEvent, SoundSaid } from './context.ts';

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
    ...guardsOf(isWanted),
    hasNone: ({ event }) => event.type === 'opus.ended' && event.reason === 'none',
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
export const count = machine.assign(counted);
export const notePicture = machine.assign(pictureNoted);
export const wait = (ms: (context: OnDemandContext) => number) => machine.assign(endsAfter(ms));
export const countFall = machine.assign(fallCounted);
export const forgive = machine.assign(FORGIVEN);

const endings: Record<Extract<SoundEvent, { type: 'opus.ended' }>['reason'], string> = {
  none: 'the camera sends no sound',
  silent: 'the camera announces a sound, and sends nothing of it',
  source: 'the program could not be read',
  exited: 'its FFmpeg ended',
  stalled: 'no sound came for too long',
  memory: 'its FFmpeg took more and more memory, and was killed',
  relay: 'the relay did not take it',
};

/** It has ended for a reason that starting again would not change. */
export const hasNone = endedBy(endings, () => '');
export const ended = endedBy(endings, startsAgain);
export const failed = endedBy(endings, leftAlone);

/** Somebody wants to hear it. */
export const wantedNow: Because = ({ audience }, event) => ({
  trigger: event.type,
  text: 'somebody listens',
  guard: { listeners: audience.length },
});

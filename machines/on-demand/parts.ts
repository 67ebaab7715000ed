import type { Why } from '../../bus/events/why.ts';
import { audienceAfter, pictureAfter } from '../policy/audience.ts';
import { backoff, flapping } from '../policy/backoff.ts';
import { ON_DEMAND_TIMES, type OnDemandContext, RESTARTS } from './context.ts';

/** What of an event counts here. */
interface Heard {
  type: string;
  at: number;
  viewer?: string;
  name?: string;
  reason?: string;
  detail?: string;
}

interface Args<Context = OnDemandContext, Event = Heard> {
  context: Context;
  event: Event;
}

/** The guards of a machine for what is made on demand. @param isWanted once the event is taken in */
export function guardsOf<Context extends OnDemandContext, Event extends Heard>(
  isWanted: (context: Context, event: Event) => boolean,
) {
  type Of = Args<Context, Event>;
  const isRung = (event: Event, name: string) => event.type === 'alarm.rang' && event.name === name;
  return {
    wanted: ({ context, event }: Of) => isWanted(context, event),
    unwanted: ({ context, event }: Of) => !isWanted(context, event),
    ready: ({ context, event }: Of) => isWanted(context, event) && pictureAfter(context.picture, event),
    failsTooOften: ({ context, event }: Of) => flapping(context.falls, event.at, RESTARTS).flapping,
    rang: ({ event }: Of, { name }: { name: string }) => isRung(event, name),
    rangAndWanted: ({ context, event }: Of, { name }: { name: string }) =>
      isRung(event, name) && isWanted(context, event),
    rangAndReady: ({ context, event }: Of, { name }: { name: string }) =>
      isRung(event, name) && isWanted(context, event) && context.picture,
  };
}

/** Who wants it once the event is taken in. */
export const counted = ({ context, event }: Args) => ({ audience: audienceAfter(context.audience, event) });
/** Whether there is a picture once the event is taken in. */
export const pictureNoted = ({ context, event }: Args) => ({ picture: pictureAfter(context.picture, event) });
/** One failure more. */
export const fallCounted = ({ context, event }: Args) => ({
  falls: flapping(context.falls, event.at, RESTARTS).falls,
});
/** No failure counts any more. */
export const FORGIVEN = { falls: [] as number[] };

/** How long the next restart waits. */
export const againMs = ({ falls }: Pick<OnDemandContext, 'falls'>): number =>
  backoff(falls.length, ON_DEMAND_TIMES.againMs, ON_DEMAND_TIMES.longestAgainMs).waitMs;

/** The present state ends by itself so much later. */
export const endsAfter =
  (ms: (context: OnDemandContext) => number) =>
  ({ context, event }: Args) => ({ deadline: event.at + ms(context) });

/** The camera gives no picture to make anything of. */
export const noPicture = (_context: unknown, event: Heard): Why => ({
  trigger: event.type,
  reason: 'no-picture',
  text: 'waiting for the camera’s picture',
  ...(event.type === 'camera.dark' ? { guard: { detail: event.detail } } : {}),
});

/** What ended it, and what follows. @param endings each reason in words */
export const endedBy =
  <Reason extends string>(endings: Record<Reason, string>, follows: (context: OnDemandContext) => string) =>
  (context: OnDemandContext, { type, reason, detail }: Heard): Why => {
    const words = endings[reason as Reason];
    if (!words) throw new Error(`a ${type} with the reason "${reason}" ends nothing`);
    const guard = { detail, falls: context.falls.length };
    return { trigger: type, reason, text: `${words}${follows(context)}`, guard };
  };
/** It is started again. */
export const startsAgain = (context: OnDemandContext) => `; starting again in ${againMs(context)} ms`;
/** It is not, for a while. */
export const leftAlone = ({ falls }: OnDemandContext) =>
  `, for the ${falls.length}th time in a minute; left alone for ${ON_DEMAND_TIMES.failedMs / 1000} s`;

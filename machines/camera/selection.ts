import { doerIn } from '../../bus/events/doer.ts';
import { type Choice, choose } from '../policy/sources.ts';
import { type CameraContext, type CameraEvent, situationOf } from './context.ts';
import { machine, tellStandings } from './parts.ts';

type Heard = { context: CameraContext; event: CameraEvent };

/** What was chosen last, in a context, which never changes, at a moment: guards ask, and then who makes the choice. */
let latest: { context: CameraContext; at: number; choice: Choice } | undefined;

/** The choice among the sources as it comes out now. */
function choiceNow({ context, event: { at } }: Heard): Choice {
  if (latest?.context !== context || latest.at !== at) {
    latest = { context, at, choice: choose(situationOf(context, at)) };
  }
  return latest.choice;
}

/** Makes the choice among the sources anew; an operator's choice ends with the picture of its source. */
const decide = machine.assign(({ context, event }) => ({
  choice: choiceNow({ context, event }),
  chosenAt: event.at,
}));

/** Whether the choice among the sources would come out otherwise now. */
function changes(heard: Heard): boolean {
  const { choice, active } = heard.context;
  if (!choice) return false;
  const next = choiceNow(heard);
  const sameSource = next.source === choice.source && (next.source === active || next.how === choice.how);
  const sameArmed = next.armed.length === choice.armed.length && next.armed.every((id, n) => id === choice.armed[n]);
  const sameReason = next.why.reason === choice.why.reason && next.reconsiderAt === choice.reconsiderAt;
  return !(sameSource && sameArmed && sameReason);
}

/** Whether time alone may change the choice that would be made now. */
const waits = (heard: Heard): boolean => choiceNow(heard).reconsiderAt !== undefined;

/** The wait is over; where the clock was set back since the choice was made, the time of day does not say so. */
const tellTime = machine.raise(({ context: { choice, chosenAt }, event: { id, at } }) => ({
  type: 'standings.changed' as const,
  id,
  at: at < chosenAt ? (choice?.reconsiderAt ?? at) : at,
}));

/** Whether anything is known of the sources yet. */
const known = ({ context }: Heard): boolean => Object.keys(context.standings).length > 0;

/** An operator can choose a source that gives a picture, or leave the choice to the rules again. */
const choosable = ({ context, event }: Heard): boolean =>
  event.type === 'source.chosen' &&
  (event.source === 'auto' || context.standings[event.source]?.state === 'flowing') &&
  event.source !== context.chosen;

/** The region that chooses which source feeds the program, and has the switcher know it. */
export const selection = machine.createStateConfig({
  initial: 'none',
  on: {
    'standings.changed': [
      { guard: (heard) => changes(heard) && waits(heard), target: '.made.waiting', actions: decide },
      { guard: changes, target: '.made.settled', actions: decide },
    ],
    'source.chosen': {
      guard: choosable,
      actions: [
        machine.assign(({ event }) => {
          if (event.type !== 'source.chosen') return {};
          const { source, by, ...rest } = event;
          if (source === 'auto') return { chosen: undefined, chooser: undefined };
          return { chosen: source, chooser: by === undefined ? undefined : doerIn({ by, ...rest }) };
        }),
        tellStandings,
      ],
    },
  },
  states: {
    none: {
      always: [
        { guard: (heard) => known(heard) && waits(heard), target: 'made.waiting', actions: decide },
        { guard: known, target: 'made.settled', actions: decide },
      ],
    },
    made: {
      initial: 'settled',
      invoke: {
        src: 'selection',
        id: 'selection',
        input: ({ context }) => ({
          camera: context.id,
          source: context.choice?.source ?? context.active,
          how: context.choice?.how ?? 'at-once',
          armed: context.choice?.armed ?? [],
        }),
      },
      states: {
        settled: {},
        waiting: {
          invoke: {
            src: 'alarm',
            id: 'reconsider',
            input: ({ context }) => ({ name: 'reconsider', at: context.choice?.reconsiderAt ?? 0 }),
          },
          on: { 'alarm.rang': { guard: { type: 'rang', params: { name: 'reconsider' } }, actions: tellTime } },
        },
      },
    },
  },
});

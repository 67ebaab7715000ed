import { fromCallback, setup } from 'xstate';
import type { Acknowledged, AlarmHeard, AlarmState, Trouble } from '../bus/events/alarm.ts';
import { calledIn, doerIn } from '../bus/events/doer.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import { clearAfterMs, QUESTIONS, raisingsAt } from './policy/alarms.ts';
import type { AlarmInput } from './slots.ts';

/** What an alarm cell knows: plain JSON, journalled whole. */
export interface AlarmContext extends Trouble {
  id: string;
  state: AlarmState | 'new';
  since: number;
  why: Why;
  /** Epoch ms at which the cause was first seen, this time. */
  seenAt: number;
  /** Epoch ms at which it became an alarm, this time; 0 before. */
  raisedAt: number;
  /** Epoch ms of this and earlier raisings that still count. */
  raisings: number[];
  /** Set while the cause is away, and the alarm not over yet: how it stands instead, and until when it must. */
  gone?: { at: number; until: number; text: string };
  acknowledged?: Acknowledged;
}

type Event = Stamped<AlarmHeard>;
/** An alarm's fact as the machine emits it; the cell stamps it. */
export interface AlarmSaid {
  type: `alarm.${string}`;
  data: Record<string, unknown>;
}
type Because = (context: AlarmContext, event: Event) => Why;

const clearMs = ({ cause, raisings }: AlarmContext, { at }: Event): number => clearAfterMs(cause, raisings, at);

const machine = setup({
  types: {
    context: {} as AlarmContext,
    events: {} as Event,
    emitted: {} as AlarmSaid,
    input: {} as { id: string },
    tags: {} as 'active' | 'acknowledged' | 'over',
  },
  actors: { alarm: fromCallback<Event, AlarmInput>(() => {}) },
  guards: {
    mustLast: ({ event }) => event.type === 'cause.present' && QUESTIONS[event.cause].raiseAfterMs > 0,
    atOnce: ({ context, event }) => clearMs(context, event) === 0,
    raiseAlarm: ({ event }) => event.type === 'alarm.rang' && event.name === 'raise',
    clearAlarm: ({ event }) => event.type === 'alarm.rang' && event.name === 'clear',
  },
});

const note = machine.assign(({ event }) => {
  if (event.type !== 'cause.present') return {};
  const { cause, about, title, text, cameras, zone } = event;
  return { cause, about, title, text, cameras, zone, gone: undefined };
});
const notice = machine.assign(({ event }) => ({ seenAt: event.at }));
/** Before it is an alarm nobody is told anything of it. */
const wait = (state: AlarmState, because: Because) =>
  machine.assign(({ context, event }) => ({ state, since: event.at, why: because(context, event) }));
const raise = machine.assign(({ context, event }) => ({
  raisedAt: event.at,
  raisings: raisingsAt(context.raisings, event.at),
  acknowledged: undefined,
}));
const leave = machine.assign(({ context, event }) => {
  if (event.type !== 'cause.gone') return {};
  return { gone: { at: event.at, until: event.at + clearMs(context, event), text: event.text } };
});
const acknowledge = machine.assign(({ event }) => {
  if (event.type !== 'alarm.acknowledged') return {};
  const { at, note: said } = event;
  return { acknowledged: { ...doerIn(event), at, ...(said === undefined ? {} : { note: said }) } };
});

/** Enters an operator's state: sets it with its reason, and says so. */
const become = (state: AlarmState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    enqueue.emit(({ context: now }) => {
      const { cause, about, title, text, cameras, zone, raisedAt, acknowledged } = now;
      return {
        type: `alarm.${state}`,
        data: {
          ...{ cause, about, title, text, cameras, zone },
          ...{ state, from: context.state, since: event.at, why, raised_at: raisedAt },
          ...(acknowledged ? { acknowledged } : {}),
        },
      };
    });
  });

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
const raised = become('raised', ({ text, seenAt, raisings }, event) => ({
  trigger: event.type,
  text,
  guard: { lasted_ms: event.at - seenAt, times: raisings.length },
}));
const acknowledged = become('acknowledged', (_context, event) => {
  if (event.type !== 'alarm.acknowledged') throw new Error(`a ${event.type} acknowledges nothing`);
  const said = event.note === undefined ? '' : `: ${event.note}`;
  return { trigger: event.type, text: `acknowledged by ${calledIn(event)}${said}` };
});
const cleared = become('cleared', ({ gone, acknowledged: seen }, event) => {
  const how = event.type === 'cause.gone' ? event.text : `${gone?.text} for ${seconds(event.at - (gone?.at ?? 0))}`;
  return { trigger: event.type, text: `${how}${seen ? '' : '; nobody had acknowledged it'}` };
});
const suspect = wait('suspected', (_context, event) => ({
  trigger: event.type,
  text: event.type === 'cause.present' ? event.text : '',
}));
const dismiss = wait('cleared', (_context, event) => ({
  trigger: event.type,
  text: event.type === 'cause.gone' ? `${event.text} before it was an alarm` : '',
}));

const arises = [
  { guard: 'mustLast', target: 'suspected', actions: [note, notice, suspect] },
  { target: 'active', actions: [note, notice, raise, raised] },
] as const;

/**
 * Something that wants a person's look: raised when its cause has lasted, acknowledged by whoever takes care of it, and
 * cleared when the cause has been away for a while. One that comes back meanwhile is still the same alarm, acknowledged
 * or not; after that it is a new one.
 */
export const alarmMachine = machine.createMachine({
  id: 'alarm',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'nothing has been wrong yet' },
    cause: 'no-source',
    about: { kind: 'camera', id: '' },
    title: '',
    text: '',
    cameras: [],
    zone: '',
    seenAt: 0,
    raisedAt: 0,
    raisings: [],
  }),
  initial: 'new',
  states: {
    new: { on: { 'cause.present': [...arises] } },
    suspected: {
      meta: { text: 'something is wrong, and may be over in a moment' },
      invoke: {
        src: 'alarm',
        id: 'raise',
        input: ({ context }) => ({ name: 'raise', at: context.seenAt + QUESTIONS[context.cause].raiseAfterMs }),
      },
      on: {
        'cause.present': { actions: note },
        'cause.gone': { target: 'cleared', actions: dismiss },
        'alarm.rang': { guard: 'raiseAlarm', target: 'active', actions: [raise, raised] },
      },
    },
    active: {
      tags: ['active'],
      type: 'parallel',
      states: {
        attention: {
          initial: 'raised',
          states: {
            raised: {
              meta: { text: 'nobody has taken care of it yet' },
              on: { 'alarm.acknowledged': { target: 'acknowledged', actions: [acknowledge, acknowledged] } },
            },
            acknowledged: { tags: ['acknowledged'], meta: { text: 'somebody takes care of it' } },
          },
        },
        cause: {
          initial: 'present',
          states: {
            present: {
              meta: { text: 'its cause is there' },
              on: {
                'cause.present': { actions: note },
                'cause.gone': [
                  { guard: 'atOnce', target: '#alarm.cleared', actions: cleared },
                  { target: 'gone', actions: leave },
                ],
              },
            },
            gone: {
              meta: { text: 'its cause is away, and may come back' },
              invoke: {
                src: 'alarm',
                id: 'clear',
                input: ({ context }) => ({ name: 'clear', at: context.gone?.until ?? 0 }),
              },
              on: {
                'cause.present': { target: 'present', actions: note },
                'alarm.rang': { guard: 'clearAlarm', target: '#alarm.cleared', actions: cleared },
              },
            },
          },
        },
      },
    },
    cleared: {
      tags: ['over'],
      meta: { text: 'nothing is wrong any more' },
      on: { 'cause.present': arises.map((one) => ({ ...one })) },
    },
  },
});

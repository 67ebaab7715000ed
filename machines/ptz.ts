import { fromCallback, setup } from 'xstate';
import { calledIn, doerIn } from '../bus/events/doer.ts';
import type { PtzHeard, PtzState } from '../bus/events/ptz.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import { plainly } from './plainly.ts';
import { HOLD_MS, type Holder, mayMove } from './policy/moving.ts';
import type { AlarmInput, DriveInput, DriveOrder } from './slots.ts';

/** What the PTZ cell of a camera knows: plain JSON, journalled whole. */
export interface PtzContext {
  /** The camera's id. */
  id: string;
  state: PtzState | 'new';
  since: number;
  why: Why;
  zone: string;
  /** Its device service, without a login. */
  url: string;
  credential?: string;
  /** Who moves it, or has just done so. */
  holder?: Holder;
  /** What it was told to do last. */
  order?: DriveOrder;
  /** Why the last command was refused; absent: it was taken. */
  refusal?: Why;
}

type Event = Stamped<PtzHeard>;
type Command = Extract<Event, { type: 'ptz.move' | 'ptz.preset' | 'ptz.save' }>;
/** A PTZ fact as the machine emits it; the cell stamps it. */
export interface PtzSaid {
  type: `ptz.${string}`;
  data: Record<string, unknown>;
}
type Because = (context: PtzContext, event: Event) => Why;

const isCommand = (event: Event): event is Command =>
  event.type === 'ptz.move' || event.type === 'ptz.preset' || event.type === 'ptz.save';
const verdict = ({ holder }: PtzContext, event: Command) => mayMove(holder, event, event.at);

/** Whether it only goes on as it moves: that is no news. */
const goesOn = ({ order, holder }: PtzContext, event: Event): boolean =>
  event.type === 'ptz.move' &&
  order?.kind === 'move' &&
  holder?.by === event.by &&
  order.pan === event.pan &&
  order.tilt === event.tilt &&
  order.zoom === event.zoom;

const machine = setup({
  types: {
    context: {} as PtzContext,
    events: {} as Event,
    emitted: {} as PtzSaid,
    input: {} as { id: string },
    tags: {} as 'moving' | 'over',
  },
  actors: {
    drive: fromCallback<Event, DriveInput>(() => {}),
    alarm: fromCallback<Event, AlarmInput>(() => {}),
  },
  guards: {
    held: ({ context, event }) => isCommand(event) && !verdict(context, event).allowed,
    goesOn: ({ context, event }) => goesOn(context, event),
    endAlarm: ({ event }) => event.type === 'alarm.rang' && event.name === 'end',
  },
});

const configure = machine.assign(({ event }) => {
  if (event.type !== 'ptz.configured') return {};
  const { zone, url, credential } = event;
  return { zone, url, credential };
});

/** Takes a command in: from now on the camera is theirs. */
const take = machine.assign(({ event }) => {
  if (!isCommand(event)) return {};
  const { role, at } = event;
  const order = orderOf(event);
  const until = order.kind === 'move' ? order.until : at;
  return { order, holder: { ...doerIn(event), role, until: until + HOLD_MS }, refusal: undefined };
});
function orderOf(event: Command): DriveOrder {
  if (event.type === 'ptz.preset') return { kind: 'preset', preset: event.preset };
  if (event.type === 'ptz.save') return { kind: 'save', preset_name: event.name };
  const { pan, tilt, zoom, for_ms, at } = event;
  return { kind: 'move', pan, tilt, zoom, until: at + for_ms };
}
const halt = machine.assign({ order: { kind: 'stop' } as const });

/** What a fact tells beside the state. */
function factOf({ zone, order, holder }: PtzContext, event: Event): Record<string, unknown> {
  const who = 'by' in event ? event : holder;
  const { kind, until: _until, ...what } = { until: 0, ...(order ?? { kind: 'stop' }) };
  return { zone, ...(who ? doerIn(who) : {}), ...(kind === 'stop' ? {} : what) };
}

/** Enters an operator's state: sets it with its reason, and says so. */
const become = (state: PtzState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why, refusal: undefined });
    enqueue.emit(({ context: now }) => ({
      type: `ptz.${state}`,
      data: { ...factOf(now, event), state, from: context.state, since: event.at, why },
    }));
  });

const refuse = (because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    if (!isCommand(event)) throw new Error(`a ${event.type} is never refused`);
    const why = because(context, event);
    enqueue.assign({ refusal: why });
    const { state, since, zone } = context;
    const { kind: _kind, until: _until, ...what } = { until: 0, ...orderOf(event) };
    enqueue.emit({ type: 'ptz.refused', data: { zone, ...doerIn(event), ...what, state, from: state, since, why } });
  });
const isHeld: Because = (context, event) => {
  if (!isCommand(event)) throw new Error(`a ${event.type} asks for nothing`);
  return verdict(context, event).why;
};
const isBusy =
  (reason: string, text: string): Because =>
  (_context, event) => ({ trigger: event.type, reason, text });
const stillOnTheWay = isBusy('moving', 'it moves; stop it, then save where it looks');
const savesNow = isBusy('saving', 'a position is being saved');

const moves: Because = (_context, event) => {
  if (event.type !== 'ptz.move') throw new Error(`a ${event.type} moves nothing`);
  const { pan, tilt, zoom, for_ms } = event;
  return { trigger: event.type, text: `${calledIn(event)} moves it`, guard: { pan, tilt, zoom, for_ms } };
};
const goes: Because = (_context, event) => {
  if (event.type !== 'ptz.preset') throw new Error(`a ${event.type} names no preset`);
  return { trigger: event.type, text: `${calledIn(event)} sends it to ${event.name}`, guard: { preset: event.preset } };
};
const saves: Because = (_context, event) => {
  if (event.type !== 'ptz.save') throw new Error(`a ${event.type} saves no preset`);
  return { trigger: event.type, text: `${calledIn(event)} saves where it looks as ${event.name}` };
};
const stops: Because = (_context, event) =>
  event.type === 'ptz.stop'
    ? { trigger: event.type, reason: 'told', text: `${calledIn(event)} stops it` }
    : { trigger: event.type, reason: 'time', text: 'its time is over' };
const fails: Because = ({ order }, event) => {
  if (event.type !== 'drive.failed') throw new Error(`a ${event.type} is no failure`);
  const rest = order?.kind === 'stop' ? '; it stops by itself when its time is over' : '';
  return { trigger: event.type, reason: event.reason, text: `the camera did not do it: ${event.detail}${rest}` };
};

const drive = {
  src: 'drive' as const,
  id: 'drive',
  input: ({ context }: { context: PtzContext }): DriveInput => {
    const { id, url, credential, order } = context;
    if (!order) throw new Error('it is driven without an order');
    return { camera: id, url, ...(credential === undefined ? {} : { credential }), order };
  },
};

/**
 * Who moves a camera, where to, and when it stops. A move has an end from the start, told to the camera as well: it
 * stops though every connection, and every process of ours, is lost.
 */
export const ptzMachine = machine.createMachine({
  id: 'ptz',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    zone: '',
    url: '',
  }),
  initial: 'new',
  on: {
    'ptz.removed': {
      target: '.removed',
      actions: become('removed', plainly('it can not be moved from here any more')),
    },
  },
  states: {
    new: {
      on: {
        'ptz.configured': {
          target: 'ready',
          actions: [configure, become('still', plainly('nobody has moved it yet'))],
        },
      },
    },
    ready: {
      initial: 'still',
      on: {
        'ptz.configured': { actions: configure },
        'ptz.move': [
          { guard: 'held', actions: refuse(isHeld) },
          { target: '.moving', reenter: true, actions: [take, become('moving', moves)] },
        ],
        'ptz.preset': [
          { guard: 'held', actions: refuse(isHeld) },
          { target: '.going', reenter: true, actions: [take, become('going', goes)] },
        ],
        'ptz.save': [
          { guard: 'held', actions: refuse(isHeld) },
          { target: '.saving', actions: [take, become('saving', saves)] },
        ],
        'ptz.stop': { target: '.stopping', reenter: true, actions: [halt, become('stopping', stops)] },
      },
      states: {
        still: { meta: { text: 'it stands still' } },
        moving: {
          tags: ['moving'],
          meta: { text: 'it moves, for as long as it was told' },
          invoke: [
            drive,
            {
              src: 'alarm',
              id: 'end',
              input: ({ context }) => ({ name: 'end', at: context.order?.kind === 'move' ? context.order.until : 0 }),
            },
          ],
          on: {
            'ptz.move': { guard: 'goesOn', target: 'moving', reenter: true, actions: take },
            'ptz.save': { actions: refuse(stillOnTheWay) },
            'drive.failed': { target: 'failed', actions: become('failed', fails) },
            'alarm.rang': { guard: 'endAlarm', target: 'stopping', actions: [halt, become('stopping', stops)] },
          },
        },
        going: {
          tags: ['moving'],
          meta: { text: 'it is sent to a preset' },
          invoke: drive,
          on: {
            'ptz.save': { actions: refuse(stillOnTheWay) },
            'drive.done': { target: 'still', actions: become('still', plainly('the camera took the order')) },
            'drive.failed': { target: 'failed', actions: become('failed', fails) },
          },
        },
        stopping: {
          meta: { text: 'it is told to stop' },
          invoke: drive,
          on: {
            'drive.done': {
              target: 'still',
              actions: become('still', ({ why }, event) => ({ ...why, trigger: event.type })),
            },
            'drive.failed': { target: 'failed', actions: become('failed', fails) },
          },
        },
        saving: {
          meta: { text: 'it is told to remember where it looks' },
          invoke: drive,
          on: {
            // Orders that wait give way to the newest: this one would be lost.
            'ptz.move': { actions: refuse(savesNow) },
            'ptz.preset': { actions: refuse(savesNow) },
            'ptz.save': { actions: refuse(savesNow) },
            'drive.done': { target: 'still', actions: become('still', plainly('the camera took the order')) },
            'drive.failed': { target: 'failed', actions: become('failed', fails) },
          },
        },
        failed: { meta: { text: 'the camera did not do what it was told' } },
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

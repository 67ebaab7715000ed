import { fromCallback, setup } from 'xstate';
import type { RelayHeard, RelayRole } from '../bus/events/relay.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import type { AlarmInput, HealthInput, ProvisionInput } from './slots.ts';

/** What a relay cell knows: plain JSON, journalled whole. */
export interface RelayContext {
  id: string;
  state: string;
  since: number;
  why: Why;
  role: RelayRole;
  region: string;
  weight: number;
  /** When the process started that has, or is being given, its paths. */
  instance?: string;
  /** Epoch ms since when it does not serve; undefined while it does. */
  lostAt?: number;
  deadline: number;
}

/** Durations of the relay machine, in ms. */
export const RELAY_TIMES = {
  // An exit is told by the launcher at once; this is for a relay that hangs.
  healthEveryMs: 1_000,
  /** A suspect relay that stays silent this long is dead. */
  deadAfterMs: 2_000,
  /** Between two attempts to give a relay its paths. */
  provisionAgainMs: 250,
};

type Event = Stamped<RelayHeard>;
/** A relay's fact as the machine emits it; the cell stamps it. */
export interface RelaySaid {
  type: `relay.${string}`;
  data: Record<string, unknown>;
}

const machine = setup({
  types: {
    context: {} as RelayContext,
    events: {} as Event,
    emitted: {} as RelaySaid,
    input: {} as { id: string },
    tags: {} as 'serving' | 'dark',
  },
  actors: {
    health: fromCallback<Event, HealthInput>(() => {}),
    provision: fromCallback<Event, ProvisionInput>(() => {}),
    alarm: fromCallback<Event, AlarmInput>(() => {}),
  },
  guards: {
    otherInstance: ({ context, event }) => event.type === 'relay.answering' && event.instance !== context.instance,
    sameInstance: ({ context, event }) => 'instance' in event && event.instance === context.instance,
  },
});

/** Enters a state: sets it with its reason, and says so. */
const become = (state: string, because: (context: RelayContext, event: Event) => Why) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    const serving = state === 'serving';
    const recoverMs = serving && context.lostAt !== undefined ? event.at - context.lostAt : undefined;
    enqueue.assign({ state, since: event.at, why, lostAt: serving ? undefined : (context.lostAt ?? event.at) });
    enqueue.emit({
      type: `relay.${state}`,
      data: {
        role: context.role,
        region: context.region,
        state,
        from: context.state,
        since: event.at,
        why,
        ...(recoverMs === undefined ? {} : { recover_ms: recoverMs }),
      },
    });
  });

const configure = machine.assign(({ event }) =>
  event.type === 'relay.configured' ? { role: event.role, region: event.region, weight: event.weight } : {},
);
const noteInstance = machine.assign(({ event }) => ('instance' in event ? { instance: event.instance } : {}));
const wait = (ms: number) => machine.assign(({ event }) => ({ deadline: event.at + ms }));

const starting = become('starting', (context, event) => ({
  trigger: event.type,
  text: context.instance
    ? 'a new process answers; it is being given its paths'
    : 'it answers; it is being given its paths',
}));
const serving = become('serving', (_context, event) =>
  event.type === 'paths.provisioned'
    ? {
        trigger: event.type,
        text: 'it answers and has its paths',
        guard: { paths: event.paths, elapsed_ms: event.elapsed_ms },
      }
    : { trigger: event.type, text: 'it answers again, as the same process' },
);
const suspect = become('suspect', (_context, event) => ({
  trigger: event.type,
  reason: 'silent',
  text: 'it does not answer in time',
  ...(event.type === 'relay.missed' ? { guard: { silent_ms: event.silent_ms, detail: event.detail } } : {}),
}));
const dead = become('dead', (_context, event) => ({
  trigger: event.type,
  reason: event.type === 'relay.exited' ? 'exited' : 'silent',
  text: event.type === 'relay.exited' ? 'its process ended; it is being restarted' : 'it has not answered for too long',
  ...('detail' in event ? { guard: { detail: event.detail } } : {}),
}));

const returns = { guard: 'otherInstance', target: 'provisioning', actions: [noteInstance, starting] } as const;
const exits = { target: 'dead', actions: dead } as const;

/**
 * A relay process: whether it answers, whether it has its paths, whether placement may use it.
 * A new instance always gets its paths before it serves.
 */
export const relayMachine = machine.createMachine({
  id: 'relay',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    role: 'delivery',
    region: '',
    weight: 1,
    deadline: 0,
  }),
  initial: 'new',
  states: {
    new: {
      on: {
        'relay.configured': {
          target: 'watched',
          actions: [
            configure,
            become('starting', (_context, event) => ({ trigger: event.type, text: 'waiting for it to answer' })),
          ],
        },
      },
    },
    watched: {
      initial: 'starting',
      invoke: {
        src: 'health',
        id: 'health',
        input: ({ context }) => ({ relay: context.id, everyMs: RELAY_TIMES.healthEveryMs }),
      },
      on: { 'relay.configured': { actions: configure } },
      states: {
        starting: {
          tags: ['dark'],
          meta: { text: 'has not answered yet' },
          on: { 'relay.answering': returns, 'relay.exited': exits },
        },
        provisioning: {
          tags: ['dark'],
          meta: { text: 'is being given its paths' },
          invoke: {
            src: 'provision',
            id: 'provision',
            input: ({ context }) => ({ relay: context.id, instance: context.instance ?? '' }),
          },
          on: {
            'relay.answering': { ...returns, target: 'provisioning', reenter: true },
            'relay.exited': exits,
            'paths.provisioned': { guard: 'sameInstance', target: 'serving', actions: serving },
            'paths.refused': { target: 'refused', actions: wait(RELAY_TIMES.provisionAgainMs) },
          },
        },
        refused: {
          tags: ['dark'],
          meta: { text: 'did not take its paths; they are offered again' },
          invoke: { src: 'alarm', id: 'again', input: ({ context }) => ({ name: 'again', at: context.deadline }) },
          on: { 'alarm.rang': 'provisioning', 'relay.answering': returns, 'relay.exited': exits },
        },
        serving: {
          tags: ['serving'],
          meta: { text: 'carries media' },
          on: {
            'relay.answering': returns,
            'relay.missed': { target: 'suspect', actions: [wait(RELAY_TIMES.deadAfterMs), suspect] },
            'relay.exited': exits,
          },
        },
        suspect: {
          tags: ['serving'],
          meta: { text: 'does not answer in time' },
          invoke: { src: 'alarm', id: 'dead', input: ({ context }) => ({ name: 'dead', at: context.deadline }) },
          on: {
            'relay.answering': [returns, { target: 'serving', actions: serving }],
            'relay.exited': exits,
            'alarm.rang': { target: 'dead', actions: dead },
          },
        },
        dead: {
          tags: ['dark'],
          meta: { text: 'its process is gone, or silent for too long' },
          on: { 'relay.answering': [returns, { target: 'serving', actions: serving }] },
        },
      },
    },
  },
});

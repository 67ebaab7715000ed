import { fromCallback, setup } from 'xstate';
import { calledIn, doerIn } from '../bus/events/doer.ts';
import type { Grants, IncidentHeard, IncidentState } from '../bus/events/incident.ts';
import type { Stamped } from '../bus/events/stamp.ts';
import type { Why } from '../bus/events/why.ts';
import type { AlarmInput } from './slots.ts';

/** What an incident cell knows: plain JSON, journalled whole. */
export interface IncidentContext {
  id: string;
  state: IncidentState | 'new';
  since: number;
  why: Why;
  /** The zone it was declared for; empty when it was declared for single cameras. */
  zone: string;
  cameras: string[];
  reason: string;
  by: string;
  by_name?: string;
  /** Epoch ms at which it ends by itself. */
  until: number;
  /** A drill does everything but push to destinations. */
  drill: boolean;
  destinations: string[];
  grants: Grants;
}

/** Durations of the incident machine, in ms. */
export const INCIDENT_TIMES = {
  /** So long before its end it warns. */
  warnMs: 5 * 60_000,
};

type Event = Stamped<IncidentHeard>;
/** An incident's fact as the machine emits it; the cell stamps it. */
export interface IncidentSaid {
  type: `incident.${string}`;
  data: Record<string, unknown>;
}

const machine = setup({
  types: {
    context: {} as IncidentContext,
    events: {} as Event,
    emitted: {} as IncidentSaid,
    input: {} as { id: string },
    tags: {} as 'running' | 'over',
  },
  actors: { alarm: fromCallback<Event, AlarmInput>(() => {}) },
  guards: {
    endsSoon: ({ context, event }) => until(context, event) - event.at <= INCIDENT_TIMES.warnMs,
    endAlarm: ({ event }) => event.type === 'alarm.rang' && event.name === 'end',
    warnAlarm: ({ event }) => event.type === 'alarm.rang' && event.name === 'warn',
  },
});

/** When it ends, by what was said just now. */
const until = (context: IncidentContext, event: Event): number =>
  event.type === 'incident.renewed' || event.type === 'incident.declared' ? event.until : context.until;

/** Enters a state: sets it with its reason, and says so. */
const become = (state: IncidentState, because: (context: IncidentContext, event: Event) => Why) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    enqueue.assign({ state, since: event.at, why });
    const { zone, cameras, reason, until: end, drill, destinations } = context;
    enqueue.emit({
      // A renewal is news of its own, whatever state it leads to.
      type: event.type === 'incident.renewed' ? 'incident.renewed' : `incident.${state}`,
      data: {
        ...{ zone, cameras, reason, ...doerIn(context), until: end, drill, destinations },
        ...{ state, from: context.state, since: event.at, why },
      },
    });
  });

const declare = machine.assign(({ event }) => {
  if (event.type !== 'incident.declared') return {};
  const { zone, cameras, reason, until: end, drill, destinations, grants } = event;
  return { zone, cameras, reason, ...doerIn(event), until: end, drill, destinations, grants };
});
const renew = machine.assign(({ event }) => (event.type === 'incident.renewed' ? { until: event.until } : {}));

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

type Raised = Extract<Event, { type: 'incident.raised' }>;

/** What was done for the cameras. */
function raisedFor({ cameras, best }: Raised): string {
  return `${counted(cameras, 'camera')} kept connected${best ? ' at the best quality' : ''} and recorded`;
}

/** How many were let in: who they are is not told to everybody. */
function letIn({ grants: { roles, subjects, history } }: IncidentContext): string {
  const who = [
    ...(subjects.length > 0 ? [counted(subjects.length, 'person', 'people')] : []),
    ...roles.map((role) => `every ${role}`),
  ];
  return who.length > 0 ? `, ${who.join(' and ')} let in${history ? ' and able to look back' : ''}` : '';
}

const declared = become('declared', (context, event) => ({
  trigger: event.type,
  text: `${context.drill ? 'a drill, ' : ''}declared by ${calledIn(context)}: ${context.reason}`,
}));
const active = become('active', (context, event) => {
  if (event.type === 'incident.renewed') return { trigger: event.type, text: `renewed by ${calledIn(event)}` };
  if (event.type !== 'incident.raised') return { trigger: event.type, text: 'it runs' };
  const pushes = context.drill ? 'nothing is pushed, as this is a drill' : counted(event.broadcasts, 'broadcast');
  const failed = event.failed.length > 0 ? `; not done: ${event.failed.join('; ')}` : '';
  return {
    trigger: event.type,
    text: `${raisedFor(event)}, ${pushes}${letIn(context)}${failed}`,
    guard: { cameras: event.cameras, broadcasts: event.broadcasts },
  };
});
const expiring = become('expiring', (context, event) => ({
  trigger: event.type,
  text: 'it ends soon unless somebody renews it',
  guard: { left_ms: Math.max(0, context.until - event.at) },
}));
const closed = become('closed', (_context, event) =>
  event.type === 'incident.ended'
    ? { trigger: event.type, text: `closed by ${calledIn(event)}`, reason: 'closed' }
    : { trigger: event.type, text: 'its time was over', reason: 'expired' },
);

const lasts = [
  { guard: 'endsSoon', target: 'expiring', actions: [renew, expiring] },
  { target: 'active', actions: [renew, active] },
] as const;

/** An emergency in a zone: what it raises, for whom, until when. It falls back by itself. */
export const incidentMachine = machine.createMachine({
  id: 'incident',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet declared' },
    zone: '',
    cameras: [],
    reason: '',
    by: '',
    until: 0,
    drill: false,
    destinations: [],
    grants: { roles: [], subjects: [] },
  }),
  initial: 'new',
  states: {
    new: { on: { 'incident.declared': { target: 'running', actions: [declare, declared] } } },
    running: {
      tags: ['running'],
      initial: 'declared',
      invoke: { src: 'alarm', id: 'end', input: ({ context }) => ({ name: 'end', at: context.until }) },
      on: {
        'incident.ended': { target: 'closed', actions: closed },
        'alarm.rang': { guard: 'endAlarm', target: 'closed', actions: closed },
        // The alarm of the old end must not ring: it is armed anew.
        'incident.renewed': lasts.map((one) => ({ ...one, target: `.${one.target}`, reenter: true })),
      },
      states: {
        declared: {
          meta: { text: 'its cameras and broadcasts are being raised' },
          on: { 'incident.raised': [...lasts] },
        },
        active: {
          meta: { text: 'it runs' },
          invoke: {
            src: 'alarm',
            id: 'warn',
            input: ({ context }) => ({ name: 'warn', at: context.until - INCIDENT_TIMES.warnMs }),
          },
          on: { 'alarm.rang': { guard: 'warnAlarm', target: 'expiring', actions: expiring } },
        },
        expiring: { meta: { text: 'it ends soon unless somebody renews it' } },
      },
    },
    closed: { type: 'final', tags: ['over'], meta: { text: 'over; all that it raised has been lowered' } },
  },
});

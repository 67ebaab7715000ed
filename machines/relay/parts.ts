import { fromCallback, setup } from 'xstate';
import { doerIn } from '../../bus/events/doer.ts';
import type { RelayState } from '../../bus/events/relay.ts';
import type { AlarmInput, HealthInput, ProvisionInput, PulseInput } from '../slots.ts';
import { RELAY_TIMES, type RelayContext, type RelayEvent, type RelaySaid } from './context.ts';
import {
  type Because,
  empty,
  fit,
  gone,
  newProcess,
  putAside,
  removed,
  silent,
  speechless,
  takenOut,
} from './reasons.ts';

/** The relay machine's types, slots and guards; its chart is in `../relay.ts`. */
export const machine = setup({
  types: {
    context: {} as RelayContext,
    events: {} as RelayEvent,
    emitted: {} as RelaySaid,
    input: {} as { id: string },
    tags: {} as 'serving' | 'placeable' | 'draining' | 'dark' | 'over',
  },
  actors: {
    health: fromCallback<RelayEvent, HealthInput>(() => {}),
    pulse: fromCallback<RelayEvent, PulseInput>(() => {}),
    provision: fromCallback<RelayEvent, ProvisionInput>(() => {}),
    alarm: fromCallback<RelayEvent, AlarmInput>(() => {}),
  },
  guards: {
    otherInstance: ({ context, event }) => 'instance' in event && event.instance !== context.instance,
    mediaFlows: ({ context }) => context.media === 'flows',
    mediaSilent: ({ context }) => context.media === 'silent',
    apiSilent: ({ context }) => !context.answers,
    draining: ({ context }) => context.drain?.emptied === false,
    drained: ({ context }) => context.drain?.emptied === true,
    leaving: ({ context }) => context.leavingAt !== undefined,
    /** The process that was to be emptied is gone: another one answers. */
    leftByItself: ({ context, event }) =>
      context.leavingAt !== undefined && 'instance' in event && event.instance !== context.instance,
    /** There is nobody to wait for. */
    vacant: ({ context, event }) => event.type === 'relay.removed' && (!event.runs || context.drain?.emptied === true),
  },
});

/** States in which it carries media. */
const CARRYING = new Set(['serving', 'degraded', 'draining', 'drained']);

/** Enters a state: sets it with its reason, and says so. */
export const become = (state: RelayState, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    const carries = CARRYING.has(state);
    const silentMs = 'silent_ms' in event ? event.silent_ms : undefined;
    const recoverMs = carries && context.lostAt !== undefined ? event.at - context.lostAt : undefined;
    const lostAt = context.lostAt ?? event.at - (event.type === 'pulse.missed' ? event.silent_ms : 0);
    enqueue.assign({ state, since: event.at, why, lostAt: carries ? undefined : lostAt });
    enqueue.emit({
      type: `relay.${state}`,
      data: {
        role: context.role,
        region: context.region,
        state,
        from: context.state,
        since: event.at,
        why,
        ...(state === 'suspect' && silentMs !== undefined ? { detect_ms: silentMs } : {}),
        ...(recoverMs === undefined ? {} : { recover_ms: recoverMs }),
        ...(context.drain ? doerIn(context.drain) : {}),
      },
    });
  });

/** What the configuration says of it. One that it lists again is drained no more, whoever had asked for that. */
export const configure = machine.assign(({ context, event }) => {
  if (event.type !== 'relay.configured') return {};
  const { role, region, weight, max_readers, pull, saved_at: savedAt } = event;
  const again = context.leavingAt === undefined ? {} : { leavingAt: undefined, graceMs: undefined, drain: undefined };
  const pulls = pull ? { pull } : context.pull ? { pull: undefined, upstream: undefined } : {};
  return { role, region, weight, max_readers, savedAt, ...pulls, ...again };
});
/** From where it pulls programs: told when that is another one than before. */
export const noteUpstream = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'relay.upstream' || !context.pull) return;
  const { upstream: relay, why } = event;
  const before = context.upstream;
  if (before && before.relay === relay) return;
  enqueue.assign({ upstream: { ...(relay === undefined ? {} : { relay }), since: event.at, why } });
  const { role, region, state, since } = context;
  enqueue.emit({
    type: 'relay.upstream',
    data: {
      ...{ role, region, state, from: state, since, why },
      ...(relay === undefined ? {} : { upstream: relay }),
      ...(before?.relay === undefined ? {} : { from_upstream: before.relay }),
    },
  });
});
const noteRemoval = machine.assign(({ context, event }) => {
  if (event.type !== 'relay.removed') return {};
  const { leavingAt = event.at, graceMs = event.grace_ms } = context;
  return { leavingAt, savedAt: event.saved_at, ...(graceMs === undefined ? {} : { graceMs }) };
});
const noteInstance = machine.assign(({ event }) =>
  'instance' in event ? { instance: event.instance, answers: true, media: 'unknown' as const } : {},
);
/** What the two witnesses say last: its control API, and the packets through it. */
export const noteWitness = machine.assign(({ event }) => {
  switch (event.type) {
    case 'relay.answering':
      return { answers: true };
    case 'relay.missed':
    case 'relay.exited':
      return { answers: false };
    case 'pulse.beating':
      return { media: 'flows' as const };
    case 'pulse.missed':
      return { media: 'silent' as const };
    default:
      return {};
  }
});
export const noteDrain = machine.assign(({ context, event }) => {
  switch (event.type) {
    case 'relay.drain':
      return { drain: context.drain ?? { ...doerIn(event), since: event.at, emptied: false } };
    case 'relay.emptied':
      return { drain: context.drain && { ...context.drain, emptied: true } };
    case 'relay.resume':
      return { drain: undefined };
    default:
      return {};
  }
});
export const wait = (ms: number) => machine.assign(({ event }) => ({ deadline: event.at + ms }));

const KNOWN = '#relay.watched.known';

const leavesNow = {
  target: `${KNOWN}.leaving`,
  actions: [noteWitness, noteRemoval, become('draining', takenOut)],
} as const;
/** It was doubted, and is there after all: whoever is on it goes on leaving. */
export const leavesOn = { guard: 'leaving', ...leavesNow } as const;
const aside = [
  { guard: 'drained', target: `${KNOWN}.drained`, actions: [noteWitness, become('drained', empty)] },
  { guard: 'draining', target: `${KNOWN}.draining`, actions: [noteWitness, become('draining', putAside)] },
] as const;
const speechlessly = {
  guard: 'apiSilent',
  target: `${KNOWN}.degraded`,
  actions: [noteWitness, noteDrain, become('degraded', speechless)],
} as const;

/** It answers and carries media: in service, unless somebody has it drained. */
export const serves = {
  target: `${KNOWN}.serving`,
  actions: [noteWitness, noteDrain, become('serving', fit)],
} as const;
export const answered = [...aside, serves] as const;
/** Packets go through it: where it stands is told by who has it drained, and by whether its API answers. */
export const settled = [...aside, speechlessly, serves] as const;
/** It may take viewers again. */
export const resumed = [speechlessly, serves] as const;

/** It is silent: dead, if it stays so. */
export const suspected = {
  target: `${KNOWN}.suspect`,
  actions: [noteWitness, wait(RELAY_TIMES.deadAfterMs), become('suspect', silent)],
} as const;

/** Its viewers stay, no new one comes. */
export const drains = { target: `${KNOWN}.draining`, actions: [noteDrain, become('draining', putAside)] } as const;

/** It is removed, from wherever it was. */
const over = { target: '#relay.removed', actions: [noteWitness, noteRemoval, become('removed', removed)] } as const;
/** It carries nobody, and is removed at once. */
export const ends = over;
const endsVacant = { guard: 'vacant', ...over } as const;
/** It was being emptied, and nobody is on it any more, for whatever reason. */
export const endsLeaving = { guard: 'leaving', ...over } as const;
/** The same, when another process answers: nobody is on that one. */
export const endsAnew = { guard: 'leftByItself', ...over } as const;

/** Whoever is on it goes elsewhere first. */
export const leaves = [endsVacant, leavesNow] as const;
/** The same, while nobody knows whether it comes back. */
export const leavesInDoubt = [endsVacant, { actions: noteRemoval }] as const;

/** The configuration lists it again, before it was empty. */
export const stays = [
  { guard: 'apiSilent', target: `${KNOWN}.degraded`, actions: [configure, become('degraded', speechless)] },
  { target: `${KNOWN}.serving`, actions: [configure, become('serving', fit)] },
] as const;

/** Another process answers than the one that has its paths. */
export const returns = {
  guard: 'otherInstance',
  target: KNOWN,
  reenter: true,
  actions: [become('starting', newProcess), noteInstance],
} as const;

export const exits = { target: '#relay.watched.gone', actions: [noteWitness, become('dead', gone)] } as const;

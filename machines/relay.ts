import { plainly } from './plainly.ts';
import { leaveAt, RELAY_TIMES } from './relay/context.ts';
import {
  answered,
  become,
  configure,
  drains,
  ends,
  endsAnew,
  endsLeaving,
  exits,
  leaves,
  leavesInDoubt,
  leavesOn,
  machine,
  noteDrain,
  noteUpstream,
  noteWitness,
  resumed,
  returns,
  serves,
  settled,
  stays,
  suspected,
  wait,
} from './relay/parts.ts';
import { cutOff, empty, gone, speechless } from './relay/reasons.ts';

const provisioning = machine.createStateConfig({
  tags: ['dark'],
  meta: { text: 'is being given its paths' },
  invoke: {
    src: 'provision',
    id: 'provision',
    input: ({ context }) => ({ relay: context.id, instance: context.instance ?? '' }),
  },
  on: {
    'paths.provisioned': [{ guard: 'otherInstance' }, { guard: 'mediaSilent', ...suspected }, ...settled],
    'paths.refused': { target: 'refused', actions: wait(RELAY_TIMES.provisionAgainMs) },
  },
});

const refused = machine.createStateConfig({
  tags: ['dark'],
  meta: { text: 'did not take its paths; they are offered again' },
  invoke: { src: 'alarm', id: 'again', input: ({ context }) => ({ name: 'again', at: context.deadline }) },
  on: { 'alarm.rang': 'provisioning' },
});

const serving = machine.createStateConfig({
  tags: ['serving', 'placeable'],
  meta: { text: 'carries media' },
  on: {
    // Before the pulse was ever felt, the API is the only witness.
    'relay.missed': [
      { guard: 'mediaFlows', target: 'degraded', actions: [noteWitness, become('degraded', speechless)] },
      suspected,
    ],
    'pulse.missed': suspected,
    'relay.drain': drains,
    'relay.removed': leaves,
  },
});

const degraded = machine.createStateConfig({
  tags: ['serving'],
  meta: { text: 'carries media; its control API does not answer' },
  on: {
    'relay.answering': [returns, serves],
    'pulse.missed': suspected,
    'relay.drain': drains,
    'relay.removed': leaves,
  },
});

const suspect = machine.createStateConfig({
  tags: ['serving'],
  meta: { text: 'does not answer in time, or no packet goes through it' },
  invoke: { src: 'alarm', id: 'dead', input: ({ context }) => ({ name: 'dead', at: context.deadline }) },
  on: {
    'relay.answering': [endsAnew, returns, { guard: 'mediaSilent', actions: noteWitness }, leavesOn, ...answered],
    'pulse.beating': [leavesOn, ...settled],
    'media.seen': { target: 'cutOff', actions: [wait(RELAY_TIMES.unseenMs), become('degraded', cutOff)] },
    'alarm.rang': [endsLeaving, { target: 'dead', actions: become('dead', gone) }],
    'relay.removed': leavesInDoubt,
  },
});

const cutOffState = machine.createStateConfig({
  tags: ['serving'],
  meta: { text: 'nothing of it is heard here; its viewers have pictures' },
  invoke: { src: 'alarm', id: 'dead', input: ({ context }) => ({ name: 'dead', at: context.deadline }) },
  on: {
    'media.seen': { target: 'cutOff', reenter: true, actions: wait(RELAY_TIMES.unseenMs) },
    'relay.answering': [endsAnew, returns, { guard: 'mediaSilent', actions: noteWitness }, leavesOn, ...answered],
    'pulse.beating': [leavesOn, ...settled],
    'alarm.rang': [endsLeaving, { target: 'dead', actions: become('dead', gone) }],
    'relay.removed': leavesInDoubt,
  },
});

const draining = machine.createStateConfig({
  tags: ['serving', 'draining'],
  meta: { text: 'takes no new viewers; waits until the last one has left' },
  on: {
    'relay.missed': [{ guard: 'mediaFlows', actions: noteWitness }, suspected],
    'pulse.missed': suspected,
    'relay.emptied': { target: 'drained', actions: [noteDrain, become('drained', empty)] },
    'relay.resume': resumed,
    'relay.removed': leaves,
  },
});

const leaving = machine.createStateConfig({
  tags: ['serving', 'draining'],
  meta: { text: 'was taken out; waits, for a while, until the last one has left, and is removed then' },
  invoke: { src: 'alarm', id: 'leave', input: ({ context }) => ({ name: 'leave', at: leaveAt(context) }) },
  on: {
    'relay.missed': [{ guard: 'mediaFlows', actions: noteWitness }, suspected],
    'pulse.missed': suspected,
    'relay.emptied': ends,
    'alarm.rang': ends,
    'relay.resume': { actions: noteDrain },
    'relay.removed': leaves,
    'relay.configured': stays,
  },
});

const drained = machine.createStateConfig({
  tags: ['draining'],
  meta: { text: 'carries nobody, and takes nobody' },
  on: {
    'relay.missed': [{ guard: 'mediaFlows', actions: noteWitness }, suspected],
    'pulse.missed': suspected,
    'relay.resume': resumed,
  },
});

const dead = machine.createStateConfig({
  tags: ['dark'],
  meta: { text: 'silent for too long' },
  on: {
    'relay.answering': [returns, { guard: 'mediaSilent', actions: noteWitness }, ...answered],
    'pulse.beating': [{ guard: 'apiSilent', actions: noteWitness }, ...answered],
  },
});

/** A process that has answered: each new one is given its paths first, and has a pulse of its own. */
const known = machine.createStateConfig({
  initial: 'provisioning',
  invoke: {
    src: 'pulse',
    id: 'pulse',
    input: ({ context }) => ({
      relay: context.id,
      everyMs: RELAY_TIMES.pulseEveryMs,
      silentMs: RELAY_TIMES.pulseSilentMs,
    }),
  },
  on: {
    'relay.answering': [endsAnew, returns, { actions: noteWitness }],
    'relay.missed': { actions: noteWitness },
    'relay.exited': [endsLeaving, exits],
    'pulse.beating': { actions: noteWitness },
    'pulse.missed': { actions: noteWitness },
  },
  states: { provisioning, refused, serving, degraded, suspect, cutOff: cutOffState, draining, leaving, drained, dead },
});

/**
 * A relay process: whether it answers, whether packets go through it, whether it has its paths, whether placement may
 * use it. A new instance always gets its paths before it serves; one that is drained stays so over restarts. One that
 * the configuration lists no more is left by whoever is on it, and then removed; nobody is waited for without end.
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
    answers: false,
    media: 'unknown',
    deadline: 0,
  }),
  initial: 'new',
  states: {
    new: {
      on: {
        'relay.configured': {
          target: 'watched',
          actions: [configure, become('starting', plainly('waiting for it to answer'))],
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
      on: {
        'relay.configured': { actions: configure },
        'relay.upstream': { actions: noteUpstream },
        'relay.removed': ends,
        'relay.drain': { actions: noteDrain },
        'relay.resume': { actions: noteDrain },
      },
      states: {
        starting: {
          tags: ['dark'],
          meta: { text: 'has not answered yet' },
          on: { 'relay.answering': returns, 'relay.exited': exits },
        },
        known,
        gone: {
          tags: ['dark'],
          meta: { text: 'its process is gone' },
          on: { 'relay.answering': returns },
        },
      },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});

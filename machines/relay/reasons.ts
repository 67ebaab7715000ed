import { calledIn, type Doer } from '../../bus/events/doer.ts';
import type { Why } from '../../bus/events/why.ts';
import { plainly } from '../plainly.ts';
import { RELAY_TIMES, type RelayContext, type RelayEvent } from './context.ts';

/** Tells why a relay enters a state. */
export type Because = (context: RelayContext, event: RelayEvent) => Why;

export const newProcess = plainly('a new process answers; it is being given its paths');

/** It carries media and takes viewers. */
export const fit: Because = (_context, event) => {
  const trigger = event.type;
  switch (event.type) {
    case 'paths.provisioned':
      return {
        trigger,
        text: 'it answers and has its paths',
        guard: { paths: event.paths, elapsed_ms: event.elapsed_ms },
      };
    case 'relay.resume':
      return { trigger, text: `${calledIn(event)} has it take viewers again` };
    case 'relay.configured':
      return { trigger, text: 'the configuration lists it again' };
    case 'pulse.beating':
      return { trigger, text: 'packets go through it again', guard: { round_trip_ms: event.round_trip_ms } };
    default:
      return { trigger, text: 'it answers again, as the same process' };
  }
};

/** The API hangs, the media does not: whoever is there stays, nobody new comes. */
export const speechless: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'api-silent',
  text: 'its control API does not answer, but packets go through it: its viewers stay, new ones go elsewhere',
  ...(event.type === 'relay.missed' ? { guard: { silent_ms: event.silent_ms, detail: event.detail } } : {}),
});

/** Whoever is there has pictures: to move them for a way that is broken between here and there would take those away. */
export const cutOff: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'cut-off',
  text: 'nothing of it reaches this gateway, but its viewers have pictures: they are left alone, new ones go elsewhere',
  ...(event.type === 'media.seen' ? { guard: { session: event.session } } : {}),
});

export const silent: Because = ({ answers }, event) => ({
  trigger: event.type,
  reason: 'silent',
  text:
    event.type === 'relay.missed'
      ? 'it does not answer in time'
      : `no packet goes through it${answers ? ', though its control API has not been missed' : ''}`,
  ...('silent_ms' in event ? { guard: { silent_ms: event.silent_ms, detail: event.detail } } : {}),
});

/** Nobody has seen its process end: whether whoever is there has pictures is not known. */
const unheard = ({ role }: RelayContext): string =>
  `it has not answered for too long${
    role === 'delivery' ? ': players go elsewhere, other clients are left alone, as they may have pictures' : ''
  }`;

export const gone: Because = (context, event) => ({
  trigger: event.type,
  reason: event.type === 'relay.exited' ? 'exited' : 'silent',
  text: event.type === 'relay.exited' ? 'its process ended; it is being restarted' : unheard(context),
  ...('detail' in event ? { guard: { detail: event.detail } } : {}),
});

const whoDrains = (drain: Doer | undefined): string => (drain ? calledIn(drain) : 'somebody');

const inSeconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** It is left by whoever is there, before it is removed. */
export const takenOut: Because = ({ graceMs }, event) => ({
  trigger: event.type,
  reason: 'taken-out',
  text: `it was taken out of the configuration; it waits until the last one has left${
    graceMs === undefined ? '' : `, ${inSeconds(graceMs)} at most`
  }`,
});

export const putAside: Because = (context, event) => {
  const who = whoDrains(event.type === 'relay.drain' ? event : context.drain);
  return {
    trigger: event.type,
    reason: 'drain',
    text: `${who} has it take no new viewers; it waits until the last one has left`,
  };
};

/** What became of it before it was removed. */
function lastOf({ graceMs = RELAY_TIMES.graceMs }: RelayContext, event: RelayEvent): string {
  if (event.type === 'relay.emptied') return 'nobody is on it any more';
  if (event.type === 'alarm.rang' && event.name === 'leave')
    return `whoever had not left it after ${inSeconds(graceMs)} is cut`;
  if (event.type !== 'relay.removed') return 'it was lost before the last one had left';
  return event.runs ? 'it carried nobody' : 'nothing of it runs';
}

/** It is no more. */
export const removed: Because = (context, event) => ({
  trigger: event.type,
  reason: 'taken-out',
  text: `it was taken out of the configuration, and ${lastOf(context, event)}`,
});

export const empty: Because = ({ drain }, event) => ({
  trigger: event.type,
  reason: 'drain',
  text: `nobody is on it any more; ${whoDrains(drain)} has it take no new viewers until that is undone`,
});

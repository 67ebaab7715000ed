import { CAUSES, type Cause, type Trouble } from '../../bus/events/alarm.ts';
import type { Why } from '../../bus/events/why.ts';
import { backoff } from './backoff.ts';
import { hash } from './hash.ts';

type About = Trouble['about'];

/** A cell as far as alarms look at it. */
export interface Standing {
  state: string;
  why: Why;
  /** Of a broadcast: false while its destination gets the slate. */
  picture?: boolean;
  /** Of a broadcast: how its camera stands. */
  camera?: Pick<Standing, 'state' | 'why'>;
  /** Of a camera: the destinations that get its slate now. */
  slateAt?: readonly string[];
}

/** Whether a cause is there, in words; undefined where that can't be told yet: then it stays as it was. */
export type Judgement = { present: boolean; text: string } | undefined;

interface Question {
  kind: About['kind'];
  /** It must last so long before it is an alarm. */
  raiseAfterMs: number;
  /** It must be away for so long before the alarm is over, the first time; each relapse doubles it. */
  clearAfterMs: number;
  /** Absent: no state of a cell answers it. */
  judge?(standing: Standing): Judgement;
}

/** The states in which a cause is there, with what a person is told; those in which it is not known; else it is not there. */
const byState =
  (present: Record<string, string>, unknown: readonly string[] = []) =>
  ({ state, why }: Standing): Judgement => {
    const text = Object.hasOwn(present, state) ? present[state] : undefined;
    if (text !== undefined) return { present: true, text: why.text ? `${text}: ${why.text}` : text };
    return unknown.includes(state) ? undefined : { present: false, text: state };
  };

const judgeSource = byState(
  {
    holding: 'no source, viewers see the slate',
    offline: 'offline',
    quarantined: 'left alone after failing too often',
  },
  // One that is asked anew has not come back yet.
  ['connecting', 'stalled', 'switching'],
);

/** A camera without a source, and who else sees it: the stations that get its slate raise no alarm of their own. */
function judgeCamera(standing: Standing): Judgement {
  const judged = judgeSource(standing);
  const { slateAt = [] } = standing;
  if (!judged?.present || slateAt.length === 0) return judged;
  return { ...judged, text: `${judged.text}; on air with the slate: ${slateAt.join(', ')}` };
}

/**
 * A station that gets the slate. Its cause is most often that the camera has no source: that is one cause, so it is one
 * alarm, the camera's, which names the station; whether it is the cause is waited for while the camera is asked anew.
 */
function judgeSlate({ state, picture, camera }: Standing): Judgement {
  if (state !== 'on-air' || picture !== false) return { present: false, text: state };
  const source = camera ? judgeSource(camera) : { present: false };
  if (source?.present) return { present: false, text: 'its camera has no source, which is the alarm' };
  return source && { present: true, text: 'on air with the slate' };
}

/** What is asked, of what, and how patiently. */
export const QUESTIONS: Readonly<Record<Cause, Question>> = {
  'no-source': {
    kind: 'camera',
    raiseAfterMs: 2_000,
    clearAfterMs: 5_000,
    judge: judgeCamera,
  },
  frozen: {
    kind: 'camera',
    raiseAfterMs: 0,
    clearAfterMs: 5_000,
    judge: byState({ frozen: 'the picture stands still' }),
  },
  // A player that is late tells again each minute; nobody tells when it is not.
  'stale-hls': { kind: 'camera', raiseAfterMs: 0, clearAfterMs: 90_000 },
  'relay-dead': {
    kind: 'relay',
    raiseAfterMs: 0,
    clearAfterMs: 5_000,
    judge: byState({ dead: 'dead' }, ['starting', 'suspect']),
  },
  'off-air': {
    kind: 'broadcast',
    raiseAfterMs: 3_000,
    clearAfterMs: 5_000,
    judge: byState({ retrying: 'not on air, retrying', failed: 'not on air, failed', waiting: 'not on air, waiting' }, [
      'connecting',
    ]),
  },
  slate: {
    kind: 'broadcast',
    raiseAfterMs: 2_000,
    clearAfterMs: 5_000,
    judge: judgeSlate,
  },
  // Who prolongs or closes it has seen to it.
  'ends-soon': {
    kind: 'incident',
    raiseAfterMs: 0,
    clearAfterMs: 0,
    judge: byState({ expiring: 'ends soon unless it is prolonged' }),
  },
  'not-recorded': {
    kind: 'recording',
    raiseAfterMs: 5_000,
    clearAfterMs: 5_000,
    judge: byState({ failing: 'not recorded' }, ['starting']),
  },
  'disk-full': {
    kind: 'recording',
    raiseAfterMs: 0,
    clearAfterMs: 5_000,
    judge: byState({ full: 'not recorded' }, ['starting', 'failing']),
  },
  nats: { kind: 'gateway', raiseAfterMs: 3_000, clearAfterMs: 5_000 },
  redis: { kind: 'gateway', raiseAfterMs: 3_000, clearAfterMs: 5_000 },
  launcher: { kind: 'gateway', raiseAfterMs: 3_000, clearAfterMs: 5_000 },
  log: { kind: 'gateway', raiseAfterMs: 0, clearAfterMs: 5_000 },
  cells: { kind: 'gateway', raiseAfterMs: 0, clearAfterMs: 5_000 },
  process: { kind: 'gateway', raiseAfterMs: 0, clearAfterMs: 5_000 },
};

/** What is asked of a kind of thing. */
export const causesOf = (kind: string): Cause[] => CAUSES.filter((cause) => QUESTIONS[cause].kind === kind);

const LONGEST_ID = 64;
const KEPT_OF_LONG_IDS = 40;

/** The id of the alarm about a cause: one cause, one alarm. */
export function alarmId(cause: Cause, about: string): string {
  const whole = `${cause}--${about}`;
  if (whole.length <= LONGEST_ID) return whole;
  return `${cause}--${about.slice(0, KEPT_OF_LONG_IDS)}-${hash(about).toString(36)}`;
}

/** What the alarm of an id is about, as far as the id tells: the ids of long names are cut short. */
export function aboutIn(id: string): About | undefined {
  const [cause = '', ...rest] = id.split('--');
  const question = Object.hasOwn(QUESTIONS, cause) ? QUESTIONS[cause as Cause] : undefined;
  return question && { kind: question.kind, id: rest.join('--') };
}

/** Alarms that were raised within this time make one that comes again be slower to clear. */
export const RELAPSE_MS = 3_600_000;
const LONGEST_CLEAR_MS = 300_000;

/** When an alarm was raised lately, the present time included. */
export const raisingsAt = (earlier: readonly number[], at: number): number[] => [
  ...earlier.filter((raising) => at - raising < RELAPSE_MS),
  at,
];

/**
 * How long a cause must be away before its alarm is over: what comes and goes is one long alarm, and not a hundred.
 * @param raisings epoch ms at which it was raised
 * @param at epoch ms at which the cause went away
 */
export function clearAfterMs(cause: Cause, raisings: readonly number[], at: number): number {
  const lately = raisings.filter((raising) => at - raising < RELAPSE_MS).length;
  return backoff(Math.max(1, lately), QUESTIONS[cause].clearAfterMs, LONGEST_CLEAR_MS).waitMs;
}

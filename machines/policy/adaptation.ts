import type { Why } from '../../bus/events/why.ts';
import { inSeconds } from './lateness.ts';

/** A rung that a viewer can be moved to. */
export interface Step {
  name: string;
  bitrate_bps: number;
  /** Encoded for one viewer alone, as its network allows: the last resort. */
  adaptive?: boolean | undefined;
  /** Its encoder does not keep up, or did not a moment ago: its pictures come so late. */
  late_ms?: number | undefined;
}

/** A move between rungs that has been made, or a way up that was tried unseen: it is remembered against swinging. */
export interface Turn {
  /** Epoch ms. */
  at: number;
  down: boolean;
}

/** What a viewer's network has shown. */
export interface Sign {
  good: boolean;
  collapsed: boolean;
  afterMs: number;
  loss: number;
  kbps: number;
  /** It is known by a queue, which had the pictures so late. */
  queueMs?: number;
  /** No packet was missing lately: so many frames a second came, and so many of them were shown. */
  whole?: { receivedFps: number; shownFps: number };
}

/** What is known when a viewer's network has shown something. */
export interface Adaptable {
  /** Epoch ms. */
  at: number;
  /** Best first. */
  rungs: readonly Step[];
  /** The rung on screen. */
  now: string;
  /** What the network shows. */
  sign: Sign;
  /** Its moves so far, oldest first. */
  turns: readonly Turn[];
  /** Somebody chose this rung: it is kept. */
  fixed: boolean;
  /** What its network carries, where its sender estimates it. */
  availableKbps?: number | undefined;
}

/** A decision: which rung, or none, and why. */
export interface Adaptation {
  /** Absent: it stays where it is. */
  rung?: string;
  down: boolean;
  why: Why;
}

/**
 * A picture reverses when it goes the other way than with its move before, less than `reversalMs` after it.
 *
 * Down is the network's choice: it is never held back. So what is ours is to go up only where that lasts. What comes
 * next flows unseen beside what is on screen for `proofMs` first, and is given up where that suffers: a network that
 * bears both has room for the larger. Who had to go down again within `reversalMs`, or found no room, does not try for as
 * long, and twice as long with each further failure within `rememberedMs`. So no network, whatever it does, sees a
 * picture turn from down to up twice within `reversalMs`; and one that stays as it is for a minute sees one reversal
 * within `reversalMs` at most, of either kind.
 */
export const ADAPTATION = {
  ...{ reversalMs: 30_000, rememberedMs: 600_000, longestBarMs: 240_000 },
  ...{ proofMs: 1_500, fillShare: 0.8, turnsKept: 12 },
  /** From what adapts by itself up to a fixed rung: only with this much more than that needs. */
  roomShare: 1.2,
  /** Down to it only where packets are lost, or queue: a slow screen is no thin network, and an encoder of its own costs. */
  leastLoss: 0.05,
  /** A player that shows less of what has come does not keep up. */
  shownShare: 0.85,
};

/** When ways up had to be taken back, or found no room, oldest first. */
export const takenBack = (turns: readonly Turn[]): number[] =>
  turns.flatMap(({ at, down }, index) => {
    const before = turns[index - 1];
    return down && before && !before.down && at - before.at < ADAPTATION.reversalMs ? [at] : [];
  });

/** Until when nobody goes up (epoch ms), and the failure that this follows from; undefined: nothing bars it. */
function barOf({ turns, at }: Adaptable): { until: number; since: number } | undefined {
  const failures = takenBack(turns).filter((one) => at - one < ADAPTATION.rememberedMs);
  const since = failures.at(-1);
  if (since === undefined) return undefined;
  const forMs = Math.min(ADAPTATION.reversalMs * 2 ** (failures.length - 1), ADAPTATION.longestBarMs);
  return at - since < forMs ? { since, until: since + forMs } : undefined;
}

/** Why a path is bad, in a word and a sentence: what is lost on the way, or what its player does with what comes. */
function illOf({ collapsed, afterMs, loss, queueMs, whole }: Sign): { reason: string; text: string } {
  if (queueMs !== undefined) {
    return { reason: 'collapsed', text: `its pictures came ${queueMs} ms late, each later than the last` };
  }
  if (collapsed || !whole) {
    const text = `${percent(loss)} of the packets were lost for ${afterMs} ms`;
    return { reason: collapsed ? 'collapsed' : 'strained', text };
  }
  const [received, shown] = [Math.round(whole.receivedFps), Math.round(whole.shownFps)];
  if (whole.shownFps < whole.receivedFps * ADAPTATION.shownShare) {
    const text = `${received} pictures a second came, of which its player showed ${shown}: it can't keep up`;
    return { reason: 'overloaded', text };
  }
  return { reason: 'stuttered', text: `its picture came haltingly for ${afterMs} ms, though nothing was lost` };
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

type Rejected = NonNullable<Why['rejected']>;

/** A picture that comes late is worse than one with gaps. */
const isInTime = ({ late_ms }: Step): boolean => late_ms === undefined;
const tooLate = (rungs: readonly Step[]): Rejected =>
  rungs.flatMap(({ name, late_ms }) =>
    late_ms === undefined
      ? []
      : [{ option: name, because: `its pictures come ${inSeconds(late_ms)} late: its encoder can't keep up` }],
  );

/**
 * The rung below that what arrives would fill by no more than four fifths; the lowest fixed one where none does, and below
 * that what adapts by itself. None where those that there are come late: one more encoder would only make them later.
 */
function lower({ rungs, sign }: Adaptable, present: number): { rung: Step | undefined; rejected: Rejected } {
  const all = rungs.slice(present + 1);
  const fixed = all.filter(({ adaptive }) => !adaptive);
  const late = tooLate(fixed);
  const below = (fixed.length > 0 ? fixed : all).filter(isInTime);
  if (sign.collapsed) {
    const rejected = below
      .slice(0, -1)
      .map(({ name }) => ({ option: name, because: 'what the network still carries must be found out from below' }));
    return { rung: below.at(-1), rejected: [...rejected, ...late] };
  }
  const fits = ({ bitrate_bps }: Step) => bitrate_bps <= sign.kbps * 1_000 * ADAPTATION.fillShare;
  const rung = below.find(fits) ?? below.at(-1);
  const rejected = below
    .slice(0, rung ? below.indexOf(rung) : 0)
    .map(({ name }) => ({ option: name, because: `${sign.kbps} kb/s arrive: too little for it` }));
  return { rung, rejected: [...rejected, ...late] };
}

/** Why what adapts by itself is kept: no loss shows there how much more the network carries. */
function tooThin({ availableKbps }: Adaptable, { name, bitrate_bps }: Step): string | undefined {
  if (availableKbps === undefined) return 'what the network carries is not known';
  const neededKbps = Math.round((bitrate_bps / 1_000) * ADAPTATION.roomShare);
  return availableKbps < neededKbps ? `${availableKbps} kb/s are there; ${name} needs ${neededKbps}` : undefined;
}

/**
 * Decides whether a viewer moves to another rung: down at once, from a collapse straight to the lowest; up one rung at
 * a time, when the path has been good for a while and no way up had to be taken back in the last 30 s.
 */
export function adapt(known: Adaptable): Adaptation {
  const { at, rungs, now, sign, fixed } = known;
  const present = rungs.findIndex(({ name }) => name === now);
  const { availableKbps } = known;
  const guard = {
    ...{ rung: now, rungs: rungs.map(({ name }) => name), ...sign },
    ...(availableKbps === undefined ? {} : { availableKbps }),
  };
  const stay = (reason: string, text: string, rejected: Rejected = []): Adaptation => ({
    down: !sign.good,
    why: { trigger: 'adaptation', reason, text, guard, ...(rejected.length > 0 ? { rejected } : {}) },
  });
  const go = ({ name }: Step, reason: string, text: string, rejected: Rejected): Adaptation => ({
    rung: name,
    ...stay(reason, `${name} instead of ${now}: ${text}`, rejected),
  });
  if (fixed) return stay('fixed', `${now} was chosen by somebody, and is kept`);
  if (present < 0) return stay('unknown', `the camera has no rung ${now} any more`);
  if (!sign.good) {
    const { rung, rejected } = lower(known, present);
    if (!rung && rejected.length > 0) return stay('late', `${now} stays: what is below it comes late`, rejected);
    if (!rung) return stay('lowest', 'there is no lower rung');
    if (rung.adaptive && sign.loss < ADAPTATION.leastLoss && sign.queueMs === undefined) {
      return stay(
        'lowest',
        'there is no lower rung but the one that is encoded for thin networks, and this one loses little',
      );
    }
    const { reason, text } = illOf(sign);
    return go(rung, reason, text, rejected);
  }
  const above = rungs.slice(0, present);
  const better = above.findLast(isInTime);
  if (!better) return stay('highest', 'there is no better rung', tooLate(above));
  const bar = barOf(known);
  if (bar) {
    const seconds = [at - bar.since, bar.until - at].map((ms) => Math.round(ms / 1000));
    const because = `going up had to be taken back ${seconds[0]} s ago; next try in ${seconds[1]} s at the earliest`;
    return stay('swinging', `${now} stays: ${because}`, [{ option: better.name, because }]);
  }
  const thin = rungs[present]?.adaptive ? tooThin(known, better) : undefined;
  if (thin) return stay('no-room', `${now} stays: ${thin}`, [{ option: better.name, because: thin }]);
  const passed = tooLate(above.slice(above.indexOf(better)));
  return go(better, 'recovered', `the network has been good for ${sign.afterMs} ms`, passed);
}

/** What is known when the picture that somebody watches comes late. */
export type Belated = Pick<Adaptable, 'rungs' | 'now' | 'fixed'> & { lateMs: number };

/**
 * Leads back from a rung whose encoder does not keep up: to the best one above it that comes in time, as a rule the
 * camera's own picture. Whatever took its viewer down, that one shows what happens now; and that he had to go up says
 * nothing of his network, so no bar holds him, and none follows.
 */
export function leaveLate({ rungs, now, fixed, lateMs }: Belated): Adaptation {
  const present = rungs.findIndex(({ name }) => name === now);
  const above = rungs.slice(0, Math.max(0, present));
  const better = above.find(isInTime);
  const late = `it came ${inSeconds(lateMs)} late, as its encoder can't keep up`;
  const why = { trigger: 'adaptation', reason: 'late', guard: { rung: now, late_ms: lateMs } };
  if (fixed) return { down: false, why: { ...why, text: `${now} stays though ${late}: somebody chose it` } };
  if (!better) return { down: false, why: { ...why, text: `${now} stays though ${late}: there is no better rung` } };
  return { rung: better.name, down: false, why: { ...why, text: `${better.name} instead of ${now}: ${late}` } };
}

/** The moves with one more; the oldest are forgotten. */
export const withTurn = (turns: readonly Turn[], turn: Turn): Turn[] => [...turns, turn].slice(-ADAPTATION.turnsKept);

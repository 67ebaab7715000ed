import type { History, HistoryWish } from '../../bus/events/history.ts';
import type { Subject } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';
import { access, type Place, type Rights, type Verdict } from './access.ts';

/** How far back each role may look at most, ms, whatever a token says; of a role that is not named, as far as it says. */
export type HistoryLimits = Partial<Record<Subject['role'], number>>;

/** Whether somebody may look back at a camera, and how far. */
export interface Horizon extends Verdict {
  /** The earliest permitted moment, epoch ms: 0 where there is no bound, beyond all time where nothing is permitted. */
  from: number;
  /** The bound moves on with the clock, at this distance. */
  lastMs?: number;
}

interface Bound {
  from: number;
  lastMs?: number;
  /** Whose bound it is. */
  by: 'right' | 'role' | 'incident';
}

/** What was said of a grant, as it stands from the moment of the grant on. @param at epoch ms */
export const settled = (wish: HistoryWish, at: number): History => (wish === 'since_grant' ? { since: at } : wish);

const boundOf = (history: History | undefined, by: Bound['by'], now: number): Bound => {
  if (!history) return { from: 0, by };
  if ('since' in history) return { from: history.since, by };
  return { from: Math.max(0, now - history.last_ms), lastMs: history.last_ms, by };
};

const UNITS: [ms: number, name: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
  [1, 'ms'],
];

/** A time in the largest unit that it is whole in. */
function spanIn(ms: number): string {
  const [unit, name] = UNITS.find(([size]) => ms % size === 0) as [number, string];
  return `${ms / unit} ${name}`;
}

const WORDS: Record<Bound['by'], string> = {
  right: 'the right',
  role: 'the role',
  incident: 'a running incident',
};

function reasonOf({ from, lastMs, by }: Bound, { action: _, ...guard }: NonNullable<Why['guard']>): Why {
  const reach =
    lastMs === undefined
      ? `since ${new Date(from).toISOString()}`
      : `within the last ${spanIn(lastMs)}, which moves on`;
  return {
    trigger: 'history',
    reason: 'history',
    text: `${WORDS[by]} opens only what was recorded ${reach}`,
    guard: { ...guard, from, ...(lastMs === undefined ? {} : { last_ms: lastMs }), by },
  };
}

/**
 * Decides how far back somebody may look at a camera. Their own right reaches as far as its bound and that of their role
 * both permit; what running incidents open beside it counts where it reaches further.
 * @param now epoch ms
 */
export function lookBack(rights: Rights, place: Place, now: number, limits: HistoryLimits = {}): Horizon {
  const verdict = access(rights, place, 'review');
  if (!verdict.allowed) return { ...verdict, from: Number.POSITIVE_INFINITY };
  const { granted = [], ...own } = rights;
  const limit = limits[rights.role];
  const bounds: Bound[] = granted
    .filter(({ camera, history }) => camera === place.camera && history)
    .map(({ history }) => boundOf(history, 'incident', now));
  if (access(own, place, 'review').allowed) {
    const both = [
      boundOf(rights.history, 'right', now),
      boundOf(limit === undefined ? undefined : { last_ms: limit }, 'role', now),
    ];
    bounds.push(both.reduce((near, far) => (far.from > near.from ? far : near)));
  }
  const bound = bounds.reduce((far, near) => (near.from < far.from ? near : far));
  const { from, lastMs } = bound;
  if (from === 0) return { ...verdict, from };
  const why = reasonOf(bound, verdict.why.guard ?? {});
  return { allowed: true, from, why, ...(lastMs === undefined ? {} : { lastMs }) };
}

import type { SourceState } from '../../bus/events/camera.ts';
import { calledIn, type Doer } from '../../bus/events/doer.ts';
import type { Why } from '../../bus/events/why.ts';
import { backoff } from './backoff.ts';

/** A source of a camera as the choice among them sees it. */
export interface SourceStanding {
  id: string;
  state: SourceState;
  /** Epoch ms since when it stands so: how long a flowing source has been steady. */
  since: number;
  /** Why it stands so, for a person. */
  text: string;
  /** Its picture stood still when it was last looked at. */
  frozen: boolean;
  /** Epoch ms at which it was lost while it fed the program. */
  lapses: readonly number[];
}

/** What decides which source feeds the program. */
export interface Situation {
  /** All sources, preferred first. */
  sources: readonly SourceStanding[];
  /** The source that feeds the program, or fed it last. */
  active: string;
  /** Whether a source feeds the program at present. */
  fed: boolean;
  /** The operator's choice, and who that is. */
  chosen?: string;
  chooser?: Doer;
  handBackMs: number | 'never';
  /** Epoch ms. */
  at: number;
}

/** Which source shall feed the program, and which may take over. */
export interface Choice {
  source: string;
  how: 'clean' | 'at-once';
  /** Sources that may take over without asking, in order. */
  armed: string[];
  why: Why;
  /** Epoch ms at which time alone may change this choice. */
  reconsiderAt?: number;
}

/** Durations of the choice, in ms. */
export const CHOICE_TIMES = {
  handBackMs: 10_000,
  /** A source that keeps failing in the program waits twice as long each time, at most so long. */
  longestHandBackMs: 600_000,
  /** A lapse counts for so long. */
  lapseMs: 1_800_000,
  /** A still picture is not looked at while it feeds nothing: it is tried again after so long. */
  frozenAgainMs: 60_000,
  /** Where all are pulled anew, as at a start or by another relay, a backup waits so long for the preferred source. */
  headStartMs: 2_000,
};

/** How long a source must be steady before it is handed back to; undefined: never by itself. */
export function steadyMs(source: SourceStanding, handBackMs: number | 'never', at: number): number | undefined {
  if (handBackMs === 'never') return undefined;
  const lapses = source.lapses.filter((lapse) => at - lapse < CHOICE_TIMES.lapseMs).length;
  const firstMs = source.frozen ? Math.max(handBackMs, CHOICE_TIMES.frozenAgainMs) : handBackMs;
  return backoff(Math.max(1, lapses), firstMs, Math.max(firstMs, CHOICE_TIMES.longestHandBackMs)).waitMs;
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
const healthy = ({ state, frozen }: SourceStanding): boolean => state === 'flowing' && !frozen;

/** Why a source does not feed the program, as a sentence. */
function obstacle(source: SourceStanding, situation: Situation): string {
  const { state, since, text, frozen } = source;
  const ago = seconds(situation.at - since);
  if (state !== 'flowing') return `${text} (${state} for ${ago})`;
  if (frozen && source.id === situation.active) return 'its picture stands still';
  const waitMs = steadyMs(source, situation.handBackMs, situation.at);
  if (!isPreferredTo(source, situation)) return 'it is the backup';
  if (waitMs === undefined) return 'it flows; this camera is handed back by an operator only';
  const still = frozen ? ', for its picture stood still' : '';
  return `steady for ${ago} of ${seconds(waitMs)}${still}`;
}

const place = ({ sources }: Situation, id: string): number => sources.findIndex((source) => source.id === id);
const isPreferredTo = (source: SourceStanding, situation: Situation): boolean =>
  place(situation, source.id) < place(situation, situation.active);

/** Epoch ms at which a source that flows beside the active one may be handed back to. */
function handBackAt(source: SourceStanding, situation: Situation): number | undefined {
  const waitMs = steadyMs(source, situation.handBackMs, situation.at);
  return waitMs === undefined ? undefined : source.since + waitMs;
}

/** What was decided, before it is put in words. */
interface Verdict {
  source: SourceStanding;
  how: 'clean' | 'at-once';
  reason: string;
  text: string;
  reconsiderAt?: number | undefined;
}

/** A healthy active source stays, unless one before it has been steady long enough. */
function stayOrHandBack(active: SourceStanding, situation: Situation): Verdict {
  const better = situation.sources.filter((one) => one.state === 'flowing' && isPreferredTo(one, situation));
  const due = better.find((one) => (handBackAt(one, situation) ?? Number.POSITIVE_INFINITY) <= situation.at);
  if (due) {
    const text = `${due.id} is preferred and has been steady for ${seconds(situation.at - due.since)}`;
    return { source: due, how: 'clean', reason: 'steady', text };
  }
  const waits = better.flatMap((one) => handBackAt(one, situation) ?? []);
  const preferred = place(situation, active.id) === 0;
  return {
    source: active,
    how: 'clean',
    reason: preferred ? 'preferred' : 'best',
    text: preferred ? `${active.id} is the preferred source` : `${active.id} is the best that is steady`,
    reconsiderAt: waits.length > 0 ? Math.min(...waits) : undefined,
  };
}

/** No picture, or a still one, comes from the active source: the next healthy one at once, otherwise whoever comes. */
function replace(active: SourceStanding, situation: Situation): Verdict {
  const { sources } = situation;
  const able = sources.filter(({ state }) => state === 'flowing');
  const next = able.find(healthy);
  const still = active.state === 'flowing';
  if (next) {
    const text = still
      ? `the picture of ${active.id} stands still; ${next.id} moves`
      : `${active.id} gives no picture; ${next.id} does`;
    return { source: next, how: 'at-once', reason: still ? 'still' : 'lost', text };
  }
  if (still) {
    const text = `the picture of ${active.id} stands still, and no other source is better`;
    return { source: active, how: 'clean', reason: 'nothing-better', text };
  }
  const first = able[0] ?? sources.find(({ state }) => state !== 'aside') ?? active;
  return { source: first, how: 'at-once', reason: 'none-flows', text: `no source flows; ${first.id} is awaited first` };
}

/** What the operator wants, while that source gives a picture. */
function wanted(active: SourceStanding, situation: Situation): Verdict | undefined {
  const source = situation.sources.find(({ id, state }) => id === situation.chosen && state === 'flowing');
  if (!source) return undefined;
  const how = healthy(active) || active.id === source.id ? 'clean' : 'at-once';
  const { chooser } = situation;
  return { source, how, reason: 'chosen', text: `${chooser ? calledIn(chooser) : 'an operator'} chose ${source.id}` };
}

/** The preferred source is on its way, and no other had a picture before it set out: until when it is awaited. */
function headStart({ sources, fed, at }: Situation): { preferred: SourceStanding; until: number } | undefined {
  const preferred = sources[0];
  if (fed || sources.length < 2 || !preferred) return undefined;
  if (preferred.state !== 'connecting' && preferred.state !== 'opening') return undefined;
  if (sources.some(({ state, since }) => state === 'flowing' && since < preferred.since)) return undefined;
  const until = preferred.since + CHOICE_TIMES.headStartMs;
  return until > at ? { preferred, until } : undefined;
}

/** All sources come at the same time, as after a start: a backup that is faster by a moment need not be left again. */
function awaitPreferred(situation: Situation): Verdict | undefined {
  const head = headStart(situation);
  if (!head) return undefined;
  const { preferred, until } = head;
  const text = `${preferred.id} is preferred and has ${seconds(until - situation.at)} to come first`;
  return { source: preferred, how: 'at-once', reason: 'head-start', text, reconsiderAt: until };
}

/**
 * Chooses the source that feeds a camera's program, and those that may take over from it.
 * @param situation how every source stands; there is at least one
 */
export function choose(situation: Situation): Choice {
  const { sources } = situation;
  const active = sources.find(({ id }) => id === situation.active) ?? sources[0];
  if (!active) throw new Error('a camera without sources cannot choose one');
  const awaited = awaitPreferred(situation);
  const verdict =
    wanted(active, situation) ??
    awaited ??
    (healthy(active) ? stayOrHandBack(active, situation) : replace(active, situation));
  const others = sources.filter(({ id, state }) => id !== verdict.source.id && state !== 'aside');
  // A picture that stands still is better than none, and worse than one that moves.
  const armed = [...others.filter(({ frozen }) => !frozen), ...others.filter(({ frozen }) => frozen)];
  return {
    source: verdict.source.id,
    how: verdict.how,
    armed: verdict === awaited ? [] : armed.map(({ id }) => id),
    why: {
      trigger: 'selection',
      reason: verdict.reason,
      text: verdict.text,
      rejected: sources
        .filter(({ id }) => id !== verdict.source.id)
        .map((source) => ({ option: source.id, because: obstacle(source, situation) })),
    },
    ...(verdict.reconsiderAt === undefined ? {} : { reconsiderAt: verdict.reconsiderAt }),
  };
}

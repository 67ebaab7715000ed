import { houseNow } from '../api.ts';
import type { Fact } from '../model.ts';
import type { Room } from '../room.ts';
import { happeningOfFact } from './happening.ts';
import { loadStretch } from './load.ts';
import { type Span, Timeline } from './timeline-model.ts';

/** How well the past is known. */
export interface PastView {
  timeline: Timeline;
  /** Everything since then is known; nothing is while it is undefined. */
  knownFrom?: number;
  /** The oldest event that is kept. */
  oldest?: number;
  /** Share of what is being read, 0 to 1; undefined while nothing is. */
  loading?: number;
  failure: string;
  /** Rises with every event taken in. */
  version: number;
}

/** The past, as far as somebody has looked. */
export interface Past {
  view(): PastView;
  subscribe(listener: () => void): () => void;
  /** Sees to it that everything since then is known. */
  reach(from: number): void;
  close(): void;
}

const AGAIN_MS = 3_000;

/** Opens the past: reads it from where somebody looks up to now, and goes on with what the room hears. */
export function openPast(room: Room): Past {
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  const timeline = new Timeline();
  let view: PastView = { timeline, failure: '', version: 0 };
  let wantedFrom = Number.POSITIVE_INFINITY;
  let lastHeard: Fact | undefined;
  const change = (part: Partial<PastView>): void => {
    if (stop.signal.aborted) return;
    view = { ...view, ...part };
    for (const listener of listeners) listener();
  };
  const take: (added: number) => void = (added) => added > 0 && change({ version: view.version + 1 });

  const load = async (): Promise<void> => {
    const from = wantedFrom;
    const stretch: Span = { from, to: view.knownFrom ?? houseNow() };
    change({ loading: 0, failure: '' });
    try {
      await loadStretch(
        stretch,
        {
          page: (happenings) => take(timeline.add(happenings)),
          progress: (loading) => change({ loading }),
          oldest: (oldest) => change({ oldest }),
        },
        stop.signal,
      );
      change({ loading: undefined, knownFrom: from });
    } catch (error) {
      change({ loading: undefined, failure: error instanceof Error ? error.message : String(error) });
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    if (!stop.signal.aborted && wantedFrom < (view.knownFrom ?? Number.POSITIVE_INFINITY)) await load();
  };
  const hear = (): void => {
    const { facts } = room.view().world;
    if (facts.at(-1) === lastHeard) return;
    const fresh = facts.slice(lastHeard ? facts.lastIndexOf(lastHeard) + 1 : 0);
    lastHeard = facts.at(-1);
    take(timeline.add(fresh.flatMap((fact) => happeningOfFact(fact) ?? [])));
  };
  hear();
  const leaveRoom = room.subscribe(hear);
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reach(from) {
      if (from >= wantedFrom) return;
      const isIdle = wantedFrom >= (view.knownFrom ?? Number.POSITIVE_INFINITY) && view.loading === undefined;
      wantedFrom = from;
      if (isIdle) void load();
    },
    close() {
      stop.abort();
      leaveRoom();
    },
  };
}

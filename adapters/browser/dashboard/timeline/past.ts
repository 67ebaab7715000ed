import { houseNow } from '../../player/house-time.ts';
import type { Fact } from '../model.ts';
import type { Room } from '../room.ts';
import { happeningOfFact } from './happening.ts';
import { loadStretch } from './load.ts';
import { openReading, type ReadSoFar } from './reading.ts';
import { Timeline } from './timeline-model.ts';

/** How well the past is known. */
export interface PastView extends ReadSoFar {
  timeline: Timeline;
  /** The oldest event that is kept. */
  oldest?: number;
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

/**
 * Opens the past: reads it from where somebody looks up to now, goes on with what the room hears, and reads what the
 * room missed.
 */
export function openPast(room: Room): Past {
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  const timeline = new Timeline();
  let view: PastView = { timeline, failure: '', version: 0 };
  let lastHeard: Fact | undefined;
  let missedTimes = room.view().missed.times;
  const change = (part: Partial<PastView>): void => {
    if (stop.signal.aborted) return;
    view = { ...view, ...part };
    for (const listener of listeners) listener();
  };
  const take: (added: number) => void = (added) => added > 0 && change({ version: view.version + 1 });

  const reading = openReading({
    read: (stretch, progress) =>
      loadStretch(
        stretch,
        {
          page: (happenings) => take(timeline.add(happenings)),
          progress,
          oldest: (oldest) => change({ oldest }),
        },
        stop.signal,
      ),
    now: houseNow,
    changed: () => change(reading.soFar()),
    againMs: AGAIN_MS,
  });
  const hear = (): void => {
    const { world, missed } = room.view();
    if (missed.times !== missedTimes) {
      missedTimes = missed.times;
      reading.miss(missed.since);
    }
    const { facts } = world;
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
    reach: reading.reach,
    close() {
      stop.abort();
      reading.close();
      leaveRoom();
    },
  };
}

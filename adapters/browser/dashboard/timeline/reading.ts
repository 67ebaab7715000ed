import type { Span } from './timeline-model.ts';

/** How much of the past is read. */
export interface ReadSoFar {
  /** Everything since then is known; nothing is while it is undefined. */
  knownFrom?: number;
  /** The live stream left something out since then, which is not read yet. */
  missedSince?: number;
  /** Share of what is being read, 0 to 1; undefined while nothing is. */
  loading?: number;
  failure: string;
}

/** What reading needs. */
export interface ReadingHouse {
  /** Reads a stretch, and tells the share that is done. @throws when it can't */
  read(stretch: Span, progress: (share: number) => void): Promise<void>;
  now(): number;
  changed(): void;
  /** How long to wait after a failure. */
  againMs: number;
}

/** Reads the past as far as it is wanted, and what was missed of it. */
export interface Reading {
  soFar(): ReadSoFar;
  /** Everything since then is wanted. */
  reach(from: number): void;
  /** Something after that moment was missed. */
  miss(since: number): void;
  close(): void;
}

/** What is told late, after an outage, may stand this far behind what was told before it. */
const LATE_MS = 60_000;

/** Begins to read. One stretch is read at a time, and again and again until it is there. */
export function openReading({ read, now, changed, againMs }: ReadingHouse): Reading {
  let soFar: ReadSoFar = { failure: '' };
  let wantedFrom = Number.POSITIVE_INFINITY;
  let misses = 0;
  let busy = false;
  let closed = false;
  const change = (part: Partial<ReadSoFar>): void => {
    if (closed) return;
    soFar = { ...soFar, ...part };
    changed();
  };
  const isWhole = (): boolean =>
    soFar.missedSince === undefined && wantedFrom >= (soFar.knownFrom ?? Number.POSITIVE_INFINITY);

  /** What was missed goes first: it lies where everything is believed to be known. */
  const next = (): { stretch: Span; done: () => Partial<ReadSoFar> } => {
    const { missedSince, knownFrom } = soFar;
    if (missedSince === undefined || knownFrom === undefined) {
      const stretch = { from: wantedFrom, to: knownFrom ?? now() };
      return { stretch, done: () => ({ knownFrom: stretch.from }) };
    }
    const seen = misses;
    return {
      stretch: { from: Math.max(missedSince - LATE_MS, knownFrom), to: now() + LATE_MS },
      // Missed again meanwhile: it is read once more.
      done: () => (seen === misses ? { missedSince: undefined } : {}),
    };
  };
  const readOne = async (): Promise<void> => {
    const { stretch, done } = next();
    change({ loading: 0, failure: '' });
    try {
      await read(stretch, (loading) => change({ loading }));
      change({ loading: undefined, ...done() });
    } catch (error) {
      change({ loading: undefined, failure: error instanceof Error ? error.message : String(error) });
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  };
  const readAll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (!closed && !isWhole()) await readOne();
    busy = false;
  };
  return {
    soFar: () => soFar,
    reach(from) {
      if (from >= wantedFrom) return;
      wantedFrom = from;
      void readAll();
    },
    miss(since) {
      // Where nobody has looked, nothing is believed to be known.
      if (wantedFrom === Number.POSITIVE_INFINITY) return;
      misses += 1;
      change({ missedSince: Math.min(since, soFar.missedSince ?? since) });
      void readAll();
    },
    close() {
      closed = true;
    },
  };
}

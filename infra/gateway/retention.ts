import { isDeepStrictEqual } from 'node:util';
import { ENDINGS, endedAt } from '../../actors/ending.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import type { Holdings, Keeper } from '../../bus/ports/keeper.ts';
import type { Leases } from '../../bus/ports/leases.ts';
import type { Address } from '../../bus/subjects.ts';

/** What forgetting works on. */
export interface Shelves {
  journal: Pick<Journal, 'lasts' | 'seqAt'>;
  facts: Pick<Facts, 'read'>;
  keeper: Keeper;
}

/** How far back the log reaches, and how large it may become. */
export interface Bounds {
  keepMs: number;
  maxBytes: number;
}

/** What a sweep found and did. */
export interface Swept {
  /** Bytes after it. */
  bytes: number;
  /** What can't be helped by forgetting, for a person. */
  troubles: string[];
}

/** A size is approached in few steps rather than exactly. */
const ROUNDS = 12;
/** A little more goes than must, so that the next hour has room. */
const MARGIN = 0.05;

/**
 * Forgets what is older than the log reaches back, then the oldest until the rest fits. What a living cell was at that
 * moment stays, so that it can be replayed from there; viewers that were over by then go whole.
 * @param nowMs epoch ms
 * @throws JournalAway
 */
export async function sweep(shelves: Shelves, { keepMs, maxBytes }: Bounds, nowMs: number): Promise<Swept> {
  const { journal, facts, keeper } = shelves;
  const troubles = lossesIn(await keeper.holdings());
  const since = nowMs - keepMs;
  const old = await journal.seqAt(since);
  if (old > 0) await forgetRecordsUpTo(shelves, old);
  const firstKept = await firstSince(facts, since);
  const { facts: told } = await keeper.holdings();
  if (told.first < (firstKept ?? told.last + 1)) await keeper.forgetFacts(firstKept ?? told.last + 1);

  let bytes = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const held = await keeper.holdings();
    const now = held.journal.bytes + held.facts.bytes;
    const helped = now < bytes;
    bytes = now;
    if (bytes <= maxBytes || !helped) break;
    await forgetSome(shelves, held, bytes - maxBytes);
  }
  if (bytes > maxBytes) {
    troubles.push(`what is alive alone takes ${bytes} bytes, more than events.max_bytes (${maxBytes}): raise it`);
  }
  return { bytes, troubles };
}

/** Sequences that are missing though nobody forgot them. */
function lossesIn(held: { journal: Holdings; facts: Holdings }): string[] {
  return Object.entries(held).flatMap(([name, { first, purgedBefore }]) =>
    first > purgedBefore
      ? [`sequences ${purgedBefore} to ${first - 1} of the ${name} are lost: their files were damaged or deleted`]
      : [],
  );
}

async function firstSince(facts: Shelves['facts'], since: number): Promise<number | undefined> {
  for await (const { seq } of facts.read({ since })) return seq;
  return undefined;
}

async function forgetRecordsUpTo({ journal, keeper }: Shelves, seq: number): Promise<void> {
  const cells: { of: Address; keep?: number }[] = [];
  for await (const { seq: last, record } of journal.lasts(undefined, seq)) {
    const of = { kind: record.kind, id: record.cell };
    const goesWhole = !ENDINGS[of.kind].returns && endedAt(record) !== undefined;
    cells.push(goesWhole ? { of } : { of, keep: last });
  }
  await keeper.forgetRecords(seq + 1, cells);
}

/** Forgets the oldest of whichever takes more room. */
async function forgetSome(shelves: Shelves, held: { journal: Holdings; facts: Holdings }, excess: number) {
  const ofJournal = held.journal.bytes >= held.facts.bytes;
  const { first, last, bytes, purgedBefore } = ofJournal ? held.journal : held.facts;
  const share = Math.min(1, excess / bytes + MARGIN);
  // A few old records of the living say little about where the rest begins.
  const from = Math.max(first, purgedBefore);
  const upTo = from + Math.ceil((last - from + 1) * share) - 1;
  if (ofJournal) await forgetRecordsUpTo(shelves, Math.min(upTo, last));
  else await shelves.keeper.forgetFacts(Math.min(upTo, last) + 1);
}

/** Retention as it runs. */
export interface Retention {
  /** What the last sweep could not help. */
  troubles(): readonly string[];
  /** Sweeps now where the bounds are others than at the last sweep: who lowers them may need the room. */
  review(): void;
  close(): void;
}

/** What keeping retention needs. */
export interface RetentionParts extends Shelves {
  leases: Leases;
  node: string;
  /** Read at every sweep, so that a changed configuration needs no restart. */
  bounds(): Bounds;
  /** Forgets what was kept longer than the events. @throws JournalAway */
  forgetMore(): Promise<void>;
  onSwept(swept: Swept): void;
  onFault(error: Error): void;
}

const EVERY_MS = 3_600_000;
const LEASE_MS = 600_000;

/**
 * Sweeps at the start, every hour, and when its bounds have changed; of several gateways one does it. In a store without
 * room no lease can be written: then each sweeps, for only forgetting helps, and what is forgotten twice is forgotten.
 */
export function keepRetention({
  leases,
  node,
  bounds,
  forgetMore,
  onSwept,
  onFault,
  ...shelves
}: RetentionParts): Retention {
  let troubles: readonly string[] = [];
  let sweptTo: Bounds | undefined;
  const isOurs = () =>
    leases.take('retention', node, LEASE_MS).catch((error) => {
      if (error instanceof JournalAway) return true; // one that is away is not swept either
      throw error;
    });
  const run = async () => {
    try {
      sweptTo = bounds();
      if (!(await isOurs())) return;
      const swept = await sweep(shelves, sweptTo, Date.now());
      ({ troubles } = swept);
      onSwept(swept);
      await forgetMore();
    } catch (error) {
      // The next hour will do as well.
      if (!(error instanceof JournalAway)) onFault(error as Error);
    }
  };
  void run();
  const timer = setInterval(() => void run(), EVERY_MS);
  return {
    troubles: () => troubles,
    review: () => void (isDeepStrictEqual(bounds(), sweptTo) || run()),
    close: () => clearInterval(timer),
  };
}

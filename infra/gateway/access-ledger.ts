import type { Cells } from '../../actors/cells.ts';
import { faultBetween, faultIn, isFromFact, type LedgerEntry, type LedgerNote } from '../../bus/ledger.ts';
import type { Facts, Told } from '../../bus/ports/facts.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import type { Ledger, Ledgered } from '../../bus/ports/ledger.ts';
import { type Address, parseFactType } from '../../bus/subjects.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';
import type { LedgerWriter } from './ledger-writer.ts';

/** What writing the ledger needs. */
export interface LedgerParts {
  ledger: Pick<Ledger, 'read' | 'forget'>;
  writer: LedgerWriter;
  facts: Pick<Facts, 'subscribe' | 'read'>;
  journal: Pick<Journal, 'last' | 'read'>;
  cells: Pick<Cells, 'view'>;
  onFault(error: Error): void;
  /** Between two attempts while the store is away or full. */
  retryMs?: number;
}

/** The ledger while it is written. */
export interface AccessLedger {
  /**
   * Forgets entries older than a moment (epoch ms), and notes that it did.
   * @throws JournalAway
   * @throws LedgerTouched nothing is forgotten of a ledger that others than gateways have written to
   */
  forgetBefore(at: number): Promise<void>;
  close(): void;
}

const WRITTEN: Record<string, LedgerNote['what']> = { admitted: 'admitted', denied: 'denied', ended: 'ended' };
const RETRY_MS = 1_000;

/** What retention would forget is not what was written: its age, too, may be somebody's invention. */
export class LedgerTouched extends Error {
  override name = 'LedgerTouched';
}

/** Whether the last entry still counts by a store of facts that was replaced: it is that entry, or was noted behind it. */
const isStill = (former: LedgerEntry, last: LedgerEntry): boolean =>
  last.n === former.n || (last.n > former.n && !isFromFact(last) && last.fact_seq === former.fact_seq);

/**
 * Writes down who watches which camera, from what viewers say. Each entry names the fact it was made from, so that
 * whoever writes goes on behind the last one: no fact is left out by a crash, and none is written twice by two gateways.
 */
export function keepLedger(parts: LedgerParts): AccessLedger {
  const { ledger, writer, facts, onFault, retryMs = RETRY_MS } = parts;
  /** The last entry that was made from facts of a store which went back since: their sequences are given anew. */
  let former: LedgerEntry | undefined;
  let closed = false;
  let work: Promise<void> = Promise.resolve();
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, retryMs));

  const isUnwritten = ({ seq }: Told, last: Ledgered | undefined): boolean =>
    last === undefined || (former !== undefined && isStill(former, last.entry)) || seq > last.entry.fact_seq;
  const write = async (told: Told): Promise<void> => {
    for (let isFirst = true; !closed; isFirst = false) {
      try {
        return await writer.write((last) => (isUnwritten(told, last) ? noteOf(told, parts) : undefined));
      } catch (error) {
        if (isFirst) onFault(error as Error);
        await pause();
      }
    }
  };
  const hear = (told: Told): void => {
    if (!isWritten(told)) return;
    work = work.then(() => write(told));
  };
  const follow = async (): Promise<void> => {
    let from: number | undefined = writer.last()?.entry.fact_seq ?? 0;
    while (!closed) {
      try {
        const running = await facts.subscribe({ kinds: ['viewer'] }, from, hear);
        stop = running.close;
        const error = await running.ended;
        if (error) throw error;
      } catch (error) {
        onFault(error as Error);
        // Facts that end before the last one written are others: their store was replaced.
        if (error instanceof RangeError) {
          former = writer.last()?.entry;
          from = former && (await beforeUnwritten(former, parts).catch(() => undefined));
        }
        await pause();
      }
    }
  };
  let stop = () => {};
  void follow();

  return {
    async forgetBefore(at) {
      let kept: Ledgered | undefined;
      let gone: Ledgered | undefined;
      for await (const one of ledger.read()) {
        gone = kept;
        kept = one;
        const fault = faultIn(one.entry) ?? (gone && faultBetween(gone.entry, one.entry));
        if (fault) throw new LedgerTouched(`nothing of the access ledger is forgotten: ${fault}`);
        if (one.entry.at >= at) break;
      }
      // The last entry stays: the next one is linked to it.
      if (!gone || !kept) return;
      const { n, hash } = gone.entry;
      await writer.note({ what: 'forgotten', at: Date.now(), fact: 'retention', up_to: { n, hash } });
      await ledger.forget(kept.seq);
    },
    close() {
      closed = true;
      stop();
    },
  };
}

/**
 * Behind which sequence a store that went back has told what is not written yet: what waited elsewhere came to it at
 * once. Undefined when nothing is there.
 */
async function beforeUnwritten({ at }: LedgerEntry, { ledger, facts }: LedgerParts): Promise<number | undefined> {
  const written = new Set<string>();
  for await (const { entry } of ledger.read()) if (entry.at >= at) written.add(entry.fact);
  for await (const told of facts.read({ since: at }, { kinds: ['viewer'] })) {
    if (isWritten(told) && !written.has(told.envelope.id)) return told.seq - 1;
  }
  return undefined;
}

const eventOf = ({ envelope }: Told): string => parseFactType(envelope).event;
const isWritten = (told: Told): boolean => Object.hasOwn(WRITTEN, eventOf(told));

/** What is written of a fact. */
async function noteOf(told: Told, { cells, journal }: LedgerParts): Promise<LedgerNote> {
  const { address } = parseFactType(told.envelope);
  const at = Date.parse(told.envelope.time);
  const what = WRITTEN[eventOf(told)] as LedgerNote['what'];
  const living = cells.view(address)?.context as ViewerContext | undefined;
  const context = living ?? (await lastContext(journal, address));
  const { data } = told.envelope as unknown as { data: Partial<ViewerContext> & { subject?: string } };
  const { subject } = context ?? {};
  const why = data.why;
  return {
    what,
    at,
    fact: told.envelope.id,
    fact_seq: told.seq,
    session: address.id,
    camera: data.camera ?? '',
    zone: data.zone ?? '',
    subject: data.subject ?? '',
    ...(subject?.name === undefined ? {} : { name: subject.name }),
    ...(subject?.jti === undefined ? {} : { token: subject.jti }),
    address: context?.address ?? '',
    protocol: data.protocol ?? '',
    ...(what === 'ended' ? { from: await admittedAt(journal, address, at), until: at } : {}),
    ...(what === 'admitted' ? {} : { reason: why?.reason ?? why?.text ?? '' }),
  };
}

async function lastContext(journal: LedgerParts['journal'], of: Address): Promise<ViewerContext | undefined> {
  const entry = await journal.last(of);
  return (entry?.record.after as { context?: ViewerContext } | undefined)?.context;
}

/** When a session began, by its own journal. */
async function admittedAt(journal: LedgerParts['journal'], of: Address, otherwise: number): Promise<number> {
  for await (const { record } of journal.read(of)) return record.heard[0]?.at ?? otherwise;
  return otherwise;
}

import {
  type ActNote,
  type EntrySigner,
  headOf,
  type LedgerHead,
  type LedgerNote,
  linkEntry,
} from '../../bus/ledger.ts';
import { FenceRefused } from '../../bus/ports/faults.ts';
import type { Ledger, Ledgered } from '../../bus/ports/ledger.ts';

/** What writing entries needs. */
export interface LedgerWriterParts {
  ledger: Pick<Ledger, 'append' | 'last' | 'read'>;
  signer: EntrySigner;
  /** The last entry that this installation remembers apart from the store. */
  remembered?: LedgerHead | undefined;
  /** Told of the last entry after each one, to be remembered. */
  onWritten(head: LedgerHead): void;
}

/** Writes into the ledger, beside the other gateways. */
export interface LedgerWriter {
  /** The last entry, as it was seen last. */
  last(): Ledgered | undefined;
  /**
   * Writes behind whatever others write meanwhile, one after the other.
   * @param make what to write, given the last entry; undefined when nothing is left to be written
   * @throws JournalAway | JournalRefused | FenceRefused nothing is known to be written
   */
  write(make: (last: Ledgered | undefined) => LedgerNote | undefined | Promise<LedgerNote | undefined>): Promise<void>;
  /** Writes down what follows from no fact. @throws as `write` */
  note(act: ActNote): Promise<void>;
  /** What others than gateways did to the ledger while it was written, for a person. */
  troubles(): string[];
}

/** Each refusal means that another writer got on. */
const FENCE_TRIES = 50;

/** Whether a ledger that ends with `found` goes on from `head`, as far as it still holds that entry. */
async function goesOnFrom(
  head: LedgerHead,
  found: Ledgered | undefined,
  ledger: LedgerWriterParts['ledger'],
): Promise<boolean> {
  const ahead = (found?.entry.n ?? 0) - head.n;
  if (!found || ahead < 0) return false;
  if (ahead === 0) return found.entry.hash === head.hash;
  if (ahead === 1) return found.entry.previous === head.hash;
  for await (const { entry } of ledger.read(found.seq - ahead)) {
    if (entry.n >= head.n) return entry.n > head.n || entry.hash === head.hash;
  }
  return false;
}

/**
 * Opens the ledger for writing. Each entry is linked to the last one that this gateway knows of: where the store has
 * lost that one, or holds another in its place, what is written next does not fit what stands there, and the proof
 * finds it for as long as both are kept.
 * @throws JournalAway
 */
export async function openLedgerWriter({
  ledger,
  signer,
  remembered,
  onWritten,
}: LedgerWriterParts): Promise<LedgerWriter> {
  let head = remembered;
  let last: Ledgered | undefined;
  let fault: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const look = async () => {
    last = await ledger.last();
    if (!head || (await goesOnFrom(head, last, ledger))) {
      head = last && headOf(last.entry);
    } else {
      fault = `entry ${head.n} of the access ledger is not there any more, or another one stands in its place: \`signalbox ledger verify\` tells more`;
    }
  };
  const write: LedgerWriter['write'] = async (make) => {
    for (let tries = 1; ; tries += 1) {
      const note = await make(last);
      if (!note) return;
      const entry = linkEntry(note, head, signer);
      try {
        const { seq } = await ledger.append(entry, last?.seq ?? 0);
        last = { seq, entry };
        head = headOf(entry);
        onWritten(head);
        return;
      } catch (error) {
        if (!(error instanceof FenceRefused) || tries === FENCE_TRIES) throw error;
        await look();
      }
    }
  };
  const inTurn: LedgerWriter['write'] = (make) => {
    const written = turn.then(() => write(make));
    turn = written.catch(() => {});
    return written;
  };

  await look();
  return {
    last: () => last,
    write: inTurn,
    note: (act) => inTurn((before) => ({ ...act, fact_seq: before?.entry.fact_seq ?? 0 })),
    troubles: () => (fault === undefined ? [] : [fault]),
  };
}

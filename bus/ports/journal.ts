import type { Envelope } from '../envelope.ts';
import type { Stamp } from '../events/stamp.ts';
import type { Id } from '../identity.ts';
import type { Address, Kind } from '../subjects.ts';
import type { Subscription } from './subscription.ts';

/** Something a cell heard: its type and data, stamped at the door. */
export interface Heard extends Stamp {
  type: string;
  [field: string]: unknown;
}

/** One journal record: what a cell heard in one go, what it said, and what it was afterwards. */
export interface JournalRecord {
  /** Also the message id: a retry is not a duplicate. `<tenure>-r<n>`: two owners never write the same id. */
  id: string;
  kind: Kind;
  cell: Id;
  /** Made anew each time a cell of this name is created; an old incarnation's last words are dropped. */
  incarnation: string;
  /** The cell's first record: a fold begins here, and not at what an earlier record left. */
  first?: true;
  /** Version of the machine that heard it. */
  version: number;
  node: string;
  heard: Heard[];
  /** The facts that follow from it, told once this record is acknowledged. */
  said: Envelope[];
  /** The machine's persisted snapshot after the last of `heard`: plain JSON. */
  after: unknown;
  /** As it was written, facts of this cell's records after this sequence may not have been told yet; absent: all were. */
  untold_after?: number;
  /** Where nothing was heard, epoch ms of what was heard last: a new owner, or a leaving one, writes this. */
  as_of?: number;
  /** True when it was written during an outage and appended later. */
  late?: boolean;
  /** True when its owner let go of the cell with this record: whoever it belongs to now takes it up. */
  left?: boolean;
}

/** Whether a record is by the same owner of the same life as an earlier one, who has not let go since. */
export const isSuccessor = (record: JournalRecord, earlier: JournalRecord): boolean =>
  record.incarnation === earlier.incarnation && record.node === earlier.node && !earlier.left;

/** When that was heard which left a cell as a record has it (epoch ms, by the clock of its owner); undefined: not told. */
export const asOf = ({ heard, as_of }: JournalRecord): number | undefined => heard.at(-1)?.at ?? as_of;

/** A record as it stands in the journal. */
export interface JournalEntry {
  /** Sequence in the stream; the cell's fence is its own last one. */
  seq: number;
  record: JournalRecord;
}

/** A record that can't be read: damaged, or not ours. It stays where it is, for a person to look at. */
export interface Poison {
  of: Address;
  seq: number;
  reason: string;
}

/** Acknowledgement of an append. `spooled`: it is safe on this machine's disk and will follow to the journal. */
export interface Receipt {
  /** Sequence in the stream; 0 while spooled, or parked. */
  seq: number;
  spooled?: true;
  /** Of a fact that is larger than the store takes: it is put aside, and its record holds it. */
  parked?: true;
}

/** What cells heard, one subject a cell, durable and fenced. */
export interface Journal {
  /**
   * Appends behind the fence. A store that has lost its end takes it behind what is left, where that is the owner's own.
   * @param expected the sequence of this cell's last record, 0 for its first
   * @throws JournalAway | FenceRefused | JournalRefused
   */
  append(record: JournalRecord, expected: number): Promise<Receipt>;
  /**
   * The last record of every cell, or of every cell of one kind.
   * @param upTo as it was when this sequence was the newest one
   * @param onPoison told of records that can't be read; without it they are passed over
   * @throws JournalAway
   */
  lasts(kind?: Kind, upTo?: number, onPoison?: (poison: Poison) => void): AsyncIterable<JournalEntry>;
  /** The last record of one cell, if any. @throws JournalAway */
  last(of: Address): Promise<JournalEntry | undefined>;
  /**
   * Records in order, of one cell or of all, from a sequence on, up to what is there now. What can't be read is passed
   * over: a fold finds a difference behind it. @throws JournalAway
   */
  read(of?: Address, from?: number): AsyncIterable<JournalEntry>;
  /** The newest sequence that was written before a moment (epoch ms); 0 when none was. @throws JournalAway */
  seqAt(at: number): Promise<number>;
  /** Every record after a sequence, then what comes, in order and without a gap, across outages of the store. */
  follow(after: number, hear: (entry: JournalEntry) => void): Promise<Subscription>;
}

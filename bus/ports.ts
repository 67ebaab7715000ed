import type { Envelope } from './envelope.ts';
import type { Stamp } from './events/stamp.ts';
import type { Id } from './identity.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Address, Kind } from './subjects.ts';

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
  /** True when it was written during an outage and appended later. */
  late?: boolean;
  /** True when its owner let go of the cell with this record: whoever it belongs to now takes it up. */
  left?: boolean;
}

/** Whether a record is by the same owner of the same life as an earlier one, who has not let go since. */
export const isSuccessor = (record: JournalRecord, earlier: JournalRecord): boolean =>
  record.incarnation === earlier.incarnation && record.node === earlier.node && !earlier.left;

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

/** The journal can't be reached now; nothing is known about the record. Try again, under the same id. */
export class JournalAway extends Error {
  override name = 'JournalAway';
}

/** Another writer has appended to this cell's journal (JetStream error 10071): this owner must stop. */
export class FenceRefused extends Error {
  override name = 'FenceRefused';
}

/** The store took the request and refused it, for instance because it is full (JetStream error 10023). */
export class JournalRefused extends Error {
  override name = 'JournalRefused';
  /** JetStream's error code; 10054 is a record that is too large for the store, now and later. */
  readonly code: number;
  constructor(message: string, code = 0) {
    super(message);
    this.code = code;
  }
}

/** The store has no room (JetStream errors 10023, 10047 and 10077): later it may have, so what is told waits for that. */
export class JournalFull extends JournalRefused {
  override name = 'JournalFull';
}

/** Acknowledgement of an append. `spooled`: it is safe on this machine's disk and will follow to the journal. */
export interface Receipt {
  /** Sequence in the stream; 0 while spooled. */
  seq: number;
  spooled?: true;
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

/** An entry as it stands in the ledger. */
export interface Ledgered {
  /** Sequence in the stream; the last one is the fence. */
  seq: number;
  entry: LedgerEntry;
}

/** Who watched what: a stream of its own, kept longer than the events. */
export interface Ledger {
  /**
   * Appends behind the fence.
   * @param expected sequence of the last entry, 0 for the first
   * @throws JournalAway | FenceRefused | JournalRefused
   */
  append(entry: LedgerEntry, expected: number): Promise<Receipt>;
  /** @throws JournalAway */
  last(): Promise<Ledgered | undefined>;
  /** Entries in order from a sequence on, up to what is there now. @throws JournalAway */
  read(from?: number): AsyncIterable<Ledgered>;
  /** Forgets the entries before a sequence. @throws JournalAway */
  forget(before: number): Promise<void>;
}

/** What a store holds of one stream. */
export interface Holdings {
  /** First and last sequence there. */
  first: number;
  last: number;
  bytes: number;
  /**
   * What lay before this sequence was purged on purpose, or may have been; 1 when nothing was. A first sequence beyond
   * it tells that the store has lost something.
   */
  purgedBefore: number;
}

/** Forgets on purpose. Nothing else does: the streams have no limits of their own. */
export interface Keeper {
  /** @throws JournalAway */
  holdings(): Promise<{ journal: Holdings; facts: Holdings }>;
  /**
   * Forgets records.
   * @param before noted first: from now on what lies before it may be missing
   * @param cells of each, all records before `keep`; all of them when it says nothing
   * @throws JournalAway
   */
  forgetRecords(before: number, cells: Iterable<{ of: Address; keep?: number }>): Promise<void>;
  /** Forgets every fact before a sequence. @throws JournalAway */
  forgetFacts(before: number): Promise<void>;
}

/** A fact as a subscriber gets it. */
export interface Told {
  seq: number;
  envelope: Envelope;
}

/** Which facts a subscriber wants. Empty means all. */
export interface FactFilter {
  kinds?: Kind[];
  cells?: Address[];
}

/** A running subscription. */
export interface Subscription {
  close(): void;
  /** Resolves when it has ended, with the error if it was not closed on purpose. */
  ended: Promise<Error | undefined>;
}

/** What cells say: durable, ordered, resumable by sequence. */
export interface Facts {
  /** Tells a fact; its id is the message id, so telling it again is harmless. @throws JournalAway */
  tell(envelope: Envelope): Promise<Receipt>;
  /** The last fact of one cell, if any. @throws JournalAway */
  last(of: Address): Promise<Told | undefined>;
  /** First and last sequence kept, and before which one facts were purged on purpose. @throws JournalAway */
  range(): Promise<{ first: number; last: number; purgedBefore: number }>;
  /**
   * What was told after a sequence, or since a moment (epoch ms), in order, up to what is there now.
   * @throws JournalAway
   */
  read(from: { after: number } | { since: number }, filter?: FactFilter): AsyncIterable<Told>;
  /**
   * Everything after a sequence, then what comes, in order and without a gap, across outages of the store.
   * @param after last sequence already seen; undefined: only what comes from now on
   */
  subscribe(filter: FactFilter, after: number | undefined, hear: (told: Told) => void): Promise<Subscription>;
}

/** Facts handed out one at a time, each until it is done with. The place of each reader is kept by the store. */
export interface Outbox {
  /**
   * Hands out, in order, the facts of some kinds of cell that are told after this name was first used. What was not
   * done with, as it was refused or its reader died, is handed out again to whoever goes on under the same name;
   * several readers of a name share its place. It goes on across outages of the store.
   * @param deliver resolves when it is done with; rejects when it is to be handed out again
   * @throws JournalAway when the store is away at the beginning
   */
  drain(name: string, kinds: Kind[], deliver: (told: Told) => Promise<void>): Promise<Subscription>;
}

/** One request to a cell over the bus, with the caller's signed token. */
export interface Ask {
  to: Address;
  verb: string;
  token: string;
  body: unknown;
}

/** What an answerer returns to leave an ask to another one: nothing is said to the caller. */
export const NOT_MINE = Symbol('not mine');

/** Requests and replies between processes. */
export interface Bus {
  /** @throws JournalAway when nobody answers in time */
  ask(request: Ask, timeoutMs: number): Promise<unknown>;
  /**
   * Answers asks to any cell of a kind; a thrown error is told to the caller as `{error, reason}`. Of several
   * answerers the first counts; one that returns NOT_MINE stays silent.
   */
  answer(kind: Kind, reply: (request: Ask) => Promise<unknown>): Promise<Subscription>;
}

/** Programs that hear facts and do nothing else, but for asking for those that they missed. */
export interface Readers {
  /**
   * Answers them; a thrown error is told to the reader as `{error, reason}`. Of several answerers one hears each ask.
   * @param reply who asks can be believed: the store lets nobody else ask in that name, and the answer goes to no other
   * inbox than that reader's. `body` is anything.
   */
  answer(reply: (reader: string, body: unknown) => Promise<unknown>): Promise<Subscription>;
}

/** A held lease. `epoch` only ever grows for a key: it is the fencing token that effects carry. */
export interface Lease {
  key: string;
  holder: string;
  epoch: number;
}

/** Who may act: time-limited ownership with a fencing token. The journal's fence stays the last word. */
export interface Leases {
  /** Takes or retakes (same holder) the lease; undefined when another holds it. @throws JournalAway */
  take(key: string, holder: string, ttlMs: number): Promise<Lease | undefined>;
  /** Prolongs; undefined when it was lost. @throws JournalAway */
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;
  /** The leases in force under a key: of `gateway`, those of `gateway.<name>`. @throws JournalAway */
  list(under: string): Promise<Lease[]>;
}

/** An entry of a bucket as it stands: without a value, it was removed. */
export interface BucketEntry {
  key: string;
  value?: Uint8Array;
  /** Grows with each change of any entry. */
  revision: number;
}

/** Values by key that every host sees alike. What they mean, and that nobody else can read them, is their owner's care. */
export interface Bucket {
  /**
   * Tells every entry as it stands, removed ones too, then each change, in order and across outages.
   * @returns once what stood there at the beginning has been told
   * @throws JournalAway when the store is away at the beginning
   */
  follow(hear: (entry: BucketEntry) => void): Promise<Subscription>;
  /**
   * Writes a value, or removes it (undefined), over the revision that was seen of this key; 0: none was.
   * @returns the new revision; undefined when somebody else was quicker. @throws JournalAway
   */
  write(key: string, value: Uint8Array | undefined, over: number): Promise<number | undefined>;
}

/** What any gateway must know of a viewer session to answer for it. Plain JSON, no secrets. */
export interface SessionCard {
  id: Id;
  camera: Id;
  subject: string;
  protocol: string;
  quality: string;
  relay: string;
  state: string;
  expires_at: number;
  node: string;
}

/** The session cache. It may be away: then reads find nothing and writes are dropped, each within 200 ms. */
export interface Sessions {
  put(card: SessionCard): Promise<void>;
  get(id: Id): Promise<SessionCard | undefined>;
  drop(id: Id): Promise<void>;
  /** Whether the store answers now. */
  ready(): boolean;
}

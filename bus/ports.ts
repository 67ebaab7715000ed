import type { Envelope } from './envelope.ts';
import type { Stamp } from './events/stamp.ts';
import type { Id } from './identity.ts';
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

/** A record as it stands in the journal. */
export interface JournalEntry {
  /** Sequence in the stream; the cell's fence is its own last one. */
  seq: number;
  record: JournalRecord;
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

/** Acknowledgement of an append. `spooled`: it is safe on this machine's disk and will follow to the journal. */
export interface Receipt {
  /** Sequence in the stream; 0 while spooled. */
  seq: number;
  spooled?: true;
}

/** What cells heard, one subject a cell, durable and fenced. */
export interface Journal {
  /**
   * Appends behind the fence.
   * @param expected the sequence of this cell's last record, 0 for its first
   * @throws JournalAway | FenceRefused | JournalRefused
   */
  append(record: JournalRecord, expected: number): Promise<Receipt>;
  /** The last record of every cell, or of every cell of one kind. @throws JournalAway */
  lasts(kind?: Kind): AsyncIterable<JournalEntry>;
  /** Records in order, of one cell or of all, from a sequence on, up to what is there now. @throws JournalAway */
  read(of?: Address, from?: number): AsyncIterable<JournalEntry>;
  /** Every record after a sequence, then what comes, in order and without a gap, across outages of the store. */
  follow(after: number, hear: (entry: JournalEntry) => void): Promise<Subscription>;
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
  /** First and last sequence kept. @throws JournalAway */
  range(): Promise<{ first: number; last: number }>;
  /**
   * Everything after a sequence, then what comes, in order and without a gap, across outages of the store.
   * @param after last sequence already seen; undefined: only what comes from now on
   */
  subscribe(filter: FactFilter, after: number | undefined, hear: (told: Told) => void): Promise<Subscription>;
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

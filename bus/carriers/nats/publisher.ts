import { createInbox, type Msg, type MsgHdrs } from 'nats';
import { JournalAway, JournalFull, JournalRefused, TooLarge } from '../../ports/faults.ts';
import type { NatsLink } from './connection.ts';

/** JetStream's code for a write that expected another last sequence than the store has. */
export const WRONG_LAST_SEQUENCE = 10_071;

/**
 * JetStream's codes for a write while another, to the same subject or under the same id, is still on its way through
 * the cluster: what stands there will be known in a moment.
 */
export const ON_ITS_WAY: ReadonlySet<number> = new Set([10_158, 10_164]);
/** After this long it is asked again. */
export const ON_ITS_WAY_MS = 20;

/** The stream took the message and refused it. `code` is JetStream's own, for instance 10071. */
export class StoreRefusal extends Error {
  override name = 'StoreRefusal';
  readonly code: number;
  constructor(text: string, code: number) {
    super(text);
    this.code = code;
  }
}

/** A message for a stream. */
export interface Publication {
  subject: string;
  payload: string;
  /** A second message under the same id is acknowledged but not stored again. */
  messageId: string;
  /** The fence: refused with 10071 unless this is the subject's last sequence. */
  expected?: number;
}

/** Publishes to streams; every message is acknowledged by itself, over one subscription for all of them. */
export interface Publisher {
  /**
   * Publishes, and settles with the sequence it is stored under, or with a JournalAway or StoreRefusal. A callback,
   * because a chain of promises for each append costs more than the publication.
   * @throws TypeError when the message id is not printable
   */
  publish(publication: Publication, settle: Settle): void;
  /** Messages sent and not answered yet, and those waiting for their turn. */
  outstanding(): number;
}

/** Told once, how a publication ended: with an error, or with its sequence. */
export type Settle = (error: Error | undefined, seq: number) => void;

interface Pending {
  subject: string;
  payload: Uint8Array;
  headers: MsgHdrs;
  /** On the monotonic clock; when this attempt has to be answered. */
  deadlineMs: number;
  /** After this no other attempt is begun. */
  lastMs: number;
  settle: Settle;
}

/** The server refuses a stream's messages beyond 10,000 waiting; what is above our bound waits here instead. */
const MAX_IN_FLIGHT = 4_096;
const SWEEP_MS = 50;

/** What a stream answers to a message. */
interface Answer {
  seq?: number;
  error?: { err_code?: number; code: number; description: string };
}

/**
 * Makes the publisher of a connection. A window of `js.publish` builds a request, a timer and a subscription entry
 * per message; here one inbox serves all, and one sweep looks after all deadlines: several times as fast.
 * @param timeoutMs how long an acknowledgement may take
 */
export function startPublisher(link: NatsLink, timeoutMs = link.timeoutMs): Publisher {
  const inbox = createInbox();
  // Both keep the order of publishing, so the oldest deadline comes first.
  const inFlight = new Map<string, Pending>();
  const waiting: Pending[] = [];
  let paused = 0;
  let firstWaiting = 0;
  let serial = 0;
  let sweep: NodeJS.Timeout | undefined;

  const send = (pending: Pending) => {
    const { subject, payload, headers } = pending;
    const ticket = (serial++).toString(36);
    inFlight.set(ticket, pending);
    try {
      link.connection.publish(subject, payload, { headers, reply: `${inbox}.${ticket}` });
    } catch (error) {
      inFlight.delete(ticket);
      const text = (error as Error).message;
      const tooLarge = (error as Error).name === 'InvalidArgumentError';
      const away = () => new JournalAway(`publishing to ${subject}: ${text}`, { cause: error });
      pending.settle(tooLarge ? new StoreRefusal(text, TOO_LARGE) : away(), 0);
    }
  };

  const sendWaiting = () => {
    while (firstWaiting < waiting.length && inFlight.size < MAX_IN_FLIGHT) send(waiting[firstWaiting++] as Pending);
    if (firstWaiting === waiting.length) {
      waiting.length = 0;
      firstWaiting = 0;
    }
  };

  /** Another write to its subject has not come through yet: then it is known whether this one may. */
  const sendAgain = (pending: Pending) => {
    paused += 1;
    setTimeout(() => {
      paused -= 1;
      const nowMs = performance.now();
      if (!link.isUp() || nowMs > pending.lastMs) {
        const text = `publishing to ${pending.subject}: an earlier write has not come through the cluster yet`;
        pending.settle(new JournalAway(text), 0);
      } else {
        send({ ...pending, deadlineMs: nowMs + timeoutMs });
        sweep ??= setInterval(sweepDeadlines, SWEEP_MS);
      }
    }, ON_ITS_WAY_MS);
  };

  const hear = (message: Msg) => {
    const ticket = message.subject.slice(inbox.length + 1);
    const pending = inFlight.get(ticket);
    if (!pending) return; // an answer after its deadline; the same id told again is no duplicate
    inFlight.delete(ticket);
    const outcome = outcomeOf(message, pending.subject);
    if (typeof outcome === 'number') pending.settle(undefined, outcome);
    else if (outcome instanceof StoreRefusal && ON_ITS_WAY.has(outcome.code)) sendAgain(pending);
    else pending.settle(outcome, 0);
    if (waiting.length) sendWaiting();
  };

  const fail = (text: string, which: (pending: Pending) => boolean) => {
    for (const [ticket, pending] of inFlight) {
      if (!which(pending)) break;
      inFlight.delete(ticket);
      pending.settle(new JournalAway(`publishing to ${pending.subject}: ${text}`), 0);
    }
    while (firstWaiting < waiting.length && which(waiting[firstWaiting] as Pending)) {
      const pending = waiting[firstWaiting++] as Pending;
      pending.settle(new JournalAway(`publishing to ${pending.subject}: ${text}`), 0);
    }
    sendWaiting();
  };

  const sweepDeadlines = () => {
    const nowMs = performance.now();
    fail(`no acknowledgement within ${timeoutMs} ms`, (pending) => pending.deadlineMs < nowMs);
    if (inFlight.size || waiting.length) return;
    clearInterval(sweep);
    sweep = undefined;
  };

  link.connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (!error) hear(message);
    },
  });
  link.onLoss(() => fail('the connection to NATS was lost', () => true));

  return {
    publish({ subject, payload, messageId, expected }, settle) {
      if (!link.isUp()) {
        settle(new JournalAway(`publishing to ${subject}: the connection to NATS is down`), 0);
        return;
      }
      const headers = new Stamps(messageId, expected) as unknown as MsgHdrs;
      const deadlineMs = performance.now() + timeoutMs;
      const pending = { subject, payload: Buffer.from(payload), headers, deadlineMs, lastMs: deadlineMs, settle };
      if (inFlight.size < MAX_IN_FLIGHT) send(pending);
      else waiting.push(pending);
      sweep ??= setInterval(sweepDeadlines, SWEEP_MS);
    },
    outstanding: () => inFlight.size + paused + waiting.length - firstWaiting,
  };
}

const PRINTABLE = /^[!-~]+$/;

/**
 * The headers of a message as bytes. The client's own `headers()` costs as much as all the rest of a publication, and
 * of what it is given for headers `publish` asks only their bytes. Buffers come from Node's pool, unlike encoded text.
 */
class Stamps {
  private readonly bytes: Buffer;
  constructor(messageId: string, expected: number | undefined) {
    if (!PRINTABLE.test(messageId)) throw new TypeError(`"${messageId}" can't be a message id`);
    const fence = expected === undefined ? '' : `Nats-Expected-Last-Subject-Sequence: ${expected}\r\n`;
    this.bytes = Buffer.from(`NATS/1.0\r\nNats-Msg-Id: ${messageId}\r\n${fence}\r\n`, 'latin1');
  }
  encode(): Buffer {
    return this.bytes;
  }
}

/** JetStream's codes for a store, a stream or a server without room. */
export const FULL: ReadonlySet<number> = new Set([10_023, 10_047, 10_077]);

/** A refusal of the store as its callers know it. */
export function refusalOf(what: string, { message, code }: StoreRefusal): JournalRefused {
  const Refused = FULL.has(code) ? JournalFull : code === TOO_LARGE ? TooLarge : JournalRefused;
  return new Refused(`${what}: ${message}`, code);
}

/** Our own code for what the client refuses to send; JetStream's for a message above a stream's limit. */
const TOO_LARGE = 10_054;

const [ZERO, NINE, CLOSED] = Buffer.from('09}');
/** What stands before the number, read backwards. */
const BEFORE = Buffer.from('"seq":').reverse();

/**
 * The sequence in `{"stream":"…","seq":123}`, the answer that nearly every message gets: it is read where it stands, for
 * to make texts of so many of them costs more than the rest of hearing them. Undefined for any other answer.
 */
function plainSequence(answer: Uint8Array): number | undefined {
  let place = answer.length - 1;
  if (answer[place--] !== CLOSED) return undefined;
  let seq = 0;
  for (let unit = 1; ; unit *= 10) {
    const digit = answer[place] as number;
    if (!(digit >= (ZERO as number) && digit <= (NINE as number))) break;
    seq += (digit - (ZERO as number)) * unit;
    place -= 1;
  }
  for (const byte of BEFORE) if (answer[place--] !== byte) return undefined;
  return seq;
}

/** The sequence that an answer grants, or why there is none. */
function outcomeOf(message: Msg, subject: string): number | Error {
  // 503: no stream listens on this subject (yet).
  if (message.data.length === 0) return new JournalAway(`publishing to ${subject}: no stream answers for it`);
  const plain = plainSequence(message.data);
  if (plain) return plain;
  const text = message.string();
  const { seq, error }: Answer = JSON.parse(text);
  if (error) return new StoreRefusal(error.description, error.err_code ?? error.code);
  return seq ?? new StoreRefusal(`an answer without a sequence: ${text.slice(0, 200)}`, 0);
}

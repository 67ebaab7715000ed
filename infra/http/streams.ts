import { turnstile } from '../../adapters/turnstile.ts';
import type { Envelope } from '../../bus/envelope.ts';
import type { Facts, Told } from '../../bus/ports/facts.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import { grantsTo } from '../../machines/policy/grants.ts';
import { type Caller, openings } from './door.ts';
import { Refusal } from './errors.ts';
import { mayHear, placeIn, type ZoneNow, zonesBy } from './hearing.ts';
import type { Hub } from './hub.ts';
import type { HttpServices } from './services.ts';
import { readsAddresses, withoutAddresses } from './sight.ts';
import { isWanted, type Wanted } from './wanted.ts';

/**
 * Why events were left out: it reads too slowly; they are no longer kept; there is no such sequence yet; the store has
 * lost them.
 */
export type Resync = 'slow' | 'gone' | 'ahead' | 'lost';

/**
 * What somebody who goes on after a sequence can't have, as the store stands: from where it goes on, and why.
 * @returns undefined when it can have all
 */
export function leftOut(
  after: number,
  { first, last, purgedBefore }: Awaited<ReturnType<Facts['range']>>,
): { sequence: number; reason: Resync } | undefined {
  if (after > last) return { sequence: last, reason: 'ahead' };
  if (after >= first - 1) return undefined;
  return { sequence: first - 1, reason: first > purgedBefore ? 'lost' : 'gone' };
}

/** Where a subscriber's events go. */
export interface Sink {
  fact(event: Envelope & { sequence: number }): void;
  /** Nothing happened, but this far it is known. */
  beat(sequence: number): void;
  /** Events were left out: look at everything anew, and go on from this sequence. */
  resync(sequence: number, reason: Resync): void;
  end(reason: string): void;
  backlogBytes(): number;
  /** Resolves when what was written has gone out. */
  drained(): Promise<void>;
}

/** Works something out once for a thousand subscribers that are told the same, or one of two things in turn. */
export function lastOnly<Key extends object, Value>(work: (key: Key) => Value): (key: Key) => Value {
  let last: { key: Key; value: Value } | undefined;
  let before: typeof last;
  return (key) => {
    if (last?.key === key) return last.value;
    const known = before?.key === key ? before : { key, value: work(key) };
    before = last;
    last = known;
    return known.value;
  };
}

/** The running subscriptions of this gateway. */
export interface Streams {
  /**
   * Serves one subscriber until it, its token or the server ends. Resolves once events flow.
   * @param after last sequence seen; undefined: only what comes
   * @returns a function that ends it
   */
  open(caller: Caller, wanted: Wanted, after: number | undefined, sink: Sink): Promise<() => void>;
  /** Ends the streams of tokens that were revoked meanwhile. */
  check(): void;
  close(): void;
}

const BEAT_MS = 10_000;
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** Facts at hand that are sent before others have their turn. */
const AT_ONCE = 200;
/** Facts of one reading: each begins with some questions to the store, which hands out as many ahead. */
const PAGE = 2_000;
/** A page ends where so much waits to be read. */
const PAUSE_BYTES = 256 * 1024;
const STREAMS_PER_SUBJECT = 64;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const CHECK_EVERY_MS = 1_000;
/** So many subscribers read from the store at a time: all come back at once when a gateway was started anew. */
const READS_AT_ONCE = 16;
const AGAIN_MS = 500;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The store is away: it is asked again. */
function passOverAway(error: unknown): void {
  if (!(error instanceof JournalAway)) throw error;
}

/** Asks for each camera once. */
function remembered(zones: ZoneNow): ZoneNow {
  const known = new Map<string, string | undefined>();
  return (camera) => {
    if (!known.has(camera)) known.set(camera, zones(camera));
    return known.get(camera);
  };
}

/** Serves subscribers from the hub, and from the store where they ask for what is longer ago. */
export function keepStreams(services: HttpServices, hub: Hub): Streams {
  const zones = zonesBy(services);
  const zonesFor = lastOnly((_told: Told) => remembered(zones));
  const openedBy = lastOnly((_told: Told) => openings(services));
  const eventOf = lastOnly((told: Told) => ({ ...told.envelope, sequence: told.seq }));
  /** As they read it who do not operate its camera. */
  const hushedOf = lastOnly((told: Told) => ({ ...eventOf(told), data: withoutAddresses(told.envelope.data) }));
  const fromStore = turnstile({
    atOnce: READS_AT_ONCE,
    waiting: Number.POSITIVE_INFINITY,
    refusal: () => new Error('any number may wait'),
  });
  const running = new Set<{ caller: Caller; stop(reason?: string): void }>();
  const { facts, revocations } = services;

  async function open(caller: Caller, wanted: Wanted, after: number | undefined, sink: Sink) {
    const mine = [...running].filter((stream) => stream.caller.sub === caller.sub).length;
    if (mine >= STREAMS_PER_SUBJECT) {
      throw new Refusal(429, 'too-many', `${caller.sub} already has ${mine} event streams: close one first.`);
    }
    let position = after ?? (hub.since(hub.last(), 0) ? hub.last() : (await facts.range()).last);
    let over = false;
    let stopHearing = () => {};
    let turn = 0;
    /** Where the facts ended when that was last asked. */
    let end = 0;

    /** Whom an incident lets in hears of its cameras while it runs, and of its end. */
    const rightsFor = (told: Told): Caller => {
      const granted = grantsTo(openedBy(told), caller);
      for (const grant of granted) guest.set(grant.camera, grant);
      return { ...caller, granted: told.envelope.subject.startsWith('incident/') ? [...guest.values()] : granted };
    };
    const guest = new Map((caller.granted ?? []).map((grant) => [grant.camera, grant]));

    const stop = (reason?: string): void => {
      if (over) return;
      over = true;
      clearInterval(beats);
      clearTimeout(expiry);
      stopHearing();
      stopMinding();
      running.delete(stream);
      if (reason) sink.end(reason);
    };
    /** @returns whether more may follow at once */
    const deliver = (told: Told): boolean => {
      if (over || told.seq <= position) return !over;
      if (sink.backlogBytes() > MAX_BACKLOG_BYTES) {
        sink.resync(position, 'slow');
        stop('slow');
        return false;
      }
      // Facts are numbered without a gap, and are forgotten from the oldest on.
      if (position > 0 && told.seq > position + 1) sink.resync(told.seq - 1, 'lost');
      position = told.seq;
      const { envelope } = told;
      const rights = rightsFor(told);
      if (!isWanted(wanted, envelope) || !mayHear(rights, envelope, zonesFor(told))) return true;
      sink.fact(readsAddresses(rights, placeIn(envelope)) ? eventOf(told) : hushedOf(told));
      return sink.backlogBytes() < PAUSE_BYTES;
    };
    /** Delivers a page of what is longer ago than the hub remembers. */
    const page = async (goesOn: () => boolean): Promise<void> => {
      if (end <= position) end = (await facts.range()).last;
      let left = PAGE;
      for await (const told of facts.read({ after: position })) {
        if (!goesOn()) return;
        if (!deliver(told) || --left === 0) return;
      }
      if (!goesOn() || end <= position) return;
      // What stood there can't be read.
      position = end;
      sink.resync(position, 'lost');
    };
    /** All that was told since, no faster than it is read, then live. While the store is away it is asked again. */
    const follow = async (): Promise<void> => {
      turn += 1;
      const mine = turn;
      const goesOn = () => !over && turn === mine;
      while (goesOn()) {
        const next = hub.since(position, AT_ONCE);
        if (next?.length === 0) {
          stopHearing = hub.listen(deliver);
          return;
        }
        const from = position;
        if (next) next.every((told) => deliver(told));
        else await fromStore(() => page(goesOn)).catch(passOverAway);
        await sink.drained();
        if (position === from) await sleep(AGAIN_MS);
      }
    };

    /** What goes wrong in one stream ends that one. */
    const goOn = () =>
      void follow().catch((err: unknown) => {
        services.log.error({ err, sub: caller.sub, position }, 'an event stream failed; its reader has to come again');
        stop('internal');
      });

    const stopMinding = hub.onSetBack(() => {
      stopHearing();
      position = hub.last();
      end = 0;
      sink.resync(position, 'lost');
      goOn();
    });

    const stream = { caller, stop };
    running.add(stream);
    const beats = setInterval(() => sink.beat(position), BEAT_MS);
    const expiry = setTimeout(() => stop('expired'), Math.min(caller.exp * 1000 - Date.now(), LONGEST_TIMER_MS));
    try {
      // This gateway may not have heard yet of what another one has told.
      if (after !== undefined && (hub.since(after, 0) === undefined || after > hub.last())) {
        const missing = leftOut(after, await facts.range());
        if (missing) {
          position = missing.sequence;
          sink.resync(position, missing.reason);
        }
      }
      goOn();
    } catch (error) {
      stop();
      throw error;
    }
    return () => stop();
  }

  const check = (): void => {
    for (const stream of [...running]) if (revocations.hits(stream.caller)) stream.stop('revoked');
  };
  // A token may be revoked at another gateway, which tells nobody here.
  const looking = setInterval(check, CHECK_EVERY_MS).unref();

  return {
    open,
    check,
    close() {
      clearInterval(looking);
      for (const stream of [...running]) stream.stop('gateway-stopping');
    },
  };
}

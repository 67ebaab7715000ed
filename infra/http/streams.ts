import type { Envelope } from '../../bus/envelope.ts';
import type { Trouble } from '../../bus/events/alarm.ts';
import { isId } from '../../bus/identity.ts';
import type { Facts, Told } from '../../bus/ports/facts.ts';
import type { Subscription } from '../../bus/ports/subscription.ts';
import { access, inZone, isAtLeast } from '../../machines/policy/access.ts';
import { mayAlarm } from '../../machines/policy/alarm-rights.ts';
import { grantsTo } from '../../machines/policy/grants.ts';
import { type Caller, openings } from './door.ts';
import { Refusal } from './errors.ts';
import type { Hub } from './hub.ts';
import { sightOfFact } from './message-roles.ts';
import type { HttpServices } from './services.ts';
import { zoneOf } from './views.ts';

/** Which events a subscriber wants; empty lists want all. */
export interface Wanted {
  types: string[];
  cameras: string[];
  zones: string[];
}

/** The camera and zone that an event is about, if it is about one. */
export function placeIn({ subject, data }: Envelope): { camera: string; zone: string } | undefined {
  const [kind, id = ''] = subject.split('/');
  const zone = typeof data.zone === 'string' ? data.zone : '';
  if (['camera', 'rendition', 'recording', 'ptz', 'sound'].includes(kind ?? '')) return { camera: id, zone };
  if (kind === 'viewer' || kind === 'broadcast')
    return { camera: typeof data.camera === 'string' ? data.camera : '', zone };
  if (kind === 'alarm' && Array.isArray(data.cameras) && data.cameras.length === 1)
    return { camera: String(data.cameras[0]), zone };
  return undefined;
}

/** In which zone a camera is now; undefined where it is not here. */
export type ZoneNow = (camera: string) => string | undefined;

/** Where cameras are, by the cells that live. */
export const zonesBy =
  ({ cells }: Pick<HttpServices, 'cells'>): ZoneNow =>
  (camera) => {
    const view = isId(camera) ? cells.view({ kind: 'camera', id: camera }) : undefined;
    return view && zoneOf(view);
  };

/** Whether an incident is about a camera that somebody may watch; the zone it was declared for need not be theirs. */
function concerns(caller: Caller, { data }: Envelope, zoneNow: ZoneNow): boolean {
  const cameras = Array.isArray(data.cameras) ? data.cameras : [];
  const zone = typeof data.zone === 'string' ? data.zone : '';
  return cameras.some(
    (camera) => access(caller, { camera: String(camera), zone: zoneNow(String(camera)) ?? zone }, 'watch').allowed,
  );
}

/** Whether somebody may see an event, by its row in message-roles.ts. */
export function maySee(caller: Caller, envelope: Envelope, zoneNow: ZoneNow = () => undefined): boolean {
  const sight = sightOfFact(envelope.type.replace(/^signalbox\./, ''));
  switch (sight) {
    case undefined:
      return false;
    case 'operator':
      return isAtLeast(caller.role, 'operator');
    case 'concerned':
      return concerns(caller, envelope, zoneNow);
    case 'alarm': {
      const trouble = envelope.data as unknown as Trouble;
      return mayAlarm(caller, trouble, 'hear', trouble.about.kind === 'incident' ? zoneNow : undefined);
    }
    default: {
      if (sight === 'own' && envelope.data.subject === caller.sub) return true;
      const place = placeIn(envelope);
      return place !== undefined && access(caller, place, sight === 'watch' ? 'watch' : 'operate').allowed;
    }
  }
}

/**
 * Whether somebody may still see events of a camera that has been moved to another zone since: only where they may see
 * both.
 * @param zone where the camera is now; undefined when it is not here
 */
export function mayStillSee(caller: Caller, envelope: Envelope, zone: string | undefined): boolean {
  const place = placeIn(envelope);
  if (!place || zone === undefined || zone === place.zone) return true;
  return maySee(caller, { ...envelope, data: { ...envelope.data, zone } });
}

/** Whether an event is among those wanted. A type may be `camera.live`, `camera`, `camera.*`, with or without prefix. */
export function isWanted(wanted: Wanted, envelope: Envelope): boolean {
  const type = envelope.type.replace(/^signalbox\./, '');
  const isType = (one: string) => {
    const stem = one.replace(/^signalbox\./, '').replace(/\.\*$/, '');
    return type === stem || type.startsWith(`${stem}.`);
  };
  if (wanted.types.length && !wanted.types.some(isType)) return false;
  if (!wanted.cameras.length && !wanted.zones.length) return true;
  const place = placeIn(envelope);
  if (!place) return false;
  if (wanted.cameras.length && !wanted.cameras.includes(place.camera)) return false;
  return !wanted.zones.length || wanted.zones.some((pattern) => inZone(place.zone, pattern));
}

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

/** Works something out once for a thousand subscribers that are told the same. */
export function lastOnly<Key extends object, Value>(work: (key: Key) => Value): (key: Key) => Value {
  let last: { key: Key; value: Value } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: work(key) };
    return last.value;
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
const AT_ONCE = 200;
const STREAMS_PER_SUBJECT = 64;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const CHECK_EVERY_MS = 1_000;

/** Serves subscribers from the hub, and from the store where they ask for what is longer ago. */
export function keepStreams(services: HttpServices, hub: Hub): Streams {
  const zones = zonesBy(services);
  const zoneNow = lastOnly(({ envelope }: Told) => zones(placeIn(envelope)?.camera ?? ''));
  const openedBy = lastOnly((_told: Told) => openings(services));
  const eventOf = lastOnly((told: Told) => ({ ...told.envelope, sequence: told.seq }));
  const running = new Set<{ caller: Caller; stop(reason?: string): void }>();
  const { facts, revocations } = services;

  async function open(caller: Caller, wanted: Wanted, after: number | undefined, sink: Sink) {
    const mine = [...running].filter((stream) => stream.caller.sub === caller.sub).length;
    if (mine >= STREAMS_PER_SUBJECT) {
      throw new Refusal(429, 'too-many', `${caller.sub} already has ${mine} event streams: close one first.`);
    }
    let position = after ?? hub.last();
    let over = false;
    let stopHearing = () => {};
    let own: Subscription | undefined;

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
      own?.close();
      running.delete(stream);
      if (reason) sink.end(reason);
    };
    const fallBehind = (): void => {
      sink.resync(position, 'slow');
      stop('slow');
    };
    const deliver = (told: Told): void => {
      if (over || told.seq <= position) return;
      if (sink.backlogBytes() > MAX_BACKLOG_BYTES) {
        fallBehind();
        return;
      }
      // Facts are numbered without a gap, and are forgotten from the oldest on.
      if (position > 0 && told.seq > position + 1) sink.resync(told.seq - 1, 'lost');
      position = told.seq;
      const { envelope } = told;
      const rights = rightsFor(told);
      if (!isWanted(wanted, envelope) || !maySee(rights, envelope, zones)) return;
      if (mayStillSee(rights, envelope, zoneNow(told))) sink.fact(eventOf(told));
    };
    /** From what the hub has at hand, no faster than it is read, then live. */
    const follow = async (): Promise<void> => {
      for (let next = hub.since(position); !over && next?.length !== 0; next = hub.since(position)) {
        if (!next) return fallBehind();
        for (const told of next.slice(0, AT_ONCE)) deliver(told);
        await sink.drained();
      }
      if (!over) stopHearing = hub.listen(deliver);
    };

    const stopMinding = hub.onSetBack(() => {
      stopHearing();
      own?.close();
      position = hub.last();
      sink.resync(position, 'lost');
      void follow();
    });

    const stream = { caller, stop };
    running.add(stream);
    const beats = setInterval(() => sink.beat(position), BEAT_MS);
    const expiry = setTimeout(() => stop('expired'), Math.min(caller.exp * 1000 - Date.now(), LONGEST_TIMER_MS));
    try {
      if (after !== undefined && hub.since(after) === undefined) {
        const missing = leftOut(after, await facts.range());
        if (missing) {
          position = missing.sequence;
          sink.resync(position, missing.reason);
        }
        own = await facts.subscribe({}, position, deliver);
        if (over) own.close();
      } else {
        if (position > hub.last()) {
          position = hub.last();
          sink.resync(position, 'ahead');
        }
        void follow();
      }
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

import type { SeatReport, SeatSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import { type Mediamtx, RelayRefused, type RelaySession, type SessionKind } from './mediamtx.ts';

/** Protocols that viewers come with, and how each relay session shows that media flows. */
const KINDS: { kind: SessionKind; isTaken(session: RelaySession): boolean }[] = [
  { kind: 'webrtcsessions', isTaken: (session) => session.peerConnectionEstablished === true },
  { kind: 'rtspsessions', isTaken: (session) => session.state === 'read' },
];

/** Between two looks while every seat is taken, or only guarded after its end. */
const CALM_MS = 1000;
/** While somebody is expected. */
const KEEN_MS = 200;
/** Looking may take a twentieth of the time: a long list is read more rarely. */
const REST_PER_LOOK = 20;

/** A viewer session as watched at one relay. */
interface Seat {
  report(event: SeatReport): void;
  /** Ids of the relay sessions in which media flows. */
  taken: Set<string>;
  /** Once released: until when (monotonic ms) whoever comes with its token is thrown out. */
  barredUntil?: number;
}

/** One loop per relay looks for all its seats; it sleeps while there are none. */
interface Watcher {
  seats: Map<string, Seat>;
  look(): void;
}

/**
 * Watches viewers at their relays. A relay session belongs to the viewer session that its token names (`sub`).
 * On release all of them are ended at once, and again whenever one returns while a token may still be valid.
 */
export function seatMediamtx(apiOf: (relay: string) => Mediamtx): SeatSlot {
  const watchers = new Map<string, Watcher>();
  const watcherOf = (relay: string): Watcher => {
    const known = watchers.get(relay) ?? watch(apiOf(relay));
    watchers.set(relay, known);
    return known;
  };
  return ({ session, relay, tokenLifeMs }, report) => {
    const watcher = watcherOf(relay);
    const seat: Seat = { report, taken: new Set() };
    watcher.seats.set(session, seat);
    watcher.look();
    const leave = () => {
      if (watcher.seats.get(session) === seat) watcher.seats.delete(session);
    };
    return {
      release() {
        if (seat.barredUntil !== undefined || watcher.seats.get(session) !== seat) return;
        seat.barredUntil = performance.now() + tokenLifeMs;
        watcher.look();
      },
      detach: leave,
    };
  };
}

function watch(api: Mediamtx): Watcher {
  const seats = new Map<string, Seat>();
  let looking = false;
  let again = false;
  let next: NodeJS.Timeout | undefined;

  const round = async (): Promise<void> => {
    const startedAt = performance.now();
    // Seats added while the lists are on their way are not judged by them.
    const asked = new Map(seats);
    try {
      const found = await Promise.all(KINDS.map(({ kind }) => sessionsOf(api, kind)));
      await settle(api, asked, found);
    } catch (error) {
      // A relay that is away has its own health watch; its viewers are judged when it answers again.
      if (!(error instanceof RelayAway || error instanceof RelayRefused)) throw error;
    }
    for (const [session, { barredUntil }] of seats) {
      if (barredUntil !== undefined && barredUntil < performance.now()) seats.delete(session);
    }
    if (seats.size === 0) return;
    const expecting = [...seats.values()].some((seat) => seat.taken.size === 0 && seat.barredUntil === undefined);
    const restMs = (performance.now() - startedAt) * REST_PER_LOOK;
    next = setTimeout(look, Math.max(expecting ? KEEN_MS : CALM_MS, restMs)).unref();
  };
  const look = (): void => {
    clearTimeout(next);
    again = looking;
    if (looking) return;
    looking = true;
    void round().finally(() => {
      looking = false;
      if (again) look();
    });
  };
  return { seats, look };
}

/** A relay without that server knows no such list. */
async function sessionsOf(api: Mediamtx, kind: SessionKind): Promise<RelaySession[]> {
  try {
    return await api.sessions(kind);
  } catch (error) {
    if (error instanceof RelayRefused && error.status === 404) return [];
    throw error;
  }
}

/** Compares the seats with what the relay lists: tells who came and who went, ends who may not be there. */
async function settle(api: Mediamtx, seats: Map<string, Seat>, found: RelaySession[][]): Promise<void> {
  const present = new Map<string, Set<string>>();
  const kicks: Promise<boolean>[] = [];
  for (const [index, { kind, isTaken }] of KINDS.entries()) {
    for (const session of found[index] ?? []) {
      const seat = seats.get(session.user);
      if (!seat) continue;
      if (seat.barredUntil !== undefined) kicks.push(api.kick(kind, session.id));
      else if (isTaken(session)) present.set(session.user, (present.get(session.user) ?? new Set()).add(session.id));
    }
  }
  for (const [name, seat] of seats) {
    if (seat.barredUntil !== undefined) continue;
    const now = present.get(name) ?? new Set();
    for (const id of now) if (!seat.taken.has(id)) seat.report({ type: 'seat.taken', relay_session: id });
    for (const id of seat.taken) if (!now.has(id)) seat.report({ type: 'seat.left', relay_session: id });
    seat.taken = now;
  }
  await Promise.all(kicks);
}

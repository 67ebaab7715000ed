import type { SeatReport, SeatSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import { type Mediamtx, RelayRefused, type RelaySession, type SessionKind } from './mediamtx.ts';
import { isPeer } from './peer.wrtc.ts';

/** Protocols that viewers come with, and how each relay session shows that media flows. */
const KINDS: { kind: SessionKind; isTaken(session: RelaySession): boolean }[] = [
  { kind: 'webrtcsessions', isTaken: (session) => session.peerConnectionEstablished === true },
  { kind: 'rtspsessions', isTaken: (session) => session.state === 'read' },
  { kind: 'rtspssessions', isTaken: (session) => session.state === 'read' },
  { kind: 'srtconns', isTaken: (session) => session.state === 'read' },
];

/** Between two looks while every seat is taken, or only guarded after its end. */
const CALM_MS = 1000;
/** While somebody is expected. */
const KEEN_MS = 200;
/** After a look, this many times its duration passes before the next: a long list must not eat up this process. */
const REST = { ordinary: 20, urgent: 2 };
/** And never more than this: one that was slow by chance, as beside a start, must not hide who comes and goes. */
const LONGEST_REST_MS = 2_000;

/** A viewer session as watched at one relay. */
interface Seat {
  report(event: SeatReport): void;
  /** The relay sessions in which media flows, by id. */
  taken: Map<string, SessionKind>;
  /** Those that are known from before and were not found taken or gone yet; whether each was told as taken. */
  known: Map<string, boolean>;
  /** Once released: until when (monotonic ms) whoever comes with its token is thrown out. */
  barredUntil?: number;
}

/** One loop per relay looks for all its seats; it sleeps while there are none. */
interface Watcher {
  seats: Map<string, Seat>;
  /** Has the next look come within this time, as far as the last one's cost allows. */
  lookWithin(ms: number, rest: number): void;
  /** Ends the relay sessions that are known of a seat. */
  empty(seat: Seat): void;
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
  return ({ session, relay, tokenLifeMs, known = [] }, report) => {
    const watcher = watcherOf(relay);
    const here = known.filter((one) => one.relay === relay && !isPeer(one.relaySession));
    const seat: Seat = { report, taken: new Map(), known: new Map(here.map((one) => [one.relaySession, one.taken])) };
    const isSeated = () => watcher.seats.get(session) === seat;
    watcher.seats.set(session, seat);
    watcher.lookWithin(KEEN_MS, REST.ordinary);
    return {
      release() {
        if (seat.barredUntil !== undefined || !isSeated()) return;
        seat.barredUntil = performance.now() + tokenLifeMs;
        watcher.empty(seat);
        // One that is just connecting is not known yet.
        watcher.lookWithin(0, REST.urgent);
      },
      detach() {
        if (isSeated()) watcher.seats.delete(session);
      },
    };
  };
}

/**
 * Seats a viewer at every relay at once, and among the adaptive peers: a player whose relay is lost goes to another, and
 * must be seen, and cut, there too. The relay that the slot names is the one it was placed on.
 */
export function seatEverywhere(relays: readonly string[], seat: SeatSlot, ...others: SeatSlot[]): SeatSlot {
  return (input, report) => {
    if (input.relay === '') return { release() {} };
    const held = [
      ...relays.map((relay) => seat({ ...input, relay }, report)),
      ...others.map((other) => other(input, report)),
    ];
    return {
      release() {
        for (const one of held) one.release();
      },
      detach() {
        for (const one of held) one.detach?.();
      },
    };
  };
}

function watch(api: Mediamtx): Watcher {
  const seats = new Map<string, Seat>();
  let looking = false;
  let lookMs = 0;
  let endedAt = 0;
  let wantedAt = Number.POSITIVE_INFINITY;
  let next: NodeJS.Timeout | undefined;

  const lookWithin = (ms: number, rest: number): void => {
    const at = Math.max(performance.now() + ms, endedAt + Math.min(lookMs * rest, LONGEST_REST_MS));
    if (at >= wantedAt) return;
    wantedAt = at;
    if (!looking) arm();
  };
  const arm = (): void => {
    clearTimeout(next);
    next = setTimeout(look, Math.max(0, wantedAt - performance.now())).unref();
  };
  const look = async (): Promise<void> => {
    looking = true;
    wantedAt = Number.POSITIVE_INFINITY;
    const startedAt = performance.now();
    // Seats added while the lists are on their way are not judged by them.
    const asked = new Map(seats);
    await quietly(async () => settle(api, asked, await Promise.all(KINDS.map(({ kind }) => sessionsOf(api, kind)))));
    for (const [session, { barredUntil }] of seats) {
      if (barredUntil !== undefined && barredUntil < performance.now()) seats.delete(session);
    }
    looking = false;
    endedAt = performance.now();
    lookMs = endedAt - startedAt;
    if (seats.size === 0) {
      // What was wanted by one who is gone again must not stand in the way of the next.
      wantedAt = Number.POSITIVE_INFINITY;
      return;
    }
    const expecting = [...seats.values()].some((seat) => seat.taken.size === 0 && seat.barredUntil === undefined);
    lookWithin(expecting ? KEEN_MS : CALM_MS, REST.ordinary);
    arm();
  };
  return {
    seats,
    lookWithin,
    empty: ({ taken }) => void quietly(() => Promise.all([...taken].map(([id, kind]) => api.kick(kind, id)))),
  };
}

/** A relay that is away has its own health watch; its viewers are judged when it answers again. */
async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RelayAway || error instanceof RelayRefused)) throw error;
  }
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

/** What a relay lists of one viewer session: its relay sessions, and whether media flows in them. */
type Listed = Map<string, { kind: SessionKind; flows: boolean }>;

/** Compares the seats with what the relay lists: tells who came and who went, ends who may not be there. */
async function settle(api: Mediamtx, seats: Map<string, Seat>, found: RelaySession[][]): Promise<void> {
  const listed = new Map<string, Listed>();
  const kicks: Promise<boolean>[] = [];
  for (const [index, { kind, isTaken }] of KINDS.entries()) {
    for (const session of found[index] ?? []) {
      const seat = seats.get(session.user);
      if (!seat) continue;
      if (seat.barredUntil !== undefined) kicks.push(api.kick(kind, session.id));
      else {
        const its: Listed = listed.get(session.user) ?? new Map();
        listed.set(session.user, its.set(session.id, { kind, flows: isTaken(session) }));
      }
    }
  }
  for (const [name, seat] of seats) {
    if (seat.barredUntil === undefined) judge(api.relay, seat, listed.get(name) ?? new Map());
  }
  await Promise.all(kicks);
}

/** Tells who came to one seat, and who went. */
function judge(relay: string, seat: Seat, listed: Listed): void {
  const { taken: before, known } = seat;
  const tell = (type: SeatReport['type'], id: string) => seat.report({ type, relay, relay_session: id });
  const now = new Map([...listed].flatMap(([id, { kind, flows }]) => (flows ? [[id, kind] as const] : [])));
  seat.taken = now;
  for (const id of now.keys()) if (!before.has(id) && known.get(id) !== true) tell('seat.taken', id);
  for (const id of before.keys()) if (!now.has(id)) tell('seat.left', id);
  for (const id of known.keys()) {
    if (!listed.has(id)) tell('seat.left', id);
    // One that is listed and does not flow yet is still being connected.
    if (!listed.has(id) || now.has(id)) known.delete(id);
  }
}

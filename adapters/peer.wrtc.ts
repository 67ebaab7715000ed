import { type LinkMessage, openLink } from '../bus/carriers/link.ts';
import { newId } from '../bus/identity.ts';
import type { KnownSession, SeatReport, SeatSlot } from '../machines/slots.ts';
import type { OpenOrder, PeerRefusal, PeerTold, Told } from './peer.wrtc/talk.ts';

/** Why an adaptive peer was not opened. `peer-away`: its process is not there; it is started again. */
export class PeerRefused extends Error {
  override name = 'PeerRefused';
  readonly reason: PeerRefusal | 'peer-away';
  constructor(reason: PeerRefused['reason'], text: string) {
    super(text);
    this.reason = reason;
  }
}

/** What is needed to open an adaptive peer. */
export type Opening = Omit<OpenOrder, 'type' | 'peer'>;

/** The adaptive peers as a gateway sees them: a process of its own that sends VP8, one encoder for each viewer. */
export interface AdaptivePeers {
  /** Which start of the process serves now; undefined while none does. */
  instance(): string | undefined;
  /** How full it is, whoever's peers they are; undefined while nobody tells. */
  load(): { peers: number; cores: number; fresh: number } | undefined;
  /** Resolves to the answer and the peer's name. @throws PeerRefused */
  open(opening: Opening): Promise<{ answer: string; peer: string }>;
  trickle(peer: string, fragment: string): void;
  close(peer: string): void;
  /** Whether media flows through a peer. */
  isConnected(peer: string): boolean;
  /** What the network of a peer's viewer carries, as congestion control estimates it; undefined before it knows. */
  estimateKbps(peer: string): number | undefined;
  /** Watches the peers of viewer sessions, and ends them with their session. */
  seat: SeatSlot;
  /** Lets go; peers go on. */
  end(): void;
}

/** What the adapter needs from the place where it is made. */
export interface AdaptivePeersOptions {
  socket: string;
  /** A peer sends another picture: for the log. */
  onStep?(peer: string, camera: string, why: { text: string }): void;
  /** What would be reported of a session whose seat is held by a gateway of another host; told by who opened its peer. */
  onElsewhere?(session: string, event: SeatReport): void;
  /** Whether a session is known to be over. A peer of it that is left is ended, whoever should have done that. */
  isOver?(session: string): boolean;
  /** There is no other such process in the installation: a peer that this one does not have is gone. */
  isOnly?: boolean;
}

/** The names of peers begin with this. */
const PREFIX = 'peer';
const ANSWER_WITHIN_MS = 5_000;
/** Well within the five seconds that a revoked session may still be seen. */
const SWEEP_EVERY_MS = 1_000;

/** Whether a relay session of a viewer is an adaptive peer. */
export const isPeer = (name: string): boolean => name.startsWith(`${PREFIX}_`);

interface Waiting {
  resolve(sdp: string): void;
  reject(error: PeerRefused): void;
}
interface Seat {
  report(event: SeatReport): void;
  taken: Map<string, PeerTold>;
  /** Those that are known from before and were not found taken or gone yet. */
  known: Map<string, KnownSession>;
}

/** Connects to the process of the adaptive peers, and stays connected. */
export function adaptivePeers({ socket, onStep, onElsewhere, isOver, isOnly }: AdaptivePeersOptions): AdaptivePeers {
  const waiting = new Map<string, Waiting>();
  const seats = new Map<string, Seat>();
  /** Those of them that have known ones to judge. */
  const unsure = new Set<Seat>();
  /** Sessions that are over: one that was opened under a former gateway ends when the process is heard of again. */
  const over = new Set<string>();
  const seated = new Map<string, PeerTold>();
  /** The peers that were opened from here. */
  const own = new Set<string>();
  let instance: string | undefined;
  let load: Extract<Told, { type: 'load' }> | undefined;

  const take = (told: PeerTold) => {
    const { peer, session, relay } = told;
    seated.set(peer, told);
    if (over.has(session)) return link.send({ type: 'leave', session });
    const seat = seats.get(session);
    const event = { type: 'seat.taken', relay, relay_session: peer } as const;
    if (!seat && own.has(peer)) onElsewhere?.(session, event);
    if (!seat || seat.taken.has(peer)) return;
    seat.taken.set(peer, told);
    const isTold = seat.known.get(peer)?.taken === true;
    seat.known.delete(peer);
    if (!isTold) seat.report(event);
  };
  const drop = ({ peer, session, relay }: PeerTold) => {
    seated.delete(peer);
    const event = { type: 'seat.left', relay, relay_session: peer } as const;
    const seat = seats.get(session);
    if (seat?.taken.delete(peer)) seat.report(event);
    else if (!seat && own.has(peer)) onElsewhere?.(session, event);
    own.delete(peer);
  };
  /** Judges those that are known from before by what the process has, connected or not. */
  const judge = (there: ReadonlySet<string>) => {
    for (const seat of unsure) {
      for (const { relay, relaySession } of seat.known.values()) {
        if (there.has(relaySession)) continue;
        seat.known.delete(relaySession);
        seat.report({ type: 'seat.left', relay, relay_session: relaySession });
      }
      if (seat.known.size === 0) unsure.delete(seat);
    }
  };
  const hello = (told: Extract<Told, { type: 'hello' }>) => {
    instance = told.instance;
    const there = new Set(told.peers.map(({ peer }) => peer));
    for (const one of [...seated.values()]) if (!there.has(one.peer)) drop(one);
    for (const one of told.peers) take(one);
    for (const session of over) link.send({ type: 'leave', session });
    over.clear();
  };
  const settle = (peer: string, how: (one: Waiting) => void) => {
    const one = waiting.get(peer);
    waiting.delete(peer);
    if (one) how(one);
  };
  const hear = (message: LinkMessage) => {
    const told = message as unknown as Told;
    switch (told.type) {
      case 'hello':
        return hello(told);
      case 'answered':
        return settle(told.peer, ({ resolve }) => resolve(told.sdp));
      case 'refused':
        return settle(told.peer, ({ reject }) => reject(new PeerRefused(told.reason, told.text)));
      case 'taken':
        return take(told);
      case 'left':
        return drop(told);
      case 'load':
        load = told;
        return judge(new Set(told.estimates.map(({ peer }) => peer)));
      case 'stepped':
        return onStep?.(told.peer, told.camera, told.why);
    }
  };
  const link = openLink(socket, {
    hear: (message) => hear(message),
    down() {
      // What it had is gone when another one says hello, or still there when it was only the link.
      instance = undefined;
      load = undefined;
      const away = new PeerRefused('peer-away', 'the process of the adaptive peers ended; it is started again');
      for (const peer of [...waiting.keys()]) settle(peer, ({ reject }) => reject(away));
    },
  });

  const sweep = setInterval(() => {
    for (const { session } of [...seated.values()]) if (isOver?.(session)) link.send({ type: 'leave', session });
  }, SWEEP_EVERY_MS);

  return {
    instance: () => instance,
    load: () => load,
    open(opening) {
      const peer = newId(PREFIX);
      if (instance === undefined) {
        return Promise.reject(new PeerRefused('peer-away', 'the process of the adaptive peers is not there just now'));
      }
      return new Promise((resolve, reject) => {
        const late = new PeerRefused('peer-away', `no adaptive peer answered within ${ANSWER_WITHIN_MS} ms`);
        const timer = setTimeout(() => settle(peer, (one) => one.reject(late)), ANSWER_WITHIN_MS);
        waiting.set(peer, {
          resolve(answer) {
            clearTimeout(timer);
            resolve({ answer, peer });
          },
          reject(error) {
            clearTimeout(timer);
            own.delete(peer);
            reject(error);
          },
        });
        own.add(peer);
        link.send({ type: 'open', peer, ...opening });
      });
    },
    trickle: (peer, fragment) => link.send({ type: 'trickle', peer, fragment }),
    close: (peer) => link.send({ type: 'close', peer }),
    isConnected: (peer) => seated.has(peer),
    estimateKbps: (peer) => load?.estimates.find((one) => one.peer === peer)?.kbps || undefined,
    seat({ session, known = [] }, report) {
      const its = known.filter(({ relaySession }) => isPeer(relaySession));
      const seat: Seat = { report, taken: new Map(), known: new Map(its.map((one) => [one.relaySession, one])) };
      seats.set(session, seat);
      if (isOnly && its.length > 0) unsure.add(seat);
      over.delete(session);
      // One that was opened under a former gateway is told as soon as this slot is held.
      queueMicrotask(() => {
        for (const one of [...seated.values()]) if (one.session === session && seats.get(session) === seat) take(one);
      });
      return {
        release() {
          unsure.delete(seat);
          if (seats.get(session) !== seat) return;
          seats.delete(session);
          if (instance === undefined) over.add(session);
          link.send({ type: 'leave', session });
        },
        detach() {
          unsure.delete(seat);
          if (seats.get(session) === seat) seats.delete(session);
        },
      };
    },
    end() {
      clearInterval(sweep);
      link.close();
    },
  };
}

import type { CellView } from '../../actors/cells.ts';
import { isDeparture } from '../../adapters/departures.switcher.ts';
import { type Id, isId } from '../../bus/identity.ts';
import { ADAPTATION } from '../../machines/policy/adaptation.ts';
import type { Placement } from '../../machines/policy/placement.ts';
import { heldNow, instanceOf, legsKnown } from './legs.ts';
import { type HeldLeg, type Loss, lossOf } from './losses.ts';
import { displace, findPlace, isPrior, type Place } from './placing.ts';
import { keepRefusers } from './refusers.ts';
import { ADAPTIVE } from './rungs.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import type { Line } from './socket.ts';
import { viewerOf } from './views.ts';

/** Where a player was told to open a leg. */
export interface Order {
  relay: string;
  /** The rung that it shall show, when that is why it moves. */
  rung?: string | undefined;
  /** It flows beside the one in front for so long first, and is given up where that suffers. */
  proveMs?: number | undefined;
  /** Whether a picture is waited for. Otherwise it goes to the program path, and swaps at its next key frame. */
  hurry: boolean;
  /** Whether it goes there only because its relay is to be emptied. */
  drains?: boolean;
}

/** The legs of one player: which are lost, and where it is told to go on. */
export interface Moves {
  /** Takes up the legs of a player that comes back, perhaps to a gateway that started anew. */
  resume(session: CellView): void;
  opened(leg: Id, held: HeldLeg): void;
  /** This leg is in front now. */
  playing(leg: Id): void;
  closed(leg: Id): void;
  /** What it was told about a leg that it offers. */
  orderOf(leg: Id): Order | undefined;
  /** Has the player open another leg where the one in front is lost, or its relay is being drained. */
  check(session: CellView): void;
  /** Whether it could go on elsewhere though nothing forces it, and has a second leg ready; undefined: it is left in peace. */
  resting(session: CellView): { hot: boolean } | undefined;
  /** Has it go on there at its ease. @returns false when it is not known to be there to be told */
  leave(session: CellView, to: Required<Pick<Placement, 'relay' | 'why'>>): boolean;
}

/** A leg that was lost, and how. */
interface Lost {
  leg: Id;
  held: HeldLeg;
  loss: Loss;
}

/** A hop that was given up, as for another leg that was more urgent, is ordered again after this long; later and later. */
const HOP_AGAIN_MS = { first: 4_000, longest: 60_000 };
/** Who was told to open a leg has done so after this long, or given it up. */
const ORDER_WITHIN_MS = 15_000;

/** Reasons to go down that tell of a narrow line: its viewer waits for no key frame, and stays where he begins. */
const NARROW: ReadonlySet<string> = new Set(['collapsed', 'strained']);

/** Those that it opens by itself a player names from the alphabet's second half. */
const LEG_NAMES = [...'abcdefghijklm'] as Id[];

/** Whether a leg gives the picture that is on screen, as far as its relay tells; one that is kept ready is elsewhere. */
function mayShow(session: CellView, { relay }: Pick<HeldLeg, 'relay'>): boolean {
  return session.state !== 'watching' || relay === viewerOf(session).relay;
}

/**
 * Watches over the legs of one player. Browsers notice neither the end of a connection nor that of a relay for many
 * seconds, so the player is told.
 */
export function keepMoves(services: HttpServices, shared: Shared, line: Pick<Line, 'send' | 'isThere'>): Moves {
  const legs = new Map<Id, HeldLeg>();
  const orders = new Map<Id, Order>();
  let front: Id | undefined;
  /** When the last order was given, on the monotonic clock. */
  let orderedMs = 0;
  const refusers = keepRefusers();
  /** The leg that is to take the picture off its departure path, and when it is ordered again should it be given up. */
  let hop: { leg: Id; againMs: number; waitMs: number } | undefined;
  /** When the choice of a rung was made that was ordered last (epoch ms). */
  let followed: number | undefined;
  const { cells, metrics, log } = services;

  // The one in front is on screen until another is, also after it was lost.
  const free = (): Id | undefined => LEG_NAMES.find((name) => name !== front && !legs.has(name) && !orders.has(name));
  const serves = ({ relay, instance }: HeldLeg): boolean =>
    instance !== undefined && instanceOf(services, relay) === instance;
  /** Whether somebody may be sent there, or left there, for longer than a moment. */
  const mayStay = (relay: string): boolean => {
    const view = isId(relay) ? cells.view({ kind: 'relay', id: relay }) : undefined;
    return view?.tags.includes('serving') === true && !view.tags.includes('draining');
  };
  /** It was told where to go instead, and is on its way; who lost a picture does not wait for a key frame there. */
  const isLeaving = ({ held, loss }: Lost): boolean =>
    performance.now() - orderedMs < ORDER_WITHIN_MS &&
    [...orders.values()].some(
      ({ relay, hurry }) => relay !== held.relay && mayStay(relay) && (hurry || loss.reason === 'draining'),
    );
  /** A leg that flows already, unseen, at a relay that serves; not at another one that is to be left. */
  const hot = ({ leg: lost, loss }: Lost) =>
    [...legs].find(
      ([name, held]) =>
        name !== lost && !orders.has(name) && serves(held) && (loss.reason !== 'draining' || mayStay(held.relay)),
    );

  const order = (leg: Id, ordered: Order, reason: string, why: string): void => {
    orders.clear(); // what was ordered before, and not done, is no use any more
    orders.set(leg, ordered);
    orderedMs = performance.now();
    const { relay, rung, proveMs } = ordered;
    metrics.moves.inc({ kind: rung === undefined ? (reason === 'departure' ? 'path' : 'relay') : 'rung', reason });
    const proof = proveMs === undefined ? {} : { prove_ms: proveMs };
    line.send({ type: 'move', leg, relay, ...(rung === undefined ? {} : { quality: rung }), reason, why, ...proof });
  };
  /** Has the player go to the rung that its session has chosen, once for each choice. */
  const followRung = (session: CellView): void => {
    const { move, relay, since, why, quality } = viewerOf(session);
    const rung = move?.rung?.name;
    if (move === undefined || rung === undefined || session.state !== 'moving' || since === followed) return;
    const leg = free();
    if (leg === undefined || instanceOf(services, relay) === undefined) return;
    followed = since;
    const hurry = move.rung?.down === true && NARROW.has(move.reason);
    // Of a network that carries an adaptive peer it is known how much more it carries.
    const proveMs = move.reason === 'recovered' && quality !== ADAPTIVE ? ADAPTATION.proofMs : undefined;
    order(leg, { relay, rung, hurry, proveMs }, move.reason, why.text);
  };
  const begin = (session: Id, leg: Id, relay: string, loss: Loss, placement: Placement): void => {
    const { reason, detectMs, decideMs } = loss;
    const times = { detect_ms: detectMs, decide_ms: decideMs };
    const event = { type: 'move.begun', leg, relay, reason, ...times, placement: placement.why };
    cells.offer({ kind: 'viewer', id: session }, event).catch((error: unknown) => {
      log.warn({ err: error, session }, 'a session did not hear of its move');
    });
  };
  /** Sends the player from a lost leg to one that flows already, or to where placement would have it. */
  const move = (session: CellView, lost: Lost): void => {
    const { address, subject, first_frame_ms: firstFrameMs } = viewerOf(session);
    const { held, loss } = lost;
    if (isLeaving(lost)) return;
    const drains = loss.reason === 'draining';
    const ready = hot(lost);
    // Nobody is sent away for a drain: it can wait.
    const priority = !drains && subject !== undefined && isPrior(subject);
    const demand = { priority, ...(drains ? { avoid: refusers.now() } : {}) };
    const others = shared.loads.without(session.id);
    const placement: Place = ready
      ? { relay: ready[1].relay, why: { trigger: 'standby', text: `the picture flows from ${ready[1].relay} already` } }
      : findPlace(services, others, address, drains ? undefined : held.relay, demand);
    const leg = ready?.[0] ?? free();
    const { relay } = placement;
    // Who waits for room keeps none where he was sent before.
    if (relay === undefined && !drains) shared.loads.seat(session.id, '');
    // While nowhere is better it stays, or it can't be opened again yet.
    if (relay === undefined || leg === undefined || (drains && relay === held.relay)) return;
    // A network that is gone closes no socket; who is not there is not sent on, and not waited for.
    if (drains && !(line.isThere() && shared.pace())) return;
    if (placement.displaced) displace(services, placement.displaced, session.id);
    // All who leave a relay are looked at in one turn: each has its place before the next is sent.
    shared.loads.seat(session.id, relay);
    // A leg that was lost is told of once; of one that is only to be left, until it is.
    if (!drains) legs.delete(lost.leg);
    // Who has had no picture yet has none to keep until the next key frame.
    const opens = front === undefined && firstFrameMs === undefined;
    order(leg, { relay, hurry: !drains || opens, drains }, loss.reason, loss.text);
    begin(session.id, leg, relay, loss, placement);
  };

  const playing = (leg: Id): void => {
    front = leg;
    const held = legs.get(leg);
    // It may have come there by itself.
    for (const [name, { relay, rung }] of orders) {
      if (name === leg || (rung === undefined && relay === held?.relay)) orders.delete(name);
    }
    hop = undefined;
    if (held && mayStay(held.relay)) refusers.clear();
    hopOn();
  };
  /** Has the picture go on from its departure path. What must go down stays there: its line has no room for a second one. */
  const hopOn = (): void => {
    const held = front === undefined ? undefined : legs.get(front);
    const name = free();
    if (!held || !isDeparture(held.path) || held.ladder || name === undefined) return;
    const waitMs = hop ? Math.min(2 * hop.waitMs, HOP_AGAIN_MS.longest) : HOP_AGAIN_MS.first;
    hop = { leg: name, againMs: performance.now() + waitMs, waitMs };
    const why = 'the picture is there; it goes on where everybody watches';
    order(name, { relay: held.relay, hurry: false }, 'departure', why);
  };

  return {
    resume(session) {
      const known = legsKnown(session);
      for (const [leg, one] of known) legs.set(leg, heldNow(services, one));
      // It says only once which one it shows.
      const [only, other] = known.length === 1 ? known : known.filter(([, one]) => mayShow(session, one));
      if (only && !other && session.state === 'watching') playing(only[0]);
    },
    opened: (leg, held) => void legs.set(leg, held),
    playing,
    closed(leg) {
      legs.delete(leg);
      const { relay, drains } = orders.get(leg) ?? {};
      orders.delete(leg);
      if (relay !== undefined && drains) refusers.add(relay);
    },
    orderOf: (leg) => orders.get(leg),
    check(session) {
      const seated = new Set(legsKnown(session).map(([leg]) => leg));
      const lost: Lost[] = [];
      for (const [leg, held] of legs) {
        const relay = isId(held.relay) ? cells.view({ kind: 'relay', id: held.relay }) : undefined;
        const loss = lossOf(relay, held, seated.has(leg), services.adaptive?.instance());
        if (loss) lost.push({ leg, held, loss });
      }
      // However many it has, it is sent on once: for the one in front, or for the newest while none is.
      const shown = front !== undefined && legs.has(front);
      const sent = lost.findLast(({ leg, held }) => (shown ? leg === front : mayShow(session, held)));
      if (sent) move(session, sent);
      for (const { leg, loss } of lost) {
        // One that is kept ready, unseen, is replaced by the player itself.
        if (leg !== sent?.leg && loss.reason !== 'draining') legs.delete(leg);
      }
      followRung(session);
      const isGivenUp = hop && !legs.has(hop.leg) && performance.now() >= hop.againMs;
      if (isGivenUp && lost.length === 0 && session.state === 'watching') hopOn();
    },
    resting(session) {
      const held = front === undefined ? undefined : legs.get(front);
      const { camera, relay } = viewerOf(session);
      const isBusy = orders.size > 0 && performance.now() - orderedMs < ORDER_WITHIN_MS;
      // On other paths than everybody's lines are narrow, or a hop is due.
      const isUsual = held?.relay === relay && held.path === camera && session.state === 'watching';
      return isUsual && !isBusy ? { hot: legs.size > 1 } : undefined;
    },
    leave(session, { relay, why }) {
      const ready = [...legs].find(([name, held]) => name !== front && held.relay === relay && serves(held));
      const leg = ready?.[0] ?? free();
      if (leg === undefined || !line.isThere()) return false;
      const loss: Loss = { reason: 'rebalance', text: why.text, detectMs: 0, decideMs: 0 };
      shared.loads.seat(session.id, relay);
      order(leg, { relay, hurry: false }, loss.reason, loss.text);
      begin(session.id, leg, relay, loss, { why });
      return true;
    },
  };
}

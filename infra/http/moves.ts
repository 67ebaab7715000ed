import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { MoveReason } from '../../bus/events/viewer.ts';
import { type Id, isId } from '../../bus/identity.ts';
import type { Placement } from '../../machines/policy/placement.ts';
import { instanceOf, type Leg, legsKnown } from './legs.ts';
import { displace, findPlace, isPrior, type Place } from './placing.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { relayOf, viewerOf } from './views.ts';

/** A leg as a player has it: where it is, and at which start of its relay it was opened. */
export type HeldLeg = Pick<Leg, 'relay' | 'instance' | 'path' | 'peer'>;

/** Where a player was told to open a leg. */
export interface Order {
  relay: string;
  /** The rung that it shall show, when that is why it moves. */
  rung?: string | undefined;
  /** Whether a picture is waited for. Otherwise it goes to the program path, and swaps at its next key frame. */
  hurry: boolean;
}

/** The legs of one player: which are lost, and where it is told to go on. */
export interface Moves {
  opened(leg: Id, held: HeldLeg): void;
  /** This leg is in front now. */
  playing(leg: Id): void;
  closed(leg: Id): void;
  /** What it was told about a leg that it offers. */
  orderOf(leg: Id): Order | undefined;
  /** Has the player open another leg where the one in front is lost, or its relay is being drained. */
  check(session: CellView): void;
}

/** What has become of a leg. */
interface Loss {
  reason: MoveReason;
  text: string;
  detectMs: number;
  decideMs: number;
}

/** Those that it opens by itself a player names from the alphabet's second half. */
const LEG_NAMES = [...'abcdefghijklm'] as Id[];

/**
 * How a leg was lost; undefined while it is not.
 * @param relay as it is now
 * @param seated whether the relay still has the leg, as far as is known
 * @param peers which start of the adaptive peers serves now
 */
function lossOf(
  relay: CellView | undefined,
  { instance, peer }: HeldLeg,
  seated: boolean,
  peers: string | undefined,
): Loss | undefined {
  const decideMs = relay ? Math.max(0, systemClock.now() - relay.since) : 0;
  if (!relay?.tags.includes('serving')) {
    const { lostAt } = relay ? relayOf(relay) : {};
    const detectMs = relay && lostAt !== undefined ? relay.since - lostAt : 0;
    const text = 'its relay does not serve; another one carries the picture';
    return { reason: 'relay-lost', text, detectMs, decideMs };
  }
  if (relayOf(relay).instance !== instance) {
    const text = 'the relay started anew and is serving again';
    return { reason: 'relay-restarted', text, detectMs: 0, decideMs };
  }
  if (peer !== undefined && peer !== peers) {
    const text = 'the process that encoded it ended; another one carries the picture';
    return { reason: 'peer-lost', text, detectMs: 0, decideMs: 0 };
  }
  if (!seated) return { reason: 'relay-ended', text: 'the relay ended the connection', detectMs: 0, decideMs: 0 };
  if (!relay.tags.includes('draining')) return undefined;
  return { reason: 'draining', text: 'its relay is being drained; another one takes over', detectMs: 0, decideMs };
}

/**
 * Watches over the legs of one player. Browsers notice neither the end of a connection nor that of a relay for many
 * seconds, so the player is told.
 */
export function keepMoves(
  services: HttpServices,
  shared: Shared,
  send: (message: { type: 'move'; leg: Id; relay: string; quality?: string; reason: string; why: string }) => void,
): Moves {
  const legs = new Map<Id, HeldLeg>();
  const orders = new Map<Id, Order>();
  let front: Id | undefined;
  /** When the choice of a rung was made that was ordered last (epoch ms). */
  let followed: number | undefined;
  const { cells, metrics, log } = services;

  const free = (): Id | undefined => LEG_NAMES.find((name) => !legs.has(name) && !orders.has(name));
  const serves = ({ relay, instance }: HeldLeg): boolean =>
    instance !== undefined && instanceOf(services, relay) === instance;
  /** A leg that flows already, unseen, at a relay that serves. */
  const hot = (lost: Id) => [...legs].find(([name, held]) => name !== lost && !orders.has(name) && serves(held));

  const order = (leg: Id, ordered: Order, reason: string, why: string): void => {
    orders.clear(); // what was ordered before, and not done, is no use any more
    orders.set(leg, ordered);
    const { relay, rung } = ordered;
    metrics.moves.inc({ kind: rung === undefined ? (reason === 'departure' ? 'path' : 'relay') : 'rung', reason });
    send({ type: 'move', leg, relay, ...(rung === undefined ? {} : { quality: rung }), reason, why });
  };
  /** Has the player go to the rung that its session has chosen, once for each choice. */
  const followRung = (session: CellView): void => {
    const { move, relay, since, why } = viewerOf(session);
    const rung = move?.rung?.name;
    if (move === undefined || rung === undefined || session.state !== 'moving' || since === followed) return;
    const leg = free();
    if (leg === undefined || instanceOf(services, relay) === undefined) return;
    followed = since;
    order(leg, { relay, rung, hurry: false }, move.reason, why.text);
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
  const move = (session: CellView, lost: Id, held: HeldLeg, loss: Loss): void => {
    const { address, subject } = viewerOf(session);
    const ready = hot(lost);
    // Nobody is sent away for a drain: it can wait.
    const priority = loss.reason !== 'draining' && subject !== undefined && isPrior(subject);
    const placement: Place = ready
      ? { relay: ready[1].relay, why: { trigger: 'standby', text: `the picture flows from ${ready[1].relay} already` } }
      : findPlace(services, shared.loads, address, loss.reason === 'draining' ? undefined : held.relay, { priority });
    const leg = ready?.[0] ?? free();
    const { relay } = placement;
    // While nowhere is better it stays, or it can't be opened again yet.
    if (relay === undefined || leg === undefined || (loss.reason === 'draining' && relay === held.relay)) return;
    if (loss.reason === 'draining' && !shared.pace()) return;
    if (placement.displaced) {
      displace(services, placement.displaced, session.id);
      shared.loads.seat(session.id, relay);
    }
    legs.delete(lost); // told once
    order(leg, { relay, hurry: loss.reason !== 'draining' }, loss.reason, loss.text);
    begin(session.id, leg, relay, loss, placement);
  };

  return {
    opened: (leg, held) => void legs.set(leg, held),
    playing(leg) {
      front = leg;
      orders.delete(leg);
      const held = legs.get(leg);
      const name = free();
      if (!held?.path.startsWith('departure/') || name === undefined) return;
      const why = 'the picture is there; it goes on where everybody watches';
      order(name, { relay: held.relay, hurry: false }, 'departure', why);
    },
    closed(leg) {
      legs.delete(leg);
      orders.delete(leg);
    },
    orderOf: (leg) => orders.get(leg),
    check(session) {
      const seated = new Set(legsKnown(session).map(([leg]) => leg));
      for (const [leg, held] of [...legs]) {
        const relay = isId(held.relay) ? cells.view({ kind: 'relay', id: held.relay }) : undefined;
        const loss = lossOf(relay, held, seated.has(leg), services.adaptive?.instance());
        if (!loss) continue;
        // One that is kept ready, unseen, is replaced by the player itself.
        const unseen = front !== undefined && leg !== front && legs.has(front);
        if (!unseen) move(session, leg, held, loss);
        else if (loss.reason !== 'draining') legs.delete(leg);
      }
      followRung(session);
    },
  };
}

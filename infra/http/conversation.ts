import { BadToken } from '../../adapters/gate.jsonwebtoken/bad-token.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import type { Id } from '../../bus/identity.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';
import { renew } from './admission.ts';
import type { Connection } from './connections.ts';
import { endingOf } from './ending.ts';
import { Refusal, unavailable } from './errors.ts';
import { type Goal, heldNow, instanceOf, legKnown } from './legs.ts';
import { keepMeasuring, LONGEST_MS, type Measuring } from './measuring.ts';
import { SAYS } from './message-roles.ts';
import type { PlayerMessage, Says } from './messages.ts';
import { keepMoves, type Moves } from './moves.ts';
import { rungsOfSession } from './rungs.ts';
import { fragmentOf, type Offer, parseOffer } from './sdp.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import type { Line } from './socket.ts';
import { keepStandby, type Standby } from './standby.ts';
import { isOpen, viewerOf } from './views.ts';

const CANDIDATES_HELD = 64;

/** Whether a message tells by a token of its own which session it is about, and whether it proves anew who speaks. */
const begins = (message: PlayerMessage): message is Says['hello'] => SAYS[message.type] === 'stream token';
const proves = (message: PlayerMessage): message is Says['renew'] => SAYS[message.type] === 'session and login token';

/** A leg that a relay was asked for, and has not answered yet. */
interface Opening {
  offer: Offer;
  /** Those that came meanwhile, for when it has. */
  candidates: string[];
  /** The player needs it no more. */
  closed: boolean;
}

/** One player's conversation: hello first, then what it says about its legs. */
export class Conversation {
  private readonly camera: string;
  private readonly services: HttpServices;
  private readonly shared: Shared;
  private readonly line: Line;
  private readonly opening = new Map<Id, Opening>();
  private readonly measuring: Measuring;
  private readonly moves: Moves;
  private readonly standby: Standby;
  private connection: Connection | undefined;
  /** Whether a hello was said, believed or not. */
  greeted = false;

  constructor(camera: string, services: HttpServices, shared: Shared, line: Line) {
    this.camera = camera;
    this.services = services;
    this.shared = shared;
    this.line = line;
    this.moves = keepMoves(services, shared, line);
    this.measuring = keepMeasuring(services, shared, () => this.checkLegs());
    this.standby = keepStandby(services, shared.loads, line.send);
  }

  /** The session it is about, once hello was believed. */
  get session(): Id | undefined {
    return this.connection?.session;
  }

  /** The player is gone; its session is not. */
  leave(): void {
    if (!this.connection) return;
    this.shared.connections.remove(this.connection);
    this.shared.vanished.left(this.connection.session);
  }

  /** Does what one message asks for. @throws Refusal | BadToken */
  async hear(message: PlayerMessage): Promise<void> {
    if (begins(message)) return this.greeted ? undefined : this.hello(message.stream_token);
    const { connection, services } = this;
    const view = connection && services.cells.view({ kind: 'viewer', id: connection.session });
    if (!view) throw new Refusal(401, 'hello-first', 'the first message must be hello with the stream token');
    // Who was told that it is over may leave its end of the connection open, and speak on.
    if (!isOpen(view)) throw new Refusal(410, 'ended', 'the session is over; ask for a new one', { why: view.why });
    if (proves(message)) return this.renew(await services.gate.verifyLogin(message.token));
    switch (message.type) {
      case 'offer':
        return this.offer(connection, message);
      case 'opened':
        return this.openedItself(connection, message);
      case 'candidate':
        return this.candidate(message.leg as Id, message.candidate, message.sdpMid ?? '0');
      case 'stats':
        return this.measuring.take(connection, message);
      case 'playing':
        return this.playing(connection, message, viewerOf(view).first_frame_ms);
      case 'close':
        return this.close(connection, message.leg as Id, message.no_room);
    }
  }

  private async hello(token: string): Promise<void> {
    this.greeted = true;
    const { services, shared, line } = this;
    const pass = await services.gate.verifyStream(token).catch((error: unknown) => {
      if (!(error instanceof BadToken)) throw error;
      line.end({ reason: `token-${error.reason}`, text: error.message, retry: error.reason === 'expired' });
    });
    if (!pass) return;
    if (pass.camera !== this.camera) {
      return line.end({ reason: 'other-camera', text: 'the token is for another camera', retry: false });
    }
    const view = services.cells.view({ kind: 'viewer', id: pass.session });
    if (!view || !isOpen(view)) return line.end(endingOf(view));
    const { send, end } = line;
    const now = () => services.cells.view({ kind: 'viewer', id: pass.session }) ?? view;
    this.connection = {
      ...{ session: pass.session, camera: pass.camera, send, end, checkLegs: () => this.checkLegs() },
      resting: () => this.moves.resting(now()),
      leave: (to) => this.moves.leave(now(), to),
    };
    shared.connections.add(this.connection);
    const camera = services.cells.view({ kind: 'camera', id: pass.camera });
    const rungs = camera ? rungsOfSession(services, camera, view).map(({ name }) => name) : [];
    send({ type: 'welcome', session_id: pass.session, camera: pass.camera, rungs });
    shared.connections.tellState(this.connection);
    this.standby.keep(view);
    this.moves.resume(view);
  }

  /** Looks after the player's legs and its standby. */
  checkLegs(): void {
    const view = this.connection && this.services.cells.view({ kind: 'viewer', id: this.connection.session });
    if (!view) return;
    this.moves.check(view);
    this.standby.keep(view);
  }

  /** Where an offered leg goes: where its standby lets it, where the player was told to, or where placement has it. */
  private async goalOf({ leg, relay, standby_token, silent_ms }: Says['offer']): Promise<Goal> {
    if (relay !== undefined && (await this.isStandby(relay, standby_token))) {
      if (silent_ms !== undefined) return { relay, haste: 'hops' };
      // Kept ready anywhere else it would be of no use.
      const serves = instanceOf(this.services, relay) !== undefined;
      if (!serves) throw unavailable('standby-lost', `${relay} does not serve just now.`);
      return { relay, haste: 'no' };
    }
    const order = this.moves.orderOf(leg as Id);
    if (!order) return { haste: 'hops' };
    return { relay: order.relay, rung: order.rung, haste: order.hurry ? 'hops' : 'no' };
  }

  /** Whether the player was told that it may go there without asking; perhaps by a former gateway. */
  private async isStandby(relay: string, token: string | undefined): Promise<boolean> {
    if (token === undefined) return false;
    const claims = await this.services.gate.verifyStandby(token).catch((error: unknown) => {
      if (!(error instanceof BadToken)) throw error;
    });
    return claims !== undefined && claims.session === this.session && claims.relay === relay;
  }

  private async offer(connection: Connection, message: Says['offer']): Promise<void> {
    const { leg: given, sdp, silent_ms } = message;
    const name = given as Id;
    const { cells } = this.services;
    const view = cells.view({ kind: 'viewer', id: connection.session });
    if (!view) return;
    const pending: Opening = { offer: parseOffer(sdp), candidates: [], closed: false };
    this.opening.set(name, pending);
    try {
      const goal = await this.goalOf(message);
      if (goal.relay !== undefined && silent_ms !== undefined) {
        this.shared.loads.seat(view.id, goal.relay);
        const times = { detect_ms: silent_ms, decide_ms: 0 };
        const event = { type: 'move.begun', leg: name, relay: goal.relay, reason: 'silence', ...times };
        void cells.offer({ kind: 'viewer', id: view.id }, event).catch(() => {}); // its opening tells the same
      }
      const { leg, answer } = await this.shared.legs.open(view, name, sdp, pending.offer, goal);
      this.moves.opened(name, leg);
      if (pending.closed) return;
      this.line.send({ type: 'answer', leg: name, sdp: answer, relay: leg.relay });
      // What became of its relay while it was opened there was told to nobody.
      this.checkLegs();
      for (const fragment of pending.candidates) await this.shared.legs.trickle(leg, fragment);
    } catch (error) {
      if (!pending.closed) throw error;
      // The player gave it up before the relay refused it: the move that it was for is over.
      await this.tellClosed(connection, name, ({ move }) => move?.leg === name);
    } finally {
      if (this.opening.get(name) === pending) this.opening.delete(name);
      // Who has offered it anew meanwhile takes its place.
      if (pending.closed && !this.opening.has(name)) await this.close(connection, name);
    }
  }

  /** A leg that the player opened at its standby while nobody answered: the relay knows whose it is. */
  private async openedItself({ session, camera }: Connection, { leg, relay, relay_session }: Says['opened']) {
    const { whep } = this.services;
    const held = heldNow(this.services, { relay, path: camera, relay_session });
    const own = held.instance !== undefined && (await whep.isOf(relay, relay_session, session).catch(() => false));
    if (!own) throw unavailable('leg-lost', `${relay} has no such connection of this session.`);
    this.moves.opened(leg as Id, held);
    const event = { type: 'leg.opened', leg, relay, path: camera, relay_session };
    await this.services.cells.offer({ kind: 'viewer', id: session }, event);
  }

  private async candidate(name: Id, text: string, mid: string): Promise<void> {
    const pending = this.opening.get(name);
    if (pending) {
      if (pending.candidates.length < CANDIDATES_HELD) pending.candidates.push(fragmentOf(pending.offer, text, mid));
      return;
    }
    const leg = this.session && this.shared.legs.find(this.session, name);
    if (leg) await this.shared.legs.trickle(leg, fragmentOf(leg.offer, text, mid));
  }

  private async playing({ session }: Connection, message: Says['playing'], before: number | undefined) {
    const { leg, first_frame_ms: ms, gap_ms, silent_ms } = message;
    const known = ms !== undefined && ms < LONGEST_MS;
    if (silent_ms !== undefined) this.services.metrics.moves.inc({ kind: 'relay', reason: 'silence' });
    if (known && before === undefined) this.services.metrics.firstFrame.observe(ms / 1000);
    const told = {
      ...(known ? { first_frame_ms: ms } : {}),
      ...(gap_ms === undefined ? {} : { gap_ms }),
      ...(silent_ms === undefined ? {} : { silent_ms }),
    };
    const heard = this.services.cells.offer({ kind: 'viewer', id: session }, { type: 'leg.playing', leg, ...told });
    // What plays is there, though its relay may have been started anew while it was asked for it.
    const shown = legKnown(this.services, session, leg);
    if (shown) this.moves.opened(leg as Id, heldNow(this.services, shown));
    this.moves.playing(leg as Id);
    this.checkLegs();
    await heard;
  }

  private async renew(claims: LoginClaims): Promise<void> {
    const view = this.session && this.services.cells.view({ kind: 'viewer', id: this.session });
    if (!view) return;
    const { stream_token, expires_in } = await renew(this.services, claims, view);
    this.line.send({ type: 'renewed', stream_token, expires_in });
  }

  private async close({ session }: Connection, name: Id, noRoom = false): Promise<void> {
    const pending = this.opening.get(name);
    if (pending) {
      pending.closed = true;
      return;
    }
    this.moves.closed(name);
    this.measuring.forget(name);
    const leg = this.shared.legs.find(session, name);
    if (leg) return this.shared.legs.close(leg, noRoom);
    // Opened through a former gateway, or by the player itself, which has closed it already.
    await this.tellClosed({ session }, name, ({ legs }) => Object.hasOwn(legs, name));
  }

  /** Tells a session that a leg is closed, if it is concerned. */
  private async tellClosed(
    { session }: Pick<Connection, 'session'>,
    leg: Id,
    concerns: (viewer: ViewerContext) => boolean,
  ): Promise<void> {
    const at = { kind: 'viewer' as const, id: session };
    const view = this.services.cells.view(at);
    if (view && concerns(viewerOf(view))) await this.services.cells.offer(at, { type: 'leg.closed', leg });
  }
}

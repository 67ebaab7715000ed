import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { WebSocket } from 'ws';
import { BadToken } from '../../adapters/gate.jsonwebtoken.ts';
import { type Id, IdSchema, isId } from '../../bus/identity.ts';
import { freshPath, type PathQuality, takeSample } from '../../machines/policy/quality.ts';
import { renew } from './admission.ts';
import type { Connection } from './connections.ts';
import { Refusal, refusalFor } from './errors.ts';
import { instanceOf } from './legs.ts';
import { type Figures, type PlayerMessage, parsePlayerMessage } from './messages.ts';
import { fragmentOf, type Offer, parseOffer } from './sdp.ts';
import type { Server, Shared } from './server.ts';
import type { HttpServices } from './services.ts';
import { keepAlive, limiter, sendJson } from './socket.ts';
import { isOpen, rungsOf, viewerOf } from './views.ts';

/** A socket that says nothing for this long after opening is closed. */
const HELLO_MS = 5_000;
const MESSAGES = { perSecond: 40, burst: 120 };
/** A message that can't be understood weighs as much as this many good ones. */
const BAD_MESSAGE_COST = 20;
const CANDIDATES_HELD = 64;
/** Measurements beyond this are a broken clock, not a picture. */
const LONGEST_MS = 60_000;

const LEG_NAMES = [...'abcdefghijklmnopqrstuvwxyz'] as Id[];

/** One player's conversation: hello first, then whatever it says, in order. */
function converse(socket: WebSocket, request: FastifyRequest, services: HttpServices, shared: Shared): void {
  const { cells, gate, metrics, log } = services;
  const { camera_id: cameraInPath } = request.params as { camera_id: string };
  const within = limiter(MESSAGES.perSecond, MESSAGES.burst);
  const opening = new Map<Id, { offer: Offer; candidates: string[] }>();
  const paths = new Map<string, PathQuality>();
  let connection: Connection | undefined;
  let greeted = false;

  const send = (message: { type: string; [field: string]: unknown }) => sendJson(socket, message);
  const end = (reason: string, text: string, retry: boolean): void => {
    send({ type: 'end', reason, text, retry });
    socket.close(1000, reason.slice(0, 100));
  };
  const sessionView = () => (connection ? cells.view({ kind: 'viewer', id: connection.session }) : undefined);

  async function hello(token: string): Promise<void> {
    greeted = true;
    clearTimeout(impatience);
    const pass = await gate.verifyStream(token).catch((error: unknown) => {
      if (!(error instanceof BadToken)) throw error;
      end(`token-${error.reason}`, error.message, error.reason === 'expired');
    });
    if (!pass) return;
    if (pass.camera !== cameraInPath) return end('other-camera', 'the token is for another camera', false);
    const view = cells.view({ kind: 'viewer', id: pass.session });
    if (!view) return end('unknown-session', 'the session is not known here', true);
    if (!isOpen(view)) return end(view.why.reason ?? 'ended', view.why.text, view.why.reason === 'expired');
    const mine: Connection = { session: pass.session, camera: pass.camera, send, end, checkLegs };
    connection = mine;
    shared.connections.add(mine);
    const camera = cells.view({ kind: 'camera', id: pass.camera });
    send({ type: 'welcome', session_id: pass.session, camera: pass.camera, rungs: camera ? rungsOf(camera) : [] });
    shared.connections.tellState(mine);
  }

  /** A relay that started anew knows none of the legs it had: the player opens another one. */
  function checkLegs(): void {
    if (!connection) return;
    const mine = shared.legs.of(connection.session);
    const lost = mine.find((leg) => {
      const instance = instanceOf(services, leg.relay);
      return instance !== undefined && instance !== leg.instance;
    });
    const free = LEG_NAMES.find((name) => !mine.some((leg) => leg.name === name));
    if (!lost || !free) return;
    lost.instance = instanceOf(services, lost.relay); // told once
    metrics.moves.inc({ kind: 'relay', reason: 'relay-restarted' });
    send({ type: 'move', leg: free, relay: lost.relay, why: 'the relay started anew and is serving again' });
  }

  async function offer(name: Id, sdp: string): Promise<void> {
    const view = sessionView();
    if (!view) return;
    const parsed = parseOffer(sdp);
    const pending = { offer: parsed, candidates: [] as string[] };
    opening.set(name, pending);
    try {
      const { leg, answer } = await shared.legs.open(view, name, sdp, parsed);
      send({ type: 'answer', leg: name, sdp: answer });
      for (const fragment of pending.candidates) await shared.legs.trickle(leg, fragment);
    } finally {
      if (opening.get(name) === pending) opening.delete(name);
    }
  }

  async function candidate(name: Id, text: string, mid: string): Promise<void> {
    const pending = opening.get(name);
    if (pending) {
      if (pending.candidates.length < CANDIDATES_HELD) pending.candidates.push(fragmentOf(pending.offer, text, mid));
      return;
    }
    const leg = connection && shared.legs.find(connection.session, name);
    if (leg) await shared.legs.trickle(leg, fragmentOf(leg.offer, text, mid));
  }

  /** Measurements stay out of the cell; a changed verdict on the network is an event. */
  async function measurePath({ leg, fps, loss, freezes }: Figures, session: Id): Promise<void> {
    const path = paths.get(leg) ?? freshPath();
    paths.set(leg, path);
    const crossing = takeSample(path, {
      at: Date.now(),
      ...(fps === undefined ? {} : { fps }),
      ...(loss === undefined ? {} : { loss }),
      ...(freezes === undefined ? {} : { freezes }),
    });
    if (crossing) await cells.offer({ kind: 'viewer', id: session }, { ...crossing, leg });
  }

  async function hear(message: PlayerMessage): Promise<void> {
    if (message.type === 'hello') return greeted ? undefined : hello(message.stream_token);
    const view = sessionView();
    if (!connection || !view)
      throw new Refusal(401, 'hello-first', 'the first message must be hello with the stream token');
    switch (message.type) {
      case 'offer':
        return offer(message.leg as Id, message.sdp);
      case 'candidate':
        return candidate(message.leg as Id, message.candidate, message.sdpMid ?? '0');
      case 'stats': {
        const { type: _type, ...figures } = message;
        connection.figures = { ...figures, at: Date.now() };
        await measurePath(message, connection.session);
        const { latency_ms } = message;
        if (latency_ms !== undefined && latency_ms < LONGEST_MS) metrics.glassToGlass.observe(latency_ms / 1000);
        return;
      }
      case 'playing': {
        const { leg, first_frame_ms } = message;
        const known = first_frame_ms !== undefined && first_frame_ms < LONGEST_MS;
        if (known && viewerOf(view).first_frame_ms === undefined) metrics.firstFrame.observe(first_frame_ms / 1000);
        const event = { type: 'leg.playing', leg, ...(known ? { first_frame_ms } : {}) };
        await cells.offer({ kind: 'viewer', id: connection.session }, event);
        return;
      }
      case 'renew': {
        const { stream_token, expires_in } = await renew(services, await gate.verifyLogin(message.token), view);
        return send({ type: 'renewed', stream_token, expires_in });
      }
      case 'close': {
        const leg = shared.legs.find(connection.session, message.leg as Id);
        if (leg) await shared.legs.close(leg);
      }
    }
  }

  /** What a player did wrong, or could not have, is told to it; the connection goes on while it keeps to the limits. */
  function answerFault(error: unknown, message: PlayerMessage | undefined): void {
    const refusal = refusalFor(error);
    if (!refusal) log.error({ err: error, session: connection?.session }, 'a signalling message failed');
    const leg = message && 'leg' in message ? { leg: message.leg } : {};
    const { status = 500, reason = 'internal', more = {} } = refusal ?? {};
    const text = refusal?.message ?? 'something went wrong at the gateway';
    send({
      ...more,
      type: message?.type === 'offer' ? 'refused' : 'error',
      ...leg,
      reason,
      text,
      retry: status >= 500,
    });
    if (!greeted) socket.close(1008, 'hello first');
  }

  let order: Promise<void> = Promise.resolve();
  const impatience = setTimeout(() => end('no-hello', 'no hello came in time', true), HELLO_MS);
  keepAlive(socket);
  socket.on('message', (data, isBinary) => {
    let message: PlayerMessage | undefined;
    try {
      if (isBinary) throw new Refusal(400, 'bad-message', 'messages are text');
      message = parsePlayerMessage(data.toString());
    } catch (error) {
      if (!within(BAD_MESSAGE_COST)) return end('too-fast', 'too many messages, or too many bad ones', false);
      return answerFault(error, undefined);
    }
    if (!within()) return end('too-fast', 'too many messages', false);
    const said = message;
    const turn = () => hear(said).catch((error: unknown) => answerFault(error, said));
    // Only hello is waited for: an offer that the relay answers slowly must not hold up another leg.
    if (said.type === 'hello') order = order.then(turn);
    else void order.then(turn);
  });
  socket.on('error', () => {}); // 'close' follows
  socket.on('close', () => {
    clearTimeout(impatience);
    if (connection) shared.connections.remove(connection);
  });
}

/** `WS /webrtc/:camera_id`: signalling for players. */
export function signallingRoutes(server: Server, services: HttpServices, shared: Shared): void {
  server.route({
    method: 'GET',
    url: '/webrtc/:camera_id',
    schema: { params: Type.Object({ camera_id: IdSchema }), tags: ['watching'] },
    handler: async () => {
      throw new Refusal(426, 'upgrade', 'This is a WebSocket; connect with the subprotocol signalbox.v1.');
    },
    wsHandler: (socket, request) => {
      const { camera_id } = request.params as { camera_id: string };
      if (!isId(camera_id)) return socket.close(1008, 'bad camera id');
      converse(socket, request, services, shared);
    },
  });
}

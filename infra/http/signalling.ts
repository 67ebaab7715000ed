import Type from 'typebox';
import type { WebSocket } from 'ws';
import { IdSchema, isId } from '../../bus/identity.ts';
import { Conversation } from './conversation.ts';
import type { Ending } from './ending.ts';
import { Refusal, refusalFor } from './errors.ts';
import type { Server } from './fastify.ts';
import { type PlayerMessage, parsePlayerMessage } from './messages.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { keepAlive, limiter, sendJson } from './socket.ts';

/** A socket that says nothing for this long after opening is closed. */
const HELLO_MS = 5_000;
const MESSAGES = { perSecond: 40, burst: 120 };
/** A message that can't be understood weighs as much as this many good ones. */
const BAD_MESSAGE_COST = 20;

/** Connects a socket with a conversation: messages in order, within limits, faults told. */
function converse(socket: WebSocket, camera: string, services: HttpServices, shared: Shared): void {
  const within = limiter(MESSAGES.perSecond, MESSAGES.burst);
  const send = (message: { type: string; [field: string]: unknown }) => sendJson(socket, message);
  const end = (ending: Ending): void => {
    send({ type: 'end', ...ending });
    socket.close(1000, ending.reason.slice(0, 100));
  };
  const isThere = keepAlive(socket);
  const conversation = new Conversation(camera, services, shared, { send, end, isThere });

  /** What a player did wrong, or could not have, is told to it; the connection goes on while it keeps to the limits. */
  const tellFault = (error: unknown, message?: PlayerMessage): void => {
    const refusal = refusalFor(error);
    if (!refusal) services.log.error({ err: error, session: conversation.session }, 'a signalling message failed');
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
    if (!conversation.greeted) socket.close(1008, 'hello first');
  };

  let order: Promise<void> = Promise.resolve();
  const take = (message: PlayerMessage): void => {
    if (message.type === 'hello') clearTimeout(impatience);
    const turn = () => conversation.hear(message).catch((error: unknown) => tellFault(error, message));
    // An offer that the relay answers slowly must not hold up another leg; what is said of an opened one comes after it.
    if (message.type === 'hello' || message.type === 'opened') order = order.then(turn);
    else void order.then(turn);
  };

  const impatience = setTimeout(
    () => end({ reason: 'no-hello', text: 'no hello came in time', retry: true }),
    HELLO_MS,
  );
  // Whoever is to leave a relay does so once it is known to be there.
  socket.on('pong', () => conversation.checkLegs());
  socket.on('message', (data, isBinary) => {
    let message: PlayerMessage;
    try {
      if (isBinary) throw new Refusal(400, 'bad-message', 'messages are text');
      message = parsePlayerMessage(data.toString());
    } catch (error) {
      if (within(BAD_MESSAGE_COST)) tellFault(error);
      else end({ reason: 'too-fast', text: 'too many messages, or too many bad ones', retry: false });
      return;
    }
    if (within()) take(message);
    else end({ reason: 'too-fast', text: 'too many messages', retry: false });
  });
  socket.on('error', () => {}); // 'close' follows
  socket.on('close', () => {
    clearTimeout(impatience);
    conversation.leave();
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
      if (isId(camera_id)) converse(socket, camera_id, services, shared);
      else socket.close(1008, 'bad camera id');
    },
  });
}

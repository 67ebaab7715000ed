import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { Refusal } from './errors.ts';
import { MAX_SDP_BYTES } from './sdp.ts';

const Token = Type.String({ minLength: 1, maxLength: 16 * 1024 });
const Figure = Type.Optional(Type.Number({ minimum: 0, maximum: 1e9 }));
const leg = { leg: IdSchema };

/** What a player may say over the WebSocket, by type. */
export const playerSays = {
  hello: shape(
    'hello',
    Type.Object({
      stream_token: Token,
      leg: Type.Optional(IdSchema),
      quality: Type.Optional(Type.String({ maxLength: 16 })),
    }),
  ),
  offer: shape(
    'offer',
    Type.Object({
      ...leg,
      sdp: Type.String({ maxLength: MAX_SDP_BYTES }),
      /** Where it goes without asking: the standby it was given last. */
      relay: Type.Optional(IdSchema),
      standby_token: Type.Optional(Token),
      /** It moves there by itself, since no frame has come for so long; without it the connection is kept ready. */
      silent_ms: Figure,
    }),
  ),
  /** It was opened at the standby while no gateway answered. */
  opened: shape('opened', Type.Object({ ...leg, relay: IdSchema, relay_session: Type.String({ format: 'uuid' }) })),
  candidate: shape(
    'candidate',
    Type.Object({
      ...leg,
      candidate: Type.String({ maxLength: 1024, pattern: '^(candidate:[ -~]+)?$' }),
      sdpMid: Type.Optional(Type.Union([Type.Null(), Type.String({ pattern: '^[A-Za-z0-9_.+-]{0,32}$' })])),
    }),
  ),
  stats: shape(
    'stats',
    Type.Object({
      ...leg,
      fps: Figure,
      received_fps: Figure,
      loss: Figure,
      jitter_ms: Figure,
      rtt_ms: Figure,
      kbps: Figure,
      freezes: Figure,
      latency_ms: Figure,
      gap_ms: Figure,
      queue_ms: Figure,
      /** By how much its page or browser came to run late, at most, in the half second before. */
      busy_ms: Figure,
    }),
  ),
  playing: shape('playing', Type.Object({ ...leg, first_frame_ms: Figure, gap_ms: Figure, silent_ms: Figure })),
  renew: shape('renew', Type.Object({ token: Token })),
  close: shape(
    'close',
    Type.Object({
      ...leg,
      /** It was to prove that the network has room for it, and there was none. */
      no_room: Type.Optional(Type.Boolean()),
    }),
  ),
};

/** What a player may say, parsed, by type. */
export type Says = { [T in keyof typeof playerSays]: { type: T } & Of<(typeof playerSays)[T]> };
/** One message of a player. */
export type PlayerMessage = Says[keyof Says];
/** What a player measured of one leg. */
export type Figures = Says['stats'];

/** Reads one message of a player. @throws Refusal telling what is wrong with it */
export function parsePlayerMessage(text: string): PlayerMessage {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'bad-message', 'the message is not JSON');
  }
  const type = (said as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(playerSays, type)) {
    throw new Refusal(400, 'bad-message', `the message's type is none of ${Object.keys(playerSays).join(', ')}`);
  }
  const known = playerSays[type as keyof typeof playerSays];
  if (!known.check(said)) throw new Refusal(400, 'bad-message', `the message is not a valid ${type}`);
  return said as PlayerMessage;
}

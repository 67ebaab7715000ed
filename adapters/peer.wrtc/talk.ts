import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';

/** What a gateway tells the process of the adaptive peers, and what it hears back: the messages of their link. */

const Bounds = Type.Object({
  peers: Type.Integer({ minimum: 0 }),
  cores: Type.Number({ minimum: 0 }),
});

/** Answer this offer with a peer of its own, and send it the camera's picture as the network allows. */
export const openOrder = shape(
  'open order',
  Type.Object({
    type: Type.Literal('open'),
    peer: IdSchema,
    session: IdSchema,
    camera: IdSchema,
    /** The relay at which the camera's program is read. */
    relay: Type.String({ minLength: 1, maxLength: 64 }),
    url: Type.String({ pattern: '^rtsps?://', maxLength: 4096 }),
    sdp: Type.String({ maxLength: 65_536 }),
    bounds: Bounds,
    reach: Type.Object({
      address: Type.String({ maxLength: 255 }),
      hosts: Type.Array(Type.String({ maxLength: 255 }), { maxItems: 16 }),
      ports: Type.Optional(Type.Object({ min: Type.Integer(), max: Type.Integer() })),
    }),
  }),
);
export type OpenOrder = Of<typeof openOrder>;

/** The viewer's candidates, as an RFC 8840 fragment. */
export const trickleOrder = shape(
  'trickle order',
  Type.Object({ type: Type.Literal('trickle'), peer: IdSchema, fragment: Type.String({ maxLength: 65_536 }) }),
);
export type TrickleOrder = Of<typeof trickleOrder>;

export const closeOrder = shape('close order', Type.Object({ type: Type.Literal('close'), peer: IdSchema }));
export type CloseOrder = Of<typeof closeOrder>;

/** The session is over: end whatever it has. */
export const leaveOrder = shape('leave order', Type.Object({ type: Type.Literal('leave'), session: IdSchema }));
export type LeaveOrder = Of<typeof leaveOrder>;

/** A peer through which media flows. */
export interface PeerTold {
  peer: string;
  session: string;
  relay: string;
}

/** Why no peer was opened. */
export type PeerRefusal = 'full' | 'busy' | 'bad-offer' | 'order';

/** Everything the process says. */
export type Told =
  | { type: 'hello'; instance: string; peers: PeerTold[] }
  | { type: 'answered'; peer: string; sdp: string }
  | { type: 'refused'; peer: string; reason: PeerRefusal; text: string }
  | ({ type: 'taken' } & PeerTold)
  | ({ type: 'left'; reason: string } & PeerTold)
  /** Twice a second; `kbps` is what each peer's network carries, as it is estimated. */
  | { type: 'load'; peers: number; cores: number; fresh: number; estimates: { peer: string; kbps: number }[] }
  | { type: 'stepped'; peer: string; camera: string; why: { text: string; guard?: Record<string, unknown> } };

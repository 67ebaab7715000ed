import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { WhySchema } from './why.ts';

/** Version of the broadcast machine's events and context. */
export const BROADCAST_VERSION = 5;

/** What a push to a destination is. */
export const BROADCAST_STATES = ['connecting', 'on-air', 'retrying', 'waiting', 'failed', 'stopped'] as const;
export type BroadcastState = (typeof BROADCAST_STATES)[number];

/** Everything a broadcast cell may hear. */
export const broadcastHeard = {
  'broadcast.requested': shape(
    'broadcast.requested',
    Type.Object({
      camera: IdSchema,
      zone: Type.String(),
      destination: IdSchema,
      to: Type.String({ description: 'address of the destination, without its stream key' }),
      relay: IdSchema,
      ...doer,
      picture: Type.Boolean({ description: 'whether the camera has a picture now' }),
      encoded: Type.Optional(Type.Boolean({ description: 'an encoder makes what the destination asks for' })),
    }),
  ),
  'broadcast.stopped': shape('broadcast.stopped', Type.Object(doer)),
  'broadcast.moved': shape(
    'broadcast.moved',
    Type.Object(
      { relay: IdSchema, why: WhySchema },
      { description: 'the relay that pushed is lost; another one does' },
    ),
  ),
  'broadcast.held': shape(
    'broadcast.held',
    Type.Object({ why: WhySchema }, { description: 'it has to wait: what it needs is needed more elsewhere' }),
  ),
  'broadcast.freed': shape('broadcast.freed', Type.Object({})),
  'push.flowing': shape(
    'push.flowing',
    Type.Object({
      relay: Type.String(),
      bytes: Type.Number(),
      elapsed_ms: Type.Number(),
      confirmed: Type.Boolean({ description: 'by the destination itself, which was asked' }),
    }),
  ),
  'push.reconnected': shape(
    'push.reconnected',
    Type.Object(
      { relay: Type.String(), gap_ms: Type.Number() },
      { description: 'bytes were away for a moment, and came back over a new connection' },
    ),
  ),
  'push.silent': shape(
    'push.silent',
    Type.Object({ relay: Type.String(), silent_ms: Type.Number(), detail: Type.Optional(Type.String()) }),
  ),
  'push.refused': shape(
    'push.refused',
    Type.Object({
      relay: Type.String(),
      detail: Type.String(),
      fatal: Type.Optional(Type.Boolean({ description: 'nothing but another configuration helps' })),
    }),
  ),
  'push.ended': shape(
    'push.ended',
    Type.Object(
      { relay: Type.String(), cause: Type.Enum(['exited', 'hung']), detail: Type.String() },
      { description: 'the encoder that makes what the destination asks for' },
    ),
  ),
  'push.slow': shape(
    'push.slow',
    Type.Object({
      relay: Type.String(),
      speed: Type.Number({ description: 'seconds of media that the encoder makes in a second' }),
    }),
  ),
  'push.lagging': shape(
    'push.lagging',
    Type.Object(
      {
        relay: Type.String(),
        taken: Type.Number({ description: 'share of what is made for it that the destination takes' }),
        for_ms: Type.Number({ description: 'for how long it has been so' }),
      },
      { description: 'the destination, or the way to it, is too slow; told again while it lasts' },
    ),
  ),
  'push.steady': shape('push.steady', Type.Object({ relay: Type.String() })),
  'camera.showing': shape('camera.showing', Type.Object({ picture: Type.Boolean(), state: Type.String() })),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type BroadcastHeard = {
  [T in keyof typeof broadcastHeard]: { type: T } & Of<(typeof broadcastHeard)[T]>;
}[keyof typeof broadcastHeard];

/** What every broadcast fact says; the fact's type is `broadcast.<state>`. */
export const BroadcastFactSchema = Type.Object({
  camera: Type.String(),
  zone: Type.String(),
  destination: Type.String(),
  relay: Type.String(),
  ...doer,
  state: Type.Enum([...BROADCAST_STATES]),
  from: before(BROADCAST_STATES),
  since: Type.Number(),
  why: WhySchema,
  picture: Type.Boolean({ description: 'false: what is on air is the slate' }),
  recover_ms: Type.Optional(Type.Number({ description: 'how long nothing arrived at the destination' })),
});
export const broadcastSaid = [
  'broadcast.connecting',
  'broadcast.on-air',
  'broadcast.retrying',
  'broadcast.waiting',
  'broadcast.failed',
  'broadcast.stopped',
] as const;

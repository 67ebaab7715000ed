import Type from 'typebox';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { WhySchema } from './why.ts';

/**
 * Version of the relay machine's events and context. 2: the pulse, and draining. 3: what viewers see of it. 4: names.
 * 5: it is taken out of the configuration. 6: and for how long it waits then for those who can't be told to leave.
 * 8: from which other relay it pulls programs.
 */
export const RELAY_VERSION = 8;

/** What a relay is, as an operator sees it. */
export const RELAY_STATES = [
  'starting',
  'serving',
  'degraded',
  'suspect',
  'draining',
  'drained',
  'dead',
  'removed',
] as const;
export type RelayState = (typeof RELAY_STATES)[number];

/** What a relay is for: intake pulls cameras, delivery carries viewers. */
export const RelayRoleSchema = Type.Enum(['intake', 'delivery']);
export type RelayRole = Type.Static<typeof RelayRoleSchema>;

/** No more relays than this in one installation: whoever takes a list of them has to take so many. */
export const MAX_RELAYS = 64;

/** Of several machines each has a file of its own: whichever was saved last counts. */
const saved_at = Type.Optional(
  Type.Number({ description: 'epoch ms: when the file that says so was saved; absent where there is but one' }),
);

/** Everything a relay cell may hear. */
export const relayHeard = {
  'relay.configured': shape(
    'relay.configured',
    Type.Object({
      role: RelayRoleSchema,
      region: Type.String(),
      weight: Type.Number({ minimum: 0 }),
      max_readers: Type.Optional(Type.Integer({ minimum: 1, description: 'viewers it may carry at a time' })),
      pull: Type.Optional(
        Type.Array(Type.String(), {
          maxItems: MAX_RELAYS,
          description: 'it pulls programs on demand from one of these, the preferred one first; empty: from any',
        }),
      ),
      saved_at,
    }),
  ),
  /** From where it pulls programs from now on. */
  'relay.upstream': shape(
    'relay.upstream',
    Type.Object({
      upstream: Type.Optional(Type.String({ description: 'absent: there is none' })),
      why: WhySchema,
    }),
  ),
  /** The configuration lists it no more. */
  'relay.removed': shape(
    'relay.removed',
    Type.Object({
      runs: Type.Boolean({ description: 'a process of it may run: it is emptied first' }),
      grace_ms: Type.Optional(Type.Number({ minimum: 0, description: 'whoever has not left after this long is cut' })),
      saved_at,
    }),
  ),
  'relay.answering': shape(
    'relay.answering',
    Type.Object({
      instance: Type.String({ description: 'when this process started: a new one needs its paths again' }),
    }),
  ),
  'relay.missed': shape('relay.missed', Type.Object({ silent_ms: Type.Number(), detail: Type.String() })),
  'relay.exited': shape('relay.exited', Type.Object({ detail: Type.String() })),
  'pulse.beating': shape('pulse.beating', Type.Object({ round_trip_ms: Type.Number() })),
  'pulse.missed': shape('pulse.missed', Type.Object({ silent_ms: Type.Number(), detail: Type.String() })),
  /** A viewer that it carries has pictures, though nothing else is heard of it. */
  'media.seen': shape('media.seen', Type.Object({ session: Type.String() })),
  'paths.provisioned': shape(
    'paths.provisioned',
    Type.Object({ instance: Type.String(), paths: Type.Integer(), elapsed_ms: Type.Number() }),
  ),
  'paths.refused': shape('paths.refused', Type.Object({ detail: Type.String() })),
  'relay.drain': shape('relay.drain', Type.Object(doer)),
  'relay.resume': shape('relay.resume', Type.Object(doer)),
  'relay.emptied': shape('relay.emptied', Type.Object({})),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type RelayHeard = {
  [T in keyof typeof relayHeard]: { type: T } & Of<(typeof relayHeard)[T]>;
}[keyof typeof relayHeard];

/**
 * What every relay fact says; the fact's type is `relay.<state>`, or `relay.upstream`: from which other relay it pulls
 * programs now, and why.
 */
export const RelayFactSchema = Type.Object({
  role: RelayRoleSchema,
  region: Type.String(),
  state: Type.Enum([...RELAY_STATES]),
  from: before(RELAY_STATES),
  since: Type.Number(),
  why: WhySchema,
  detect_ms: Type.Optional(Type.Number({ description: 'from its last sign of life to noticing' })),
  recover_ms: Type.Optional(Type.Number()),
  by: Type.Optional(Type.String({ description: 'who has it drained' })),
  by_name: doer.by_name,
  upstream: Type.Optional(Type.String({ description: '`relay.upstream`: absent where there is none' })),
  from_upstream: Type.Optional(Type.String({ description: '`relay.upstream`: the one before' })),
});
export const relaySaid = [
  'relay.starting',
  'relay.serving',
  'relay.degraded',
  'relay.suspect',
  'relay.draining',
  'relay.drained',
  'relay.dead',
  'relay.removed',
  'relay.upstream',
] as const;

import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { HistorySchema } from './history.ts';
import { WhySchema } from './why.ts';

/** Version of the viewer machine's events and context. */
export const VIEWER_VERSION = 16;

/** What a viewer session is. */
export const VIEWER_STATES = ['admitted', 'denied', 'connecting', 'watching', 'moving', 'ended'] as const;
export type ViewerState = (typeof VIEWER_STATES)[number];

/** How zones of rights are spelled: a zone, everything below one, or `*`. */
export const ZONE_PATTERN = '^(\\*|[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*(/\\*)?)$';

/** A camera that a running incident opens to somebody. Without `history` it is for watching alone. */
const GrantSchema = Type.Object(
  { camera: Type.String(), history: Type.Optional(HistorySchema) },
  { additionalProperties: false },
);
export type Grant = Type.Static<typeof GrantSchema>;

/** Who asks to watch, as their verified token says; no token is kept. */
export const SubjectSchema = Type.Object(
  {
    sub: Type.String({ minLength: 1, maxLength: 200 }),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    role: Type.Enum(['viewer', 'operator', 'admin']),
    cameras: Type.Array(Type.String()),
    zones: Type.Array(Type.String()),
    history: Type.Optional(HistorySchema),
    granted: Type.Optional(Type.Array(GrantSchema)),
    jti: Type.Optional(Type.String({ description: 'id of the token that was used' })),
    iat: Type.Number({ description: 'epoch seconds: when that token was issued' }),
  },
  { additionalProperties: false },
);
export type Subject = Type.Static<typeof SubjectSchema>;

/** Why a player opens another connection: what its gateway, or, for `silence`, the player itself has noticed. */
export const MoveReasonSchema = Type.Enum([
  'relay-lost',
  'relay-restarted',
  'relay-ended',
  'relay-removed',
  'draining',
  'rebalance',
  'silence',
  'peer-lost',
]);
export type MoveReason = Type.Static<typeof MoveReasonSchema>;

/** Why a picture goes to another rung: what its viewer's network or player shows, what its relay may send, or its encoder. */
export type RungReason = 'collapsed' | 'strained' | 'overloaded' | 'stuttered' | 'recovered' | 'bandwidth' | 'late';

const RungsShape = Type.Array(
  Type.Object({
    name: Type.String(),
    bitrate_bps: Type.Number(),
    own: Type.Optional(Type.Boolean({ description: 'as the camera sends it' })),
    adaptive: Type.Optional(Type.Boolean({ description: 'encoded for this viewer alone, as its network allows' })),
    late_ms: Type.Optional(
      Type.Number({
        description: 'its encoder does not keep up, or did not within the last minute: nobody goes there',
      }),
    ),
  }),
  { description: 'best first' },
);

/** What a player's measurements say of its path, and between which rungs it may move because of that. */
const PathShape = Type.Object({
  leg: IdSchema,
  after_ms: Type.Number({ description: 'for how long the measurements had spoken for it' }),
  loss: Type.Number(),
  fps: Type.Number(),
  kbps: Type.Number(),
  collapsed: Type.Optional(Type.Boolean({ description: 'hardly anything of the picture is left' })),
  queue_ms: Type.Optional(
    Type.Number({ description: 'known by a queue that grows before the player: by so much its pictures were late' }),
  ),
  received_fps: Type.Optional(
    Type.Number({
      description: 'no packet was missing lately: of so many frames a second that came, `fps` were shown',
    }),
  ),
  available_kbps: Type.Optional(Type.Number({ description: 'what an adaptive peer’s congestion control estimates' })),
  rungs: RungsShape,
});

/** Figures that would speak of a bad path, but that something else than the network has caused. */
const ExcusedShape = Type.Object({
  leg: IdSchema,
  loss: Type.Number(),
  fps: Type.Number(),
  kbps: Type.Number(),
  queue_ms: Type.Optional(Type.Number()),
  busy_ms: Type.Optional(Type.Number({ description: 'the player’s host came to run so late meanwhile' })),
  camera_late_ms: Type.Optional(Type.Number({ description: 'the camera’s pictures came here so late already' })),
});

/** A playlist of HLS that a cache on the way to a player keeps for too long. */
export const StaleSchema = Type.Object({
  held_ms: Type.Number({ minimum: 0, description: 'the player was given one copy for at least this long' }),
  allowed_ms: Type.Number({ minimum: 0, description: 'beyond this long, live is stale' }),
});

/** How a session gets its picture. */
export const ViewerProtocolSchema = Type.Enum(['webrtc', 'whep', 'hls', 'rtsp', 'srt', 'past'], {
  description: 'past: what was recorded',
});
export type ViewerProtocol = Type.Static<typeof ViewerProtocolSchema>;

/** Everything a viewer cell may hear. */
export const viewerHeard = {
  'viewer.requested': shape(
    'viewer.requested',
    Type.Object({
      camera: IdSchema,
      zone: Type.String(),
      subject: SubjectSchema,
      protocol: ViewerProtocolSchema,
      quality: Type.String(),
      fixed: Type.Optional(Type.Boolean({ description: 'somebody chose that quality: it is kept' })),
      ladder: Type.Optional(Type.Boolean({ description: 'that quality is made by the camera’s ladder' })),
      h265: Type.Optional(Type.Boolean({ description: 'its player takes H.265 over WebRTC' })),
      address: Type.String({ description: 'the client network address' }),
      expires_at: Type.Number({ description: 'epoch ms at which the entitlement ends' }),
      /** Sessions this subject already holds, and how many it may. */
      held: Type.Integer({ minimum: 0 }),
      quota: Type.Integer({ minimum: 1 }),
      relay: Type.String({ description: 'where placement seats it; empty: what was recorded needs none' }),
      standby: Type.String({ description: 'where it goes when that relay is lost; empty: nowhere yet' }),
      /** Decided where it was asked for: the right is missing, or no relay can carry it. */
      refused: Type.Optional(WhySchema),
    }),
  ),
  'leg.opened': shape(
    'leg.opened',
    Type.Object({
      leg: IdSchema,
      relay: Type.String(),
      path: Type.String({ description: 'the program path, a departure path, or that of a rung' }),
      relay_session: Type.String(),
      quality: Type.Optional(Type.String({ description: 'the rung that it shows' })),
      ladder: Type.Optional(Type.Boolean({ description: 'that rung is made by the camera’s ladder' })),
    }),
  ),
  'leg.refused': shape(
    'leg.refused',
    Type.Object({ leg: IdSchema, relay: Type.Optional(Type.String()), detail: Type.String() }),
  ),
  'leg.playing': shape(
    'leg.playing',
    Type.Object({
      leg: IdSchema,
      first_frame_ms: Type.Optional(Type.Number({ minimum: 0 })),
      gap_ms: Type.Optional(Type.Number({ minimum: 0, description: 'from the last frame before it to its first' })),
      silent_ms: Type.Optional(
        Type.Number({ minimum: 0, description: 'the player went there by itself, after this silence' }),
      ),
    }),
  ),
  'leg.closed': shape(
    'leg.closed',
    Type.Object({
      leg: IdSchema,
      no_room: Type.Optional(
        Type.Boolean({ description: 'it flowed unseen to prove that there is room for it, and the picture suffered' }),
      ),
    }),
  ),
  'seat.taken': shape('seat.taken', Type.Object({ relay: Type.String(), relay_session: Type.String() })),
  'seat.left': shape('seat.left', Type.Object({ relay: Type.String(), relay_session: Type.String() })),
  'relay.lost': shape(
    'relay.lost',
    Type.Object({ relay: Type.String(), reason: Type.Enum(['dead', 'restarted', 'removed']) }),
  ),
  'standby.chosen': shape('standby.chosen', Type.Object({ relay: Type.String({ description: 'empty: nowhere' }) })),
  'move.begun': shape(
    'move.begun',
    Type.Object({
      leg: IdSchema,
      relay: Type.String(),
      reason: MoveReasonSchema,
      detect_ms: Type.Number({ minimum: 0, description: 'from the first sign to being sure' }),
      decide_ms: Type.Number({ minimum: 0, description: 'from being sure to telling the player' }),
      placement: Type.Optional(WhySchema),
    }),
  ),
  'path.degraded': shape('path.degraded', PathShape),
  'path.recovered': shape('path.recovered', PathShape),
  'path.excused': shape('path.excused', ExcusedShape),
  'rung.late': shape(
    'rung.late',
    Type.Object(
      { leg: IdSchema, late_ms: Type.Number({ minimum: 0 }), rungs: RungsShape },
      { description: 'what this leg shows comes so late, as its encoder does not keep up' },
    ),
  ),
  'playlist.stale': shape('playlist.stale', StaleSchema),
  'viewer.renewed': shape('viewer.renewed', Type.Object({ expires_at: Type.Number() })),
  'viewer.revoked': shape('viewer.revoked', Type.Object({ ...doer, reason: Type.String() })),
  /** Every relay is full, and somebody with priority takes its place. */
  'viewer.displaced': shape('viewer.displaced', Type.Object({ by: IdSchema })),
  'bandwidth.allotted': shape(
    'bandwidth.allotted',
    Type.Object(
      { rung: Type.String(), lifted: Type.Boolean(), rungs: RungsShape, why: Type.Optional(WhySchema) },
      { description: 'the best rung that it may have, as its relay has too little for all; lifted: any again' },
    ),
  ),
  'bandwidth.denied': shape('bandwidth.denied', Type.Object({ why: WhySchema })),
  'viewer.closed': shape('viewer.closed', Type.Object({})),
  'camera.removed': shape('camera.removed', Type.Object({})),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type ViewerHeard = {
  [T in keyof typeof viewerHeard]: { type: T } & Of<(typeof viewerHeard)[T]>;
}[keyof typeof viewerHeard];

/** What every viewer fact says; the fact's type is `viewer.<state>`. */
export const ViewerFactSchema = Type.Object({
  camera: IdSchema,
  zone: Type.String(),
  subject: Type.String(),
  protocol: ViewerProtocolSchema,
  quality: Type.String(),
  relay: Type.String(),
  standby: Type.Optional(Type.String()),
  state: Type.Enum([...VIEWER_STATES]),
  from: before(VIEWER_STATES),
  since: Type.Number(),
  why: WhySchema,
  expires_at: Type.Number(),
  first_frame_ms: Type.Optional(Type.Number()),
  /** Whether it needs the camera's ladder. */
  ladder: Type.Optional(Type.Boolean()),
  /** Of a move: to another relay, or to another rung; and from which rung. */
  kind: Type.Optional(Type.Enum(['relay', 'rung'])),
  from_quality: Type.Optional(Type.String()),
  /** Of a move: where the picture came from before, and how long each part of it took. */
  from_relay: Type.Optional(Type.String()),
  detect_ms: Type.Optional(Type.Number()),
  decide_ms: Type.Optional(Type.Number()),
  recover_ms: Type.Optional(Type.Number()),
});
export const viewerSaid = [
  'viewer.requested',
  'viewer.admitted',
  'viewer.denied',
  'viewer.connecting',
  'viewer.watching',
  'viewer.moving',
  'viewer.moved',
  'viewer.renewed',
  'viewer.degraded',
  'viewer.recovered',
  'viewer.excused',
  'viewer.stale',
  'viewer.ended',
] as const;

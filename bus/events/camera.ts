import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { WhySchema } from './why.ts';

/** Version of the camera machine's events and context; older journals climb through `upcast.ts`. */
export const CAMERA_VERSION = 10;

/** What a camera is, as an operator sees it. */
export const CAMERA_STATES = [
  'idle',
  'connecting',
  'live',
  'stalled',
  'frozen',
  'switching',
  'holding',
  'offline',
  'quarantined',
  'removed',
] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

/** How one of its sources stands: `flowing` ones alone can feed the program; one `aside` flows and does not fit. */
export const SOURCE_STATES = ['connecting', 'offline', 'opening', 'flowing', 'silent', 'aside', 'quarantined'] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** Why a camera can't be reached; the codes of `camera.offline`. */
export const UnreachableSchema = Type.Enum(
  ['refused', 'no-route', 'unknown-host', 'unauthorized', 'not-found', 'timeout', 'unsupported', 'ended', 'relay'],
  { description: 'why a camera cannot be reached' },
);
const PUBLISHED = /^publish:(takeover)?$/;

/** Whether a source is sent to us by a publisher instead of pulled, by its address. */
export const isPublished = (url: string): boolean => PUBLISHED.test(url);

/** The address of a source whose newest publisher wins; at any other, a second one is refused. */
export const TAKEOVER = 'publish:takeover';

/** The detail of `not-found` where a camera is sent to us. */
export const NOBODY_PUBLISHES = 'nobody publishes to it';
export type Unreachable = Type.Static<typeof UnreachableSchema>;

/** What a source carries, as its SDP tells. */
export const TrackSchema = Type.Object({
  media: Type.Enum(['video', 'audio']),
  codec: Type.String({ description: 'RTP encoding name, for instance H264, H265, MPEG4-GENERIC, OPUS, PCMA' }),
});
export type Track = Type.Static<typeof TrackSchema>;

/** One place a camera's picture comes from. The password is not here: `credential` refers to the secret store. */
export const SourceSchema = Type.Object(
  {
    id: IdSchema,
    url: Type.String({ description: 'rtsp:// or rtsps:// address without user name and password, or publish:' }),
    credential: Type.Optional(Type.String({ description: 'key into the secret store' })),
  },
  { additionalProperties: false },
);
export type Source = Type.Static<typeof SourceSchema>;

/** A camera as configured, secrets taken out. */
export const CameraSettingsSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    zone: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*$', maxLength: 200 }),
    sources: Type.Array(SourceSchema, { minItems: 1, maxItems: 8 }),
    keep: Type.Enum(['warm', 'on-demand']),
    eye: Type.Boolean({ description: 'poster pictures and the frozen-picture detector' }),
    hand_back_ms: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.Literal('never')], {
        description: 'how long a better source must be steady before it feeds the program again',
      }),
    ),
  },
  { additionalProperties: false },
);
export type CameraSettings = Type.Static<typeof CameraSettingsSchema>;

/** Who sends a source to us. The network is told by its kind, never by its address. */
export const PublisherSchema = Type.Object({
  person: Type.String({ description: 'the `sub` of the login that was let in' }),
  protocol: Type.Enum(['rtsp', 'rtmp', 'srt', 'whip']),
  network: Type.Enum(['this-machine', 'private', 'public', 'unknown']),
  since: Type.Number({ description: 'epoch ms' }),
});
export type Publisher = Type.Static<typeof PublisherSchema>;
/** Why somebody no longer publishes. */
export const PublishingEndSchema = Type.Enum(['left', 'revoked', 'replaced']);
export type PublishingEnd = Type.Static<typeof PublishingEndSchema>;
const PublishedBySchema = Type.Object({
  /** The intake's own id of the connection. */
  id: Type.String(),
  ...PublisherSchema.properties,
  /** What a revocation is compared with: when the login was issued (seconds), and a mark of its `jti`. */
  iat: Type.Number(),
  mark: Type.Optional(Type.String()),
});
export type PublishedBy = Type.Static<typeof PublishedBySchema>;

/** Everything a camera cell may hear. Reports of adapters carry measurements with the unit last. */
export const cameraHeard = {
  'camera.configured': shape('camera.configured', Type.Object({ settings: CameraSettingsSchema })),
  'camera.removed': shape('camera.removed', Type.Object({ by: Type.Optional(Type.String()) })),
  'audience.joined': shape('audience.joined', Type.Object({ viewer: IdSchema })),
  'audience.left': shape('audience.left', Type.Object({ viewer: IdSchema })),
  'probe.answered': shape(
    'probe.answered',
    Type.Object({ source: IdSchema, tracks: Type.Array(TrackSchema), elapsed_ms: Type.Number({ minimum: 0 }) }),
  ),
  'probe.failed': shape(
    'probe.failed',
    Type.Object({ source: IdSchema, reason: UnreachableSchema, detail: Type.String() }),
  ),
  'source.flowing': shape(
    'source.flowing',
    Type.Object({
      source: IdSchema,
      codec: Type.String(),
      width: Type.Optional(Type.Integer()),
      height: Type.Optional(Type.Integer()),
      detail: Type.Optional(Type.String({ description: 'what the program loses with it, as its sound' })),
    }),
  ),
  'source.silent': shape('source.silent', Type.Object({ source: IdSchema, silent_ms: Type.Number() })),
  'source.ended': shape('source.ended', Type.Object({ source: IdSchema, detail: Type.String() })),
  'source.aside': shape(
    'source.aside',
    Type.Object({
      source: IdSchema,
      reason: Type.Enum(['codec', 'no-video', 'long-gop', 'unreadable']),
      detail: Type.String(),
      silent_ms: Type.Optional(
        Type.Number({ description: '`unreadable`: for how long nothing it sent was a picture' }),
      ),
    }),
  ),
  'publisher.came': shape('publisher.came', Type.Object({ source: IdSchema, publisher: PublishedBySchema })),
  'publisher.left': shape('publisher.left', Type.Object({ source: IdSchema, reason: PublishingEndSchema })),
  'publisher.misplaced': shape(
    'publisher.misplaced',
    Type.Object({
      source: IdSchema,
      publisher: PublishedBySchema,
      intake: Type.String({ description: 'where somebody published, and was cut' }),
      own: Type.String({ description: 'the intake that takes publishers of this camera' }),
      because: Type.String({ description: 'why that one' }),
    }),
  ),
  'source.chosen': shape(
    'source.chosen',
    Type.Object({
      source: Type.String({ description: 'a source, or "auto"' }),
      by: Type.Optional(doer.by),
      by_name: doer.by_name,
    }),
  ),
  'intake.lost': shape('intake.lost', Type.Object({ detail: Type.String() })),
  'intake.refused': shape('intake.refused', Type.Object({ source: IdSchema, detail: Type.String() })),
  'program.switched': shape(
    'program.switched',
    Type.Object({
      source: IdSchema,
      from: Type.String({ description: 'the source before, "slate", or empty at the first' }),
      trigger: Type.Enum(['ended', 'silent', 'unreadable', 'ordered', 'first']),
      how: Type.Enum(['clean', 'burst', 'slate']),
      detect_ms: Type.Number({ description: 'from the last packet of the old source to noticing' }),
      gap_ms: Type.Number({ description: 'from the last packet sent of the old source to the first of the new one' }),
      burst_frames: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
  'program.holding': shape(
    'program.holding',
    Type.Object({
      from: Type.String({ description: 'the source that fed the program before' }),
      trigger: Type.Enum(['ended', 'silent', 'unreadable']),
      detect_ms: Type.Number(),
    }),
  ),
  'program.lost': shape('program.lost', Type.Object({ detail: Type.String() })),
  'program.restored': shape('program.restored', Type.Object({})),
  'eye.frozen': shape('eye.frozen', Type.Object({ still_ms: Type.Number() })),
  'eye.moved': shape('eye.moved', Type.Object({})),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type CameraHeard = {
  [T in keyof typeof cameraHeard]: { type: T } & Of<(typeof cameraHeard)[T]>;
}[keyof typeof cameraHeard];

/**
 * What every camera fact says. The fact's type is `camera.<state>`, but for five: `camera.switched` tells that another
 * source feeds the program, `camera.source` that a standby source came or went, `camera.publisher` who sends one,
 * `camera.misplaced` who sent one to another intake and was cut, `camera.resized` that the picture has another size in
 * mid-stream.
 */
export const CameraFactSchema = Type.Object({
  name: Type.String(),
  zone: Type.String(),
  state: Type.Enum([...CAMERA_STATES]),
  from: before(CAMERA_STATES),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  detect_ms: Type.Optional(Type.Number({ description: 'from what happened to noticing it' })),
  decide_ms: Type.Optional(Type.Number({ description: 'from noticing to deciding; 0 when it was decided in advance' })),
  recover_ms: Type.Optional(Type.Number({ description: 'from losing the picture to having it again' })),
  active_source: Type.Optional(Type.String({ description: 'the source that feeds the program now' })),
  from_source: Type.Optional(Type.String({ description: 'the source that fed it before, or "slate"' })),
  source: Type.Optional(Type.String({ description: '`camera.source`: the standby source that changed' })),
  source_state: Type.Optional(Type.Enum([...SOURCE_STATES], { description: '`camera.source`: how it stands now' })),
  width: Type.Optional(Type.Integer({ description: '`camera.resized`: of the picture now' })),
  height: Type.Optional(Type.Integer()),
  publisher: Type.Optional(PublisherSchema),
  publishing: Type.Optional(
    Type.Boolean({ description: '`camera.publisher`: whether it came; why it ended is in `why`' }),
  ),
  intake: Type.Optional(Type.String({ description: '`camera.misplaced`: where somebody published, and was cut' })),
  how: Type.Optional(Type.String({ description: '"clean" at a key frame, or "burst": stored pictures, squeezed' })),
});
export const cameraSaid = [
  'camera.idle',
  'camera.connecting',
  'camera.live',
  'camera.stalled',
  'camera.frozen',
  'camera.switching',
  'camera.switched',
  'camera.holding',
  'camera.source',
  'camera.publisher',
  'camera.misplaced',
  'camera.resized',
  'camera.offline',
  'camera.quarantined',
  'camera.removed',
] as const;

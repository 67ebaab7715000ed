import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { WhySchema } from './why.ts';

/** Version of the rendition machine's events and context. */
export const RENDITION_VERSION = 4;

/** What a camera's ladder is. */
export const RENDITION_STATES = ['off', 'waiting', 'starting', 'running', 'lingering', 'failed', 'removed'] as const;
export type RenditionState = (typeof RENDITION_STATES)[number];

/** A rung as somebody wants it. */
export const RungSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[1-9][0-9]{1,3}p$', description: 'for instance 480p' }),
    height: Type.Integer({ minimum: 16, maximum: 4320 }),
    bitrate_bps: Type.Integer({ minimum: 1 }),
    max_bps: Type.Integer({ minimum: 1 }),
    buffer_bits: Type.Integer({ minimum: 1, description: 'how far the encoder may run ahead of its bit rate' }),
  },
  { additionalProperties: false },
);
export type Rung = Type.Static<typeof RungSchema>;

/** A rung as it is made of the present source. */
export const PlannedRungSchema = Type.Object({
  ...RungSchema.properties,
  width: Type.Integer({ minimum: 2 }),
  how: Type.Enum(['copied', 'encoded']),
});
export type PlannedRung = Type.Static<typeof PlannedRungSchema>;

/** What a program carries, as its packets show. */
export const MeasuredSchema = Type.Object({
  codec: Type.String({ description: 'in small letters, for instance h264' }),
  width: Type.Integer(),
  height: Type.Integer(),
  fps: Type.Number(),
  gop_ms: Type.Number({ description: 'the longest time between two key frames' }),
  reordered: Type.Boolean({ description: 'has B-frames: pictures that are shown in another order than sent' }),
  bitrate_bps: Type.Number(),
  audio: Type.Boolean(),
});
export type Measured = Type.Static<typeof MeasuredSchema>;

/** Why a ladder ended by itself. */
export const LadderEndSchema = Type.Enum(['source', 'exited', 'stalled', 'disk', 'memory', 'changed', 'relay']);

/** Everything a rendition cell may hear. */
export const renditionHeard = {
  'rendition.configured': shape(
    'rendition.configured',
    Type.Object({
      zone: Type.String({ description: "the camera's" }),
      rungs: Type.Array(RungSchema, { minItems: 1, maxItems: 8, description: 'best first' }),
      keep: Type.Enum(['warm', 'on-demand'], { description: 'warm: runs without viewers too' }),
    }),
  ),
  'rendition.removed': shape('rendition.removed', Type.Object({})),
  'audience.joined': shape('audience.joined', Type.Object({ viewer: IdSchema })),
  'audience.left': shape('audience.left', Type.Object({ viewer: IdSchema })),
  'camera.watchable': shape('camera.watchable', Type.Object({})),
  'camera.dark': shape('camera.dark', Type.Object({ detail: Type.String() })),
  'program.measured': shape('program.measured', MeasuredSchema),
  /** What was measured does not hold any more: the picture has another size or codec. */
  'program.changed': shape('program.changed', Type.Object({ detail: Type.String() })),
  'ladder.flowing': shape('ladder.flowing', Type.Object({ elapsed_ms: Type.Number() })),
  'ladder.ended': shape('ladder.ended', Type.Object({ reason: LadderEndSchema, detail: Type.String() })),
  'ladder.late': shape(
    'ladder.late',
    Type.Object(
      { late_ms: Type.Number({ minimum: 0, description: 'more than at its best' }) },
      { description: 'its encoder does not keep up with the camera; told again while it lasts' },
    ),
  ),
  'ladder.caught-up': shape('ladder.caught-up', Type.Object({})),
  'ladder.held': shape(
    'ladder.held',
    Type.Object({ why: WhySchema }, { description: 'what it would take to make it is needed elsewhere' }),
  ),
  'ladder.freed': shape('ladder.freed', Type.Object({})),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type RenditionHeard = {
  [T in keyof typeof renditionHeard]: { type: T } & Of<(typeof renditionHeard)[T]>;
}[keyof typeof renditionHeard];

/** What every rendition fact says; the fact's type is `rendition.<state>`, or tells that its pictures come late. */
export const RenditionFactSchema = Type.Object({
  zone: Type.String(),
  state: Type.Enum([...RENDITION_STATES]),
  from: before(RENDITION_STATES),
  since: Type.Number(),
  why: WhySchema,
  rungs: Type.Array(PlannedRungSchema),
  viewers: Type.Integer(),
  late_ms: Type.Optional(
    Type.Number({ description: 'by how much its pictures come late: nobody goes to its rungs by himself then' }),
  ),
});
export const renditionSaid = [
  'rendition.off',
  'rendition.waiting',
  'rendition.starting',
  'rendition.running',
  'rendition.lingering',
  'rendition.late',
  'rendition.caught-up',
  'rendition.failed',
  'rendition.removed',
] as const;

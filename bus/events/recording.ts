import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { WhySchema } from './why.ts';

/** Version of the recording machine's events and context. */
export const RECORDING_VERSION = 4;

/** What the recording of a camera is. */
export const RECORDING_STATES = ['off', 'waiting', 'starting', 'recording', 'failing', 'full', 'removed'] as const;
export type RecordingState = (typeof RECORDING_STATES)[number];

/** What a person says of a stretch that they keep. */
const named = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'what a person calls it' })),
  by: Type.Optional(Type.String({ description: 'the `sub` of the person who keeps it; absent: no person does' })),
  by_name: doer.by_name,
};

/** A stretch of time that retention leaves alone, and for whom. */
export const ProtectionSchema = Type.Object({
  holder: IdSchema,
  from: Type.Number({ description: 'epoch ms' }),
  to: Type.Optional(Type.Number({ description: 'epoch ms; absent: it goes on' })),
  ...named,
});
export type Protection = Type.Static<typeof ProtectionSchema>;

/** Everything a recording cell may hear. */
export const recordingHeard = {
  'recording.configured': shape(
    'recording.configured',
    Type.Object({
      zone: Type.String({ description: "the camera's" }),
      wanted: Type.Boolean({ description: 'the settings ask for it; otherwise only those who demand it do' }),
      keep_ms: Type.Number({ minimum: 0, description: 'older than this is deleted' }),
      max_bytes: Type.Optional(Type.Integer({ minimum: 1, description: 'the oldest is deleted beyond this' })),
    }),
  ),
  'recording.demanded': shape(
    'recording.demanded',
    Type.Object({ holder: IdSchema }, { description: 'records, and keeps what is recorded, until it is released' }),
  ),
  'recording.released': shape('recording.released', Type.Object({ holder: IdSchema })),
  'recording.protected': shape(
    'recording.protected',
    Type.Object({ holder: IdSchema, from: Type.Number(), to: Type.Number(), ...named }),
  ),
  'recording.unprotected': shape(
    'recording.unprotected',
    Type.Object({ holder: IdSchema, by: named.by, by_name: doer.by_name }),
  ),
  'recording.removed': shape('recording.removed', Type.Object({})),
  'camera.watchable': shape('camera.watchable', Type.Object({ source: IdSchema })),
  'camera.dark': shape('camera.dark', Type.Object({ detail: Type.String() })),
  /** A file holds pictures of one size. */
  'camera.resized': shape('camera.resized', Type.Object({ width: Type.Integer(), height: Type.Integer() })),
  'recorder.growing': shape('recorder.growing', Type.Object({ elapsed_ms: Type.Number() })),
  'recorder.silent': shape('recorder.silent', Type.Object({ silent_ms: Type.Number(), detail: Type.String() })),
  'recorder.full': shape('recorder.full', Type.Object({ free_bytes: Type.Number() })),
  'recorder.segment': shape(
    'recorder.segment',
    Type.Object({
      source: IdSchema,
      begun_at: Type.Number({ description: 'epoch ms' }),
      bytes: Type.Integer({ minimum: 0 }),
    }),
  ),
};
export type RecordingHeard = {
  [T in keyof typeof recordingHeard]: { type: T } & Of<(typeof recordingHeard)[T]>;
}[keyof typeof recordingHeard];

/** What every recording fact says; the fact's type is `recording.<state>`, or what happened beside it. */
export const RecordingFactSchema = Type.Object({
  zone: Type.String(),
  state: Type.Enum([...RECORDING_STATES]),
  from: before(RECORDING_STATES),
  since: Type.Number(),
  why: WhySchema,
  source: Type.String({ description: 'the source that is recorded; empty: none' }),
  holders: Type.Array(Type.String(), { description: 'incidents that demand it' }),
  begun_at: Type.Optional(Type.Number({ description: 'of a segment that is complete' })),
  bytes: Type.Optional(Type.Number()),
  protection: Type.Optional(ProtectionSchema),
});
export const recordingSaid = [
  'recording.off',
  'recording.waiting',
  'recording.starting',
  'recording.recording',
  'recording.segment',
  'recording.protected',
  'recording.unprotected',
  'recording.failing',
  'recording.full',
  'recording.removed',
] as const;

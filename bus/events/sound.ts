import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { WhySchema } from './why.ts';

/** Version of the sound machine's events and context. */
export const SOUND_VERSION = 1;

/** What a camera's sound for WebRTC is. */
export const SOUND_STATES = [
  'off',
  'waiting',
  'starting',
  'running',
  'lingering',
  'none',
  'failed',
  'removed',
] as const;
export type SoundState = (typeof SOUND_STATES)[number];

/** Why a camera's sound ended by itself. `none`: its program carries none; `silent`: it announces one, and sends nothing. */
export const SoundEndSchema = Type.Enum(['none', 'silent', 'source', 'exited', 'stalled', 'memory', 'relay']);

/** Everything the sound cell of a camera may hear. */
export const soundHeard = {
  'sound.configured': shape('sound.configured', Type.Object({ zone: Type.String({ description: "the camera's" }) })),
  'sound.removed': shape('sound.removed', Type.Object({})),
  'audience.joined': shape('audience.joined', Type.Object({ viewer: IdSchema })),
  'audience.left': shape('audience.left', Type.Object({ viewer: IdSchema })),
  'camera.watchable': shape('camera.watchable', Type.Object({})),
  'camera.dark': shape('camera.dark', Type.Object({ detail: Type.String() })),
  'opus.flowing': shape('opus.flowing', Type.Object({ elapsed_ms: Type.Number() })),
  'opus.ended': shape('opus.ended', Type.Object({ reason: SoundEndSchema, detail: Type.String() })),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type SoundHeard = {
  [T in keyof typeof soundHeard]: { type: T } & Of<(typeof soundHeard)[T]>;
}[keyof typeof soundHeard];

/** What every sound fact says; the fact's type is `sound.<state>`. */
export const SoundFactSchema = Type.Object({
  zone: Type.String(),
  state: Type.Enum([...SOUND_STATES]),
  from: before(SOUND_STATES),
  since: Type.Number(),
  why: WhySchema,
  listeners: Type.Integer(),
});
export const soundSaid = [
  'sound.off',
  'sound.waiting',
  'sound.starting',
  'sound.running',
  'sound.lingering',
  'sound.none',
  'sound.failed',
  'sound.removed',
] as const;

import Type from 'typebox';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { WhySchema } from './why.ts';

/** Version of the PTZ machine's events and context. */
export const PTZ_VERSION = 3;

/** What the motors of a camera do. */
export const PTZ_STATES = ['still', 'moving', 'going', 'stopping', 'saving', 'failed', 'removed'] as const;
export type PtzState = (typeof PTZ_STATES)[number];

const Speed = Type.Number({ minimum: -1, maximum: 1 });
/** Who says so, by a right that was checked. */
const said = { ...doer, role: Type.Enum(['operator', 'admin']) };

/** Everything the PTZ cell of a camera may hear. */
export const ptzHeard = {
  'ptz.configured': shape(
    'ptz.configured',
    Type.Object({
      zone: Type.String({ description: "the camera's" }),
      url: Type.String({ description: 'its device service, without user name and password' }),
      credential: Type.Optional(Type.String({ description: 'key into the secret store' })),
    }),
  ),
  'ptz.move': shape(
    'ptz.move',
    Type.Object({
      ...said,
      pan: Speed,
      tilt: Speed,
      zoom: Speed,
      for_ms: Type.Integer({ minimum: 100, maximum: 10_000, description: 'then it stops by itself' }),
    }),
  ),
  'ptz.stop': shape('ptz.stop', Type.Object(said)),
  'ptz.preset': shape('ptz.preset', Type.Object({ ...said, preset: Type.String(), name: Type.String() })),
  'ptz.save': shape('ptz.save', Type.Object({ ...said, name: Type.String({ description: 'of the preset' }) })),
  'ptz.removed': shape('ptz.removed', Type.Object({})),
  'drive.done': shape('drive.done', Type.Object({ elapsed_ms: Type.Number() })),
  'drive.failed': shape('drive.failed', Type.Object({ reason: Type.String(), detail: Type.String() })),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type PtzHeard = {
  [T in keyof typeof ptzHeard]: { type: T } & Of<(typeof ptzHeard)[T]>;
}[keyof typeof ptzHeard];

/** What every PTZ fact says; the fact's type is `ptz.<state>`, or `ptz.refused`. */
export const PtzFactSchema = Type.Object({
  zone: Type.String(),
  state: Type.Enum([...PTZ_STATES]),
  from: before(PTZ_STATES),
  since: Type.Number(),
  why: WhySchema,
  by: Type.Optional(Type.String({ description: 'who moves it, or wanted to' })),
  by_name: doer.by_name,
  pan: Type.Optional(Type.Number()),
  tilt: Type.Optional(Type.Number()),
  zoom: Type.Optional(Type.Number()),
  preset: Type.Optional(Type.String()),
  preset_name: Type.Optional(Type.String({ description: 'of a preset that is saved' })),
});
export const ptzSaid = [
  'ptz.still',
  'ptz.moving',
  'ptz.going',
  'ptz.stopping',
  'ptz.saving',
  'ptz.failed',
  'ptz.refused',
  'ptz.removed',
] as const;

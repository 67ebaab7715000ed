import Type from 'typebox';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';

/** What a package calls its parts that are not video. */
export const MANIFEST = 'manifest.json';
export const SIGNATURE = 'manifest.sig';
export const LOG = 'log.sbx';

const Moment = Type.Number({ description: 'epoch ms' });
const PartSchema = Type.Object({
  name: Type.String({ pattern: '^(log\\.sbx|video/[A-Za-z0-9_.-]{1,120}\\.mp4)$' }),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  video: Type.Optional(
    Type.Object(
      { camera: IdSchema, source: IdSchema, from: Moment, to: Moment },
      { description: 'what it shows without a break, from a key frame on' },
    ),
  ),
});
/** A file in a package, and how to tell that it is the one that was put in. */
export type Part = Type.Static<typeof PartSchema>;

/** The first file of a package: what it holds, from when until when, by whom, and how to prove it. */
export const packageManifest = shape(
  'manifest of a package',
  Type.Object({
    signalbox_package: Type.Literal(1),
    made_at: Moment,
    made_by: Type.String({ description: 'the subject whose login token asked for it' }),
    issuer: Type.String({ description: 'what the tokens of this installation name as their issuer' }),
    from: Moment,
    to: Moment,
    cameras: Type.Array(IdSchema),
    gaps: Type.Array(Type.Object({ camera: IdSchema, from: Moment, to: Moment, why: Type.Optional(WhySchema) }), {
      description: 'what was not recorded, and why',
    }),
    log_state: Type.String({ description: 'SHA-256 of the state of all cells at the end, which a replay must reach' }),
    parts: Type.Array(PartSchema, { minItems: 1 }),
    key: Type.Object(
      { kty: Type.Literal('EC'), crv: Type.Literal('P-256'), x: Type.String(), y: Type.String(), kid: Type.String() },
      { description: 'the public key that the signature fits; whose it is, the package alone cannot prove' },
    ),
  }),
);
export type PackageManifest = Of<typeof packageManifest>;

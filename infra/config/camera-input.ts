import Type from 'typebox';
import { CameraSettingsSchema } from '../../bus/events/camera.ts';
import { type Of, shape } from '../../bus/shape.ts';

const { name, zone, keep, eye, hand_back_ms } = CameraSettingsSchema.properties;

/** Nobody keeps pictures for longer than a hundred years. */
const MOST_KEEP_MS = 100 * 365 * 86_400_000;
/** How long, and how much of, a recording shall be kept. */
export const RecordSchema = Type.Object(
  {
    keep_ms: Type.Integer({ minimum: 60_000, maximum: MOST_KEEP_MS, description: 'older than this is deleted' }),
    max_bytes: Type.Optional(
      Type.Integer({ minimum: 1_000_000, maximum: 1e15, description: 'the oldest is deleted beyond this' }),
    ),
  },
  { additionalProperties: false },
);
export type RecordInput = Type.Static<typeof RecordSchema>;

const bits = (maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1_000, maximum, description }));
/** The ladder that a camera shall have. */
export const LadderSchema = Type.Array(
  Type.Union([
    Type.Enum(['1080p', '720p', '480p', '360p']),
    Type.Object(
      {
        height: Type.Integer({ minimum: 90, maximum: 4320, multipleOf: 2 }),
        bitrate_bps: bits(100_000_000, 'of 1080, 720, 480 and 360 lines as usual unless said'),
        max_bps: bits(200_000_000, 'never more; a fifth above the bit rate unless said'),
        buffer_bits: bits(400_000_000, 'over which that counts; 0.6 s of the bit rate unless said'),
      },
      { additionalProperties: false },
    ),
  ]),
  { minItems: 1, maxItems: 4 },
);
export type LadderInput = Type.Static<typeof LadderSchema>;

/** Where a camera's picture comes from, the preferred one first; an address may carry a login. */
export const SourcesSchema = Type.Array(
  Type.String({ minLength: 1, maxLength: 2048, description: 'rtsp:// or rtsps:// address, or publish:' }),
  { minItems: 1, maxItems: 8 },
);

/** What a caller of the API may say about a camera. */
export const CameraInputSchema = Type.Object(
  {
    name: Type.Optional(name),
    zone: Type.Optional(zone),
    sources: Type.Optional(SourcesSchema),
    keep: Type.Optional(keep),
    eye: Type.Optional(eye),
    hand_back_ms,
    onvif: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description: 'its ONVIF address, for moving it; as whom, as in sources',
      }),
    ),
    ladder: Type.Optional(
      Type.Union([LadderSchema, Type.Null()], {
        description: 'its rungs, kept warm with the camera where that is; null: the usual ones, while somebody watches',
      }),
    ),
    record: Type.Optional(
      Type.Union([RecordSchema, Type.Null()], { description: 'null: it is recorded during emergencies alone' }),
    ),
  },
  { additionalProperties: false },
);
/** The same, checked where it comes in. */
export const cameraInput = shape('camera', CameraInputSchema);
export type CameraInput = Of<typeof cameraInput>;

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
    record: Type.Optional(
      Type.Union([RecordSchema, Type.Null()], { description: 'null: it is recorded during emergencies alone' }),
    ),
  },
  { additionalProperties: false },
);
/** The same, checked where it comes in. */
export const cameraInput = shape('camera', CameraInputSchema);
export type CameraInput = Of<typeof cameraInput>;

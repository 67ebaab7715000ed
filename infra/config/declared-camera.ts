import Type from 'typebox';
import { DURATION_PATTERN } from './durations.ts';
import { duration, text } from './grammar.ts';
import { SIZE_PATTERN } from './sizes.ts';

/** Where a camera's picture comes from. */
export const SourceAddress = Type.String({
  minLength: 1,
  maxLength: 2048,
  expects: 'an address such as rtsp://HOST/PATH, or publish:',
});

const kilobits = (maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, expects: `a whole number from 1 to ${maximum}`, description }));

/** A rung of a camera's ladder: one of the usual ones by its name, or one with figures of its own. */
const RungSchema = Type.Union(
  [
    Type.Enum(['1080p', '720p', '480p', '360p']),
    Type.Object(
      {
        height: Type.Integer({
          minimum: 90,
          maximum: 4320,
          multipleOf: 2,
          expects: 'an even number of lines from 90 to 4320',
        }),
        bitrate_kbps: kilobits(100_000, 'of its picture; of 1080, 720, 480 and 360 lines as usual unless said'),
        max_bitrate_kbps: kilobits(200_000, 'never more (FFmpeg: maxrate); a fifth above the bit rate unless said'),
        buffer_kbits: kilobits(400_000, 'over which that counts (FFmpeg: bufsize); 0.6 s of the bit rate unless said'),
      },
      { additionalProperties: false },
    ),
  ],
  { expects: 'a rung: 1080p, 720p, 480p or 360p, or { height, bitrate_kbps, max_bitrate_kbps, buffer_kbits }' },
);

/** As many rungs as there are usual ones: each that is encoded takes its part of the processor. */
const MOST_RUNGS = 4;

/** A camera that says more than its address. */
export const CameraSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, expects: 'a name of 1 to 200 characters' })),
    zone: Type.String({
      pattern: '^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*$',
      maxLength: 200,
      expects: 'a zone such as hcm/airport: lower-case ids with / between them',
      default: 'default',
    }),
    sources: Type.Array(SourceAddress, { minItems: 1, maxItems: 8, expects: 'a list of 1 to 8 addresses' }),
    onvif: Type.Optional(text('an address such as http://HOST/onvif/device_service', { pattern: '^https?://' })),
    keep: Type.Optional(Type.Enum(['warm', 'on-demand'])),
    eye: Type.Boolean({ expects: 'true or false', default: true }),
    hand_back: Type.String({
      pattern: `${DURATION_PATTERN}|^never$`,
      expects: 'never, or a duration such as 10s',
      default: '10s',
    }),
    ladder: Type.Optional(Type.Array(RungSchema, { minItems: 1, maxItems: MOST_RUNGS })),
    record: Type.Optional(
      Type.Object(
        {
          keep: duration('7d', 'how long recordings stay'),
          max_bytes: Type.Optional(
            Type.String({
              pattern: SIZE_PATTERN,
              expects: 'a size such as 500MB or 100GB',
              description: 'how much stays',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

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
    keep: Type.Enum(['warm', 'on-demand'], { default: 'warm' }),
    eye: Type.Boolean({ expects: 'true or false', default: true }),
    hand_back: Type.String({
      pattern: `${DURATION_PATTERN}|^never$`,
      expects: 'never, or a duration such as 10s',
      default: '10s',
    }),
    ladder: Type.Optional(Type.Array(Type.Enum(['1080p', '720p', '480p', '360p']), { minItems: 1 })),
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

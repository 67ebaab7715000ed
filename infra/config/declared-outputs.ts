import Type from 'typebox';
import { count, text, webUrl } from './grammar.ts';

/** Where broadcasts go. */
export const DestinationSchema = Type.Object(
  {
    to: Type.String({
      pattern: '^(rtmps?|srt)://[^\\s@#]+$',
      expects: 'an rtmp://, rtmps:// or srt:// address without user, password and key',
    }),
    key_file: Type.Optional(text('a file that holds the stream key; for SRT, the stream id')),
    passphrase_file: Type.Optional(text('a file that holds the passphrase of an SRT destination')),
    fingerprint: Type.Optional(
      Type.String({
        pattern: '^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$',
        expects: 'the SHA-256 of a certificate: 64 hexadecimal digits',
      }),
    ),
    stat: Type.Optional(webUrl({ description: 'statistics of an nginx-rtmp: it is asked whether bytes arrive' })),
    monitor: Type.Optional(
      webUrl({ description: 'a page that shows what arrives there; {camera} stands for the camera’s id' }),
    ),
    audio: Type.Enum(['copy', 'aac', 'silence', 'none'], {
      default: 'copy',
      description: 'aac: converted, and silence where the camera has no sound',
    }),
    video: Type.Enum(['copy', 'h264'], { default: 'copy', description: 'h264: encoded without B-frames' }),
    size: Type.Optional(Type.Enum(['1080p', '720p', '480p', '360p'])),
    bitrate_kbps: Type.Optional(count(4_000, 50_000, 'of the encoded picture')),
    overlay: Type.Optional(
      text('a word that is written on the picture', {
        maxLength: 60,
        description: 'a word on the picture, with a clock and the name of the camera',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Other systems that facts are posted to. */
export const WebhookSchema = Type.Object(
  {
    url: webUrl({ description: 'where facts are posted' }),
    secret_file: text('a file that holds the secret that signs them'),
    types: Type.Array(
      Type.String({
        pattern: '^(camera|viewer|relay|broadcast|incident|rendition)(\\.[a-z-]+)?$',
        expects: 'a type of event such as incident or broadcast.on-air',
      }),
      { default: ['incident', 'broadcast'], minItems: 1 },
    ),
  },
  { additionalProperties: false },
);

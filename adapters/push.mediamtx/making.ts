import Type from 'typebox';

/**
 * What FFmpeg makes of a camera's program for a destination that does not take it as it is. It crosses the launcher
 * link, so it is a schema.
 */
export const MakingSchema = Type.Object(
  {
    video: Type.Enum(['copy', 'h264'], { description: 'h264: without B-frames; height and overlay imply it' }),
    height: Type.Optional(Type.Integer({ minimum: 2, maximum: 4320, description: 'absent: the camera’s own size' })),
    bitrateBps: Type.Integer({ minimum: 50_000, maximum: 100_000_000 }),
    audio: Type.Enum(['copy', 'aac', 'silence', 'none'], {
      description: 'aac: the camera’s sound, which it must have',
    }),
    overlay: Type.Optional(
      Type.Object(
        { word: Type.String({ maxLength: 200 }), name: Type.String({ maxLength: 200 }) },
        { description: 'what is written on the picture, beside a clock' },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Making = Type.Static<typeof MakingSchema>;

/** One encoder: what it reads, makes and where it delivers. */
export interface Encoding {
  making: Making;
  /** Where the program is read; may hold a token. */
  url: string;
  /** The socket at which a relay awaits MPEG-TS; its folder is that of the encoders. */
  socket: string;
}

/** What an encoder tells. */
export type EncoderNews =
  /** Twice a second: how much media has come out since it began, ms. */
  { what: 'made'; mediaMs: number } | { what: 'ended'; detail: string };

/** The encoders of one machine, as they run there. */
export interface EncoderList {
  /** Where relays of that machine await what encoders make: the folder of their sockets. */
  folder: string;
  items: { name: string; making: Making; socket: string }[];
}

/** The encoders of pushes of one machine. They outlive whoever asked for them. */
export interface Encoders {
  /** Those that run. @throws Error when nobody answers */
  list(): Promise<EncoderList>;
  /**
   * Has one run as soon as a relay has opened its socket; one of that name that runs already is left as it is.
   * @throws Error when it can't be asked for
   */
  start(name: string, encoding: Encoding): Promise<void>;
  stop(name: string): void;
  /** Hears of one. The result stops it. */
  hear(name: string, hear: (news: EncoderNews) => void): () => void;
}

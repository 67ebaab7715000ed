import type { PlannedRung } from '../../bus/events/rendition.ts';

/** What a ladder's FFmpeg is to make. */
export interface Making {
  /** Best first. */
  rungs: readonly PlannedRung[];
  audio: boolean;
  fps: number;
  /** The longest time between two key frames of the source. */
  gopMs: number;
  /** Sets the files of this start apart from those of the one before. */
  startedMs: number;
  /** The socket at which the relay awaits a rung. */
  socket(rung: string): string;
}

/** One FFmpeg output: options, each with its value as one text, and where it goes. */
export interface Output {
  format: string;
  options: string[];
  target: string;
}

/** What is heard, as its playlist is named. */
export const AUDIO = 'audio';

/** Where pieces are, which `segments.ts` joins: beside them is what players find. */
export const PIECES = 'pieces';

/** A piece ends at each key frame; one of sound, which has none, after so long. */
export const PIECE_S = { picture: 0.001, sound: 0.25 };
/** They are taken ten times a second. */
const PIECES_LISTED = 50;
/** No picture waits for longer for the sound beside it. */
const SOUND_AWAITED_US = 200_000;
/** Nobody who joins a rung over WebRTC, or whose network has just collapsed, waits longer for its picture. */
const ENCODED_GOP_MS = 500;

const isCopied = (rungs: readonly PlannedRung[]): boolean => rungs.some(({ how }) => how === 'copied');

/** Characters that mean something in the description of a `tee` output. */
const escaped = (text: string): string => text.replace(/[\\'[\]|:]/g, (one) => `\\${one}`);

const hls = (stream: number, name: string, seconds: number, { startedMs }: Making): string =>
  `[f=hls:select=${stream}:hls_time=${seconds}:hls_list_size=${PIECES_LISTED}:hls_segment_type=fmp4` +
  // Every rung counts in the time of the source, not from its own first picture.
  ':hls_segment_options=movflags=+frag_discont' +
  `:hls_fmp4_init_filename=${name}_${startedMs}.mp4` +
  `:hls_segment_filename=${PIECES}/${name}_%d.m4s]${PIECES}/${name}.m3u8`;

const published = (stream: number, socket: string): string => `[f=mpegts:select=${stream}]unix:${escaped(socket)}`;

/** How far the key frames are apart that all rungs have. */
export const commonKeysMs = ({ gopMs, rungs }: Pick<Making, 'gopMs' | 'rungs'>): number =>
  isCopied(rungs) ? gopMs : ENCODED_GOP_MS;

/** Own key frames divide the time between those that are taken over from the source evenly. */
function encodedGopFrames(making: Making): number {
  const wholeMs = commonKeysMs(making);
  return Math.max(1, Math.ceil((making.fps * wholeMs) / 1000 / Math.ceil(wholeMs / ENCODED_GOP_MS)));
}

function encoder(rung: PlannedRung, stream: number, making: Making): string[] {
  const { fps, rungs } = making;
  const at = `:v:${stream}`;
  return [
    `-c${at} libx264`,
    `-preset${at} superfast`,
    `-tune${at} zerolatency`,
    `-profile${at} baseline`,
    `-b${at} ${rung.bitrate_bps}`,
    `-maxrate${at} ${rung.max_bps}`,
    `-bufsize${at} ${rung.buffer_bits}`,
    // Segments must begin together on all rungs: where the top one is copied, at the camera's own key frames.
    `-force_key_frames${at} ${isCopied(rungs) ? 'source' : `expr:gte(t,n_forced*${ENCODED_GOP_MS / 1000})`}`,
    `-g${at} ${encodedGopFrames(making)}`,
    `-sc_threshold${at} 0`,
    `-threads${at} 1`,
    `-enc_time_base${at} 1/90000`,
    // The fine time base would pass for 90,000 frames a second, and starve each of bits.
    `-x264-params${at} fps=${Math.round(fps * 100)}/100`,
  ];
}

/**
 * Pictures that follow each other within a third of the usual time are stored ones, sent to begin with: they need to be
 * decoded, and nobody needs to see them.
 */
const unsqueezed = (fps: number): string =>
  `select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,${(1 / (3 * fps)).toFixed(4)})'`;

/** One decoder, its pictures handed to as many scalers as there are rungs to encode. */
function scaling({ rungs, fps }: Making): string | undefined {
  const encoded = rungs.map((rung, stream) => ({ rung, stream })).filter(({ rung }) => rung.how === 'encoded');
  if (encoded.length === 0) return undefined;
  const ends = encoded.map(({ stream }) => `[d${stream}]`).join('');
  const scalers = encoded.map(
    ({ rung, stream }) => `[d${stream}]scale=${rung.width}:${rung.height},setsar=1,format=yuv420p[v${stream}]`,
  );
  return `[0:v:0]${unsqueezed(fps)},split=${encoded.length}${ends};${scalers.join(';')}`;
}

/** The rungs as pieces under the working folder and as streams at the relay, each encoded once. */
export function ladderOutput(making: Making): Output {
  const { rungs, audio, socket } = making;
  const filter = scaling(making);
  const streams = rungs.map(({ how }, stream) => (how === 'copied' ? '-map 0:v:0' : `-map [v${stream}]`));
  const codecs = rungs.flatMap((rung, stream) =>
    rung.how === 'copied' ? [`-c:v:${stream} copy`] : encoder(rung, stream, making),
  );
  const slaves = [
    ...rungs.map(({ name }, stream) => hls(stream, name, PIECE_S.picture, making)),
    ...(audio ? [hls(rungs.length, AUDIO, PIECE_S.sound, making)] : []),
    // The camera's own path has the copied rung already.
    ...rungs.flatMap(({ name, how }, stream) => (how === 'encoded' ? [published(stream, socket(name))] : [])),
  ];
  return {
    format: 'tee',
    options: [
      ...(filter ? [`-filter_complex ${filter}`] : []),
      ...streams,
      ...(audio ? ['-map 0:a:0', '-c:a aac', '-b:a 96k', '-ac 2', '-ar 48000'] : []),
      // Of itself FFmpeg holds pictures back for ten seconds when the sound stops.
      ...(audio ? [`-max_interleave_delta ${SOUND_AWAITED_US}`] : []),
      ...codecs,
      '-fps_mode passthrough',
      // Else copied pictures would come at the camera's nominal rate, whatever time they have, and run away.
      '-copytb 1',
    ],
    target: slaves.join('|'),
  };
}

/** What comes in was measured: no picture is waited for to tell how many there are. */
const FRAMES_PROBED = 0;

/**
 * A list with one entry, the address with its token: it goes in on standard input, because arguments are visible to
 * every user of the machine.
 */
export const inputList = (url: string): string =>
  [
    'ffconcat version 1.0',
    `file '${url.replaceAll("'", "'\\''")}'`,
    'option rtsp_transport tcp',
    'option timeout 10000000',
    `option fpsprobesize ${FRAMES_PROBED}`,
    '',
  ].join('\n');

/** How the list is read. */
export const INPUT_OPTIONS = [
  '-protocol_whitelist pipe,fd,rtsp,rtp,tcp,udp',
  '-safe 0',
  `-fpsprobesize ${FRAMES_PROBED}`,
];

/** One line for each packet of the picture that comes in; with the sound's beside them, both would wait for one that stops. */
export const PACKETS_FORMAT = 'framecrc';
export const PACKETS_OPTIONS = ['-map 0:v:0', '-c copy', '-flush_packets 1'];

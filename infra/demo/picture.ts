/** What a demo camera shows. Width must be divisible by 40 (the clock has 40 columns). */
export interface Picture {
  width: number;
  height: number;
  fps: number;
  /** Seconds between key frames. */
  gopSeconds: number;
  bitrateBps: number;
  /** Colour of the moving block, so that sources can be told apart. */
  color: string;
  /** Written into the block. Needs an FFmpeg that can write, see `canWrite`. */
  label?: string;
  /** A picture that stands still, clock included: for trying the frozen-picture detector. */
  still?: boolean;
  /** H.264 unless said. */
  codec?: 'H265';
  /** Adds a quiet tone in this codec. */
  audio?: 'aac' | 'libopus' | 'pcm_alaw';
}

/** The demo's picture: 720p, 30 frames a second, a key frame every 2 s. */
export const DEMO_PICTURE: Picture = {
  width: 1280,
  height: 720,
  fps: 30,
  gopSeconds: 2,
  bitrateBps: 3_000_000,
  color: 'orange',
};

/**
 * An FFmpeg filter that paints the machine-readable clock: 40 × 2 cells across the top; row 0 is epoch ms modulo 2^40,
 * most significant bit left, white = 1; row 1 is its complement. `setpts=RTCTIME` makes T the wall clock in `geq`.
 */
function clockFilter(width: number): string {
  const cell = width / 40;
  const bit = 'mod(floor(floor(T*1000+0.5)/pow(2\\,39-X))\\,2)';
  return (
    'settb=1/1000,setpts=RTCTIME/1000,split[picture][clock];' +
    `[clock]scale=40:2:flags=neighbor,format=gray,geq=lum='if(eq(Y\\,0)\\,16+219*${bit}\\,235-219*${bit})',` +
    `scale=${cell * 40}:${cell * 2}:flags=neighbor,format=yuv420p[strip];` +
    '[picture][strip]overlay=0:0:format=yuv420,setpts=PTS-STARTPTS'
  );
}

/** A filter that writes a label into the block; only letters, digits, spaces and dashes reach the filter language. */
const write = (label: string): string =>
  `drawtext=text='${label.replace(/[^\p{L}\p{M}\p{N} -]/gu, '')}':x=w*0.02:y=h*0.73:fontsize=h/30:fontcolor=black`;

function movingPicture({ width, height, fps, color, still, label }: Picture): string {
  const size = `s=${width}x${height}:r=${fps}`;
  const box = `drawbox=x=0:y=ih*0.6:w=iw*0.3:h=ih*0.3:color=${color}:t=fill`;
  const block = label ? `${box},${write(label)}` : box;
  if (still) return `color=c=gray:${size},${block},realtime`;
  return `testsrc2=${size},${block},realtime,${clockFilter(width)}`;
}

/** Encodes without B-frames, for one core, with key frames that keep their distance. */
function videoCodec({ codec, fps }: Picture, gopFrames: string): string[] {
  const common = ['-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', gopFrames];
  const ofH265 = `fps=${fps}/1:keyint=${gopFrames}:min-keyint=1:scenecut=0:pools=1:frame-threads=1:log-level=none`;
  if (codec === 'H265') return ['-c:v', 'libx265', ...common, '-x265-params', ofH265];
  return [
    ...['-c:v', 'libx264', '-profile:v', 'baseline', ...common, '-threads', '1', '-keyint_min', gopFrames],
    // The clock's fine time base would pass for 1,000 frames a second, and leave each a thirtieth of its bits.
    ...['-x264-params', `fps=${fps}/1`],
  ];
}

/**
 * FFmpeg arguments that paint, encode (H.264 baseline or H.265) and publish a picture.
 * @param target an `rtsp://127.0.0.1…` address that takes publishers, without secrets
 */
export function pictureArguments(picture: Picture, target: string): string[] {
  const gopFrames = String(Math.round(picture.fps * picture.gopSeconds));
  const bitrate = String(picture.bitrateBps);
  const audioInput = picture.audio ? ['-re', '-f', 'lavfi', '-i', 'sine=440:r=48000'] : [];
  const audioCodec = picture.audio
    ? ['-c:a', picture.audio, '-b:a', '64k', ...(picture.audio === 'pcm_alaw' ? ['-ar', '8000', '-ac', '1'] : [])]
    : [];
  return [
    ...['-v', 'error', '-nostdin', '-fpsprobesize', '0', '-f', 'lavfi', '-i', movingPicture(picture), ...audioInput],
    ...['-fps_mode', 'passthrough', ...videoCodec(picture, gopFrames)],
    // A camera begins with a key frame for whoever connects. This encoder can't know who does, so it sends ten in its
    // first second; afterwards they keep their distance.
    ...['-force_key_frames', 'expr:lt(t,1)*gte(t,n_forced*0.1)'],
    ...['-sc_threshold', '0', '-b:v', bitrate, '-maxrate', bitrate, '-bufsize', bitrate, ...audioCodec],
    ...['-f', 'rtsp', '-rtsp_transport', 'tcp', target],
  ];
}

import type { Output } from '../ladder.ffmpeg/arguments.ts';
import type { Making } from '../push.mediamtx/making.ts';

/** Seconds between key frames: what most platforms ask for. */
const KEY_FRAMES_S = 2;
const AUDIO_BPS = 128_000;

/** A line on the picture: a file that holds its text, so that no character of it means anything to FFmpeg. */
const line = (file: string, place: string, more = ''): string =>
  `drawtext=textfile=${file}:fontcolor=white:fontsize=h/18:box=1:boxborderw=6:${place}${more}`;

/** Files that hold what is written on the picture. Their names mean nothing to FFmpeg's filter language. */
export interface OverlayFiles {
  word: string;
  clock: string;
  name: string;
}

/** What is done to the pictures; undefined when they are passed on as they are. */
function pictureFilter({ height }: Making, overlay: OverlayFiles | undefined): string | undefined {
  const written = overlay && [
    line(overlay.word, 'x=h/30:y=h/30', ':boxcolor=red'),
    line(overlay.clock, 'x=w-text_w-h/30:y=h/30', ':boxcolor=black@0.6'),
    line(overlay.name, 'x=h/30:y=h-text_h-h/30', ':boxcolor=black@0.6:expansion=none'),
  ];
  const steps = [...(height ? [`scale=-2:${height}`, 'setsar=1'] : []), ...(written ?? [])];
  return steps.length > 0 ? [...steps, 'format=yuv420p'].join(',') : undefined;
}

const encoding = ({ bitrateBps }: Making): string[] => [
  '-c:v libx264',
  '-preset superfast',
  '-tune zerolatency',
  '-profile:v main',
  '-bf 0',
  `-b:v ${bitrateBps}`,
  `-maxrate ${bitrateBps}`,
  `-bufsize ${bitrateBps}`,
  `-force_key_frames expr:gte(t,n_forced*${KEY_FRAMES_S})`,
  '-g 1000',
  '-sc_threshold 0',
];

/** Two sources of sound that platforms take: the camera's own, or none that can be heard. */
const AAC = [`-c:a aac`, `-b:a ${AUDIO_BPS}`, '-ar 48000', '-ac 2'];
const SOUNDS: Record<Making['audio'], string[]> = {
  copy: ['-map 0:a:0?', '-c:a copy'],
  aac: ['-map 0:a:0', ...AAC],
  silence: ['-map [silence]', ...AAC],
  none: [],
};

/** One FFmpeg output: what a destination asks for, as MPEG-TS to the socket at which the relay awaits it. */
export function encoderOutput(making: Making, socket: string, overlay: OverlayFiles | undefined): Output {
  const picture = pictureFilter(making, overlay);
  const encoded = making.video === 'h264' || picture !== undefined;
  const filters = [
    ...(picture ? [`[0:v:0]${picture}[picture]`] : []),
    ...(making.audio === 'silence' ? ['anullsrc=r=48000:cl=stereo[silence]'] : []),
  ];
  return {
    format: 'mpegts',
    options: [
      ...(filters.length > 0 ? [`-filter_complex ${filters.join(';')}`] : []),
      picture ? '-map [picture]' : '-map 0:v:0',
      ...(encoded ? encoding(making) : ['-c:v copy']),
      ...SOUNDS[making.audio],
      '-fps_mode passthrough',
      '-flush_packets 1',
      '-muxdelay 0',
      '-muxpreload 0',
    ],
    target: `unix:${socket}`,
  };
}

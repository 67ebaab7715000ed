import { spawn } from 'node:child_process';
import path from 'node:path';
import { findProgram } from '../binaries.ts';
import { DEMO_PICTURE, type Picture, pictureArguments } from '../demo/picture.ts';
import { bareEnvironment, converse } from './servers.ts';
import type { StateFolder } from './state-folder.ts';
import type { Program } from './supervise.ts';

/** One source of a demo camera: an RTSP server of its own, so that its plug can really be pulled. */
export interface DemoSource {
  camera: string;
  /** The camera's name, and its place among the demo cameras. */
  name: string;
  index: number;
  source: number;
  port: number;
}

/** The name of the process behind one source of a demo camera. */
export const demoCameraName = (camera: string, source: number): string => `camera:${camera}:${source}`;

/** Where a demo camera's source is watched. */
export const demoSourceUrl = (port: number): string => `rtsp://127.0.0.1:${port}/picture`;

/** Preferred sources are warm colours, backups cold ones, so that a switch is seen at a glance. */
const COLORS = [
  ['orange', 'deepskyblue'],
  ['gold', 'mediumpurple'],
  ['tomato', 'turquoise'],
];

/** A backup is small: three more painters of the full size would cost half a core. */
const BACKUP = { width: 640, height: 360, bitrateBps: 1_000_000 };

function pictureOf({ name, index, source }: DemoSource, labelled: boolean): Picture {
  const row = COLORS[index % COLORS.length] as string[];
  const color = row[source % row.length] as string;
  const label = source === 0 ? name : `${name} - backup`;
  return { ...DEMO_PICTURE, ...(source === 0 ? {} : BACKUP), color, ...(labelled ? { label } : {}) };
}

/** Whether this FFmpeg can write text: not every one is built with a font renderer, not every machine has a font. */
export function canWrite(env: NodeJS.ProcessEnv): Promise<boolean> {
  const tried = [
    '-v',
    'quiet',
    '-f',
    'lavfi',
    '-i',
    'color=s=64x64,drawtext=text=a',
    '-frames:v',
    '1',
    '-f',
    'null',
    '-',
  ];
  return new Promise((resolve) => {
    const ffmpeg = spawn(findProgram('ffmpeg', env), tried, {
      env: bareEnvironment(env),
      stdio: 'ignore',
      timeout: 5000,
    });
    ffmpeg.once('error', () => resolve(false));
    ffmpeg.once('exit', (code) => resolve(code === 0));
  });
}

/** One word of a command line for mediamtx, which splits it as a shell would and then fills in `$NAME`. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** The settings of a demo camera's RTSP server; it paints all the time, as a camera does. */
export function demoCameraSettings(port: number, ffmpeg: string, picture: Picture): object {
  const target = 'rtsp://127.0.0.1:$RTSP_PORT/$MTX_PATH';
  const command = [ffmpeg, ...pictureArguments(picture, target)].map(quoted).join(' ');
  const servers = ['api', 'metrics', 'pprof', 'playback', 'rtmp', 'hls', 'webrtc', 'srt', 'moq'];
  return {
    ...Object.fromEntries(servers.map((server) => [server, false])),
    logLevel: 'warn',
    rtspTransports: ['tcp'],
    rtspAddress: `127.0.0.1:${port}`,
    authInternalUsers: [{ user: 'any', ips: ['127.0.0.1'], permissions: [{ action: 'publish' }, { action: 'read' }] }],
    paths: {
      picture: { runOnInit: command, runOnInitRestart: true },
    },
  };
}

/** The process of one demo source. */
export function demoCameraProgram(
  place: DemoSource,
  labelled: boolean,
  state: StateFolder,
  env: NodeJS.ProcessEnv,
): Program {
  const name = demoCameraName(place.camera, place.source);
  const picture = pictureOf(place, labelled);
  const settings = demoCameraSettings(place.port, findProgram('ffmpeg', env), picture);
  const config = state.writeRun(`${name.replaceAll(':', '-')}.yml`, JSON.stringify(settings, null, 1));
  return {
    name,
    file: findProgram('mediamtx', env),
    args: [path.resolve(config)],
    env: bareEnvironment(env),
    purpose: 'pictures',
    ready: async () =>
      Boolean(
        await converse(place.port, `OPTIONS ${demoSourceUrl(place.port)} RTSP/1.0\r\nCSeq: 1\r\n\r\n`, /^RTSP\/1\.0 /),
      ),
  };
}

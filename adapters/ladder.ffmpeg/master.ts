import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { PlannedRung } from '../../bus/events/rendition.ts';
import { AUDIO } from './arguments.ts';

/** A ladder as a master playlist tells of it. */
export interface MasterOf {
  /** Where its playlists are. */
  folder: string;
  /** Those that are offered, the one with which players begin first (RFC 8216, 6.3.1). */
  rungs: readonly PlannedRung[];
  audio: boolean;
  fps: number;
  /** Of the source, and so of the copied rung. */
  bitrateBps: number;
}

const AUDIO_BPS = 96_000;
const AUDIO_CODEC = 'mp4a.40.2';

/** The newest initialization segment of a rung, which its playlist names. */
function initOf(folder: string, rung: string): Buffer | undefined {
  const newest = readdirSync(folder)
    .filter((file) => file.startsWith(`${rung}_`) && file.endsWith('.mp4'))
    .sort()
    .at(-1);
  return newest === undefined ? undefined : readFileSync(path.join(folder, newest));
}

/** The codec as RFC 6381 writes it: profile, constraints and level from the `avcC` box. */
function codecOf(init: Buffer | undefined): string | undefined {
  const at = init?.indexOf('avcC') ?? -1;
  return at < 0 ? undefined : `avc1.${init?.subarray(at + 5, at + 8).toString('hex')}`;
}

/** The copied rung may come in bursts like every camera; an encoded one is bound. */
const peakOf = ({ how, max_bps }: PlannedRung, sourceBps: number) =>
  how === 'copied' ? Math.round(sourceBps * 1.3) : max_bps;
const averageOf = ({ how, bitrate_bps }: PlannedRung, sourceBps: number) =>
  how === 'copied' ? sourceBps : bitrate_bps;

/** The master playlist of a running ladder, or of a part of it. FFmpeg's own leaves the copied rung out, and says no codecs. */
export function masterPlaylist({ folder, rungs, audio, fps, bitrateBps }: MasterOf): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (audio) {
    lines.push(`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,URI="${AUDIO}.m3u8"`);
  }
  for (const rung of rungs) {
    const codecs = [codecOf(initOf(folder, rung.name)), ...(audio ? [AUDIO_CODEC] : [])].filter((one) => one);
    const extra = audio ? AUDIO_BPS : 0;
    const attributes = [
      `BANDWIDTH=${peakOf(rung, bitrateBps) + extra}`,
      `AVERAGE-BANDWIDTH=${averageOf(rung, bitrateBps) + extra}`,
      `RESOLUTION=${rung.width}x${rung.height}`,
      `FRAME-RATE=${fps.toFixed(3)}`,
      `CODECS="${codecs.join(',')}"`,
      ...(audio ? ['AUDIO="audio"'] : []),
    ];
    lines.push(`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${rung.name}.m3u8`);
  }
  return `${lines.join('\n')}\n`;
}

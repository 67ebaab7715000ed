import { readFileSync, statSync } from 'node:fs';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { type ClipPicture, readClip } from './clip.ts';
import type { StoredPacket } from './gop.ts';
import { makeRtp } from './rtp.ts';
import { formatOf } from './video.ts';

/** A prepared clip that is played over and over, for as long as no source feeds the program. */
export interface Slate {
  /**
   * Starts playing a file. Each picture is given as packets, the first one at once.
   * @returns false when there is nothing to play
   */
  play(file: string, encoding: string, picture: (packets: StoredPacket[], key: boolean) => void): boolean;
  stop(): void;
}

/** A few pictures a second keep every reader attached. */
const EVERY_MS = 200;
const TICKS_A_PICTURE = (90_000 * EVERY_MS) / 1000;
const MAX_CLIP_BYTES = 4 * 1024 * 1024;
/** A clip is read when it is needed; that many are remembered. */
const clips = new Map<string, ClipPicture[]>();
const MAX_CLIPS = 64;

/** How a program is announced that begins with its slate, as cameras that send the codec announce theirs. */
export const slateTrack = (encoding: string): MediaTrack => ({
  ...{ media: 'video', encoding, payloadType: 96, clockRate: 90_000, control: '' },
  ...(encoding === 'H264' ? { format: 'packetization-mode=1' } : {}),
});

const INLINE = 'data:;base64,';

/** A clip as it travels to a switcher on another machine, in place of the name of its file: a few pictures. */
export const inlineClip = (file: string): string => INLINE + readFileSync(file).toString('base64');

function contentOf(file: string): Buffer {
  if (file.startsWith(INLINE)) return Buffer.from(file.slice(INLINE.length), 'base64');
  if (statSync(file).size > MAX_CLIP_BYTES) throw new Error(`${file} is no clip`);
  return readFileSync(file);
}

function clipAt(file: string, encoding: string): ClipPicture[] {
  const known = clips.get(file);
  if (known) return known;
  const format = formatOf(encoding);
  try {
    if (!format) return [];
    const clip = readClip(format, contentOf(file));
    for (const [oldest] of clips) if (clips.size >= MAX_CLIPS) clips.delete(oldest);
    if (clip.length > 0) clips.set(file, clip);
    return clip;
  } catch {
    // Not there: the program holds without a picture, and says so.
    return [];
  }
}

/** Makes a slate that plays nothing yet. */
export function createSlate(): Slate {
  let timer: NodeJS.Timeout | undefined;
  let sequence = 0;
  let timestamp = 0;
  const stop = () => clearInterval(timer);

  const packetsOf = ({ payloads }: ClipPicture): StoredPacket[] => {
    timestamp = (timestamp + TICKS_A_PICTURE) >>> 0;
    return payloads.map((payload, index) => {
      sequence = (sequence + 1) & 0xffff;
      const frame = makeRtp(payload, { channel: 0, payloadType: 0, sequence, timestamp, ssrc: 0 });
      if (index === payloads.length - 1) frame[5] = (frame[5] ?? 0) | 0x80;
      return { frame, timestamp, sequence, sets: [] };
    });
  };

  return {
    play(file, encoding, picture) {
      stop();
      const clip = clipAt(file, encoding);
      let index = 0;
      const next = () => {
        const shown = clip[index % clip.length];
        index += 1;
        if (shown) picture(packetsOf(shown), shown.key);
      };
      if (clip.length === 0) return false;
      next();
      timer = setInterval(next, EVERY_MS);
      return true;
    },
    stop,
  };
}

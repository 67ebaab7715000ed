import type { EyeInput, EyeReport, EyeSlot } from '../machines/slots.ts';
import { type Lens, openLens } from './eye.ffmpeg/lens.ts';

/** What the eye slot needs from the place where it is made. */
export interface EyeOptions {
  /** Path of FFmpeg. */
  ffmpeg: string;
  /** Asks for a camera's key frames, or for no more of them. */
  watch(camera: string, wanted: boolean): void;
  /** A decoder ended or hung and is replaced: for the log. */
  trouble?(camera: string, detail: string): void;
}

/** A camera's latest picture. */
export interface Poster {
  jpeg: Buffer;
  /** Epoch ms. */
  at: number;
}

/** What a program carried in a second, as far as the eye cares. */
interface Weight {
  camera: string;
  fps: number;
  inter_bps: number;
}

/** The eye slot over all cameras. */
export interface Eyes {
  slot: EyeSlot;
  /** A key frame came: an Annex B access unit. */
  look(camera: string, codec: string, annexB: Buffer): void;
  /** What the cameras carried in the last second. */
  weigh(items: Weight[]): void;
  /** The latest picture of a camera, also of one that has gone dark. */
  poster(camera: string): Poster | undefined;
  /** Forgets a camera's picture. */
  forget(camera: string): void;
  close(): void;
}

/**
 * Frozen is a picture whose key frames are the same while the frames between them carry next to nothing: an encoder
 * that is fed one picture over and over writes 8 to 60 bytes a frame. A still scene has sensor noise, and even at
 * 200 kb/s that costs 130 bytes a frame and more.
 */
const QUIET_BYTES_A_FRAME = 96;
/** Beyond this, too few key frames come to tell. */
const MAX_KEY_INTERVAL_MS = 5_500;
/**
 * Key frames must be the same over this share of the span; what is missing at its ends, between two key frames, is
 * covered by the quiet frames, which are counted over the whole of it.
 */
const KEY_SHARE = 0.7;
/** This many noisy seconds in a row are a picture that moves. */
const NOISY_SECONDS = 2;
/** A camera that stalls and returns keeps its decoder. */
const LINGER_MS = 10_000;

const now = () => performance.now();

interface Sight {
  input: EyeInput;
  report(event: EyeReport): void;
  frozen: boolean;
}

interface Eye {
  lens: Lens;
  stillMs: number;
  sight?: Sight;
  stillSinceMs?: number;
  /** Since when the frames between key frames carry next to nothing. */
  quietSinceMs?: number;
  noisySeconds: number;
  lastKeyMs: number;
  keyIntervalMs: number;
  linger?: NodeJS.Timeout;
}

function judge(eye: Eye): void {
  const { sight } = eye;
  if (!sight) return;
  const atMs = now();
  const tellable = Math.max(eye.keyIntervalMs, atMs - eye.lastKeyMs) <= MAX_KEY_INTERVAL_MS;
  const quietMs = eye.quietSinceMs === undefined ? 0 : atMs - eye.quietSinceMs;
  const still = eye.stillSinceMs !== undefined && tellable && quietMs >= sight.input.stillMs;
  if (still && !sight.frozen) {
    sight.frozen = true;
    const sinceMs = Math.min(eye.stillSinceMs ?? atMs, eye.quietSinceMs ?? atMs);
    sight.report({ type: 'eye.frozen', still_ms: Math.round(atMs - sinceMs) });
  }
  const moved = eye.stillSinceMs === undefined || eye.quietSinceMs === undefined;
  if (sight.frozen && moved) {
    sight.frozen = false;
    sight.report({ type: 'eye.moved' });
  }
}

function weighOne(eye: Eye, { fps, inter_bps }: Weight): void {
  const quiet = fps > 0 && inter_bps / 8 / fps <= QUIET_BYTES_A_FRAME;
  eye.noisySeconds = quiet ? 0 : eye.noisySeconds + 1;
  // The second that was weighed is already over.
  if (quiet) eye.quietSinceMs ??= now() - 1_000;
  else if (eye.noisySeconds >= NOISY_SECONDS || !eye.sight?.frozen) delete eye.quietSinceMs;
  judge(eye);
}

/** Makes the eye slot: one FFmpeg a camera that decodes key frames only, fed through its standard input. */
export function createEyes(options: EyeOptions): Eyes {
  const eyes = new Map<string, Eye>();
  const posters = new Map<string, Poster>();

  const shut = (camera: string, eye: Eye) => {
    clearTimeout(eye.linger);
    eye.lens.close();
    if (eyes.get(camera) === eye) eyes.delete(camera);
  };

  const open = (camera: string, stillMs: number): Eye => {
    const present = eyes.get(camera);
    if (present?.stillMs === stillMs) return present;
    if (present) shut(camera, present);
    const lens = openLens(options.ffmpeg, stillMs * KEY_SHARE, {
      trouble: (detail) => options.trouble?.(camera, detail),
      poster: (jpeg) => posters.set(camera, { jpeg, at: Date.now() }),
      still(sinceMs) {
        eye.stillSinceMs = sinceMs;
        judge(eye);
      },
      moved() {
        delete eye.stillSinceMs;
        judge(eye);
      },
    });
    const eye: Eye = { lens, stillMs, noisySeconds: 0, lastKeyMs: now(), keyIntervalMs: 0 };
    eyes.set(camera, eye);
    return eye;
  };

  return {
    slot(input, report) {
      const { camera, stillMs, enabled } = input;
      if (!enabled) return { release() {} };
      const eye = open(camera, stillMs);
      clearTimeout(eye.linger);
      const sight: Sight = { input, report, frozen: false };
      eye.sight = sight;
      options.watch(camera, true);
      const leave = () => {
        if (eye.sight !== sight) return;
        delete eye.sight;
        delete eye.quietSinceMs;
        options.watch(camera, false);
        eye.linger = setTimeout(() => shut(camera, eye), LINGER_MS);
      };
      return { release: leave, detach: leave };
    },
    look(camera, codec, annexB) {
      const eye = eyes.get(camera);
      if (!eye) return;
      eye.keyIntervalMs = now() - eye.lastKeyMs;
      eye.lastKeyMs = now();
      eye.lens.look(codec, annexB);
    },
    weigh(items) {
      for (const item of items) {
        const eye = eyes.get(item.camera);
        if (eye) weighOne(eye, item);
      }
    },
    poster: (camera) => posters.get(camera),
    forget: (camera) => void posters.delete(camera),
    close() {
      for (const [camera, eye] of eyes) shut(camera, eye);
    },
  };
}

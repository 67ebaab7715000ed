/** A picture that moves is left for one that has shown so many frames: a decoder starts with a pause. */
const SETTLED_FRAMES = 4;
/** One whose last frame is older than this does not move just now. */
const MOVES_MS = 100;

/** How it stands with a leg that is to come to the front, when it has shown a frame. */
export interface Succession {
  /** The picture in front is well, so that nobody waits for the one that is to follow it. */
  calm: boolean;
  /** Frames that the coming leg has shown, with this one. */
  frames: number;
  /** How old the last frame in front is; undefined: there was none. */
  frontAgeMs: number | undefined;
}

/** Whether a leg comes to the front with its latest frame: with its first, unless a picture that moves is there. */
export const succeeds = ({ calm, frames, frontAgeMs }: Succession): boolean =>
  !calm || frames >= SETTLED_FRAMES || frontAgeMs === undefined || frontAgeMs > MOVES_MS;

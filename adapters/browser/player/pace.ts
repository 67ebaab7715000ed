import { keyFrameAt, usualGapS } from './past-speed.ts';

/** Up to here every picture is decoded. At 16 that would be 480 a second for a camera of 30, more than many machines can. */
const EVERY_PICTURE_UP_TO = 4;
const LOOK_MS = 40;
const RECENT = 15;

/** How a recording moves on: at a speed, by key frames alone, picture by picture, or not. */
export interface Pace {
  /** @param speed 1 as it was recorded */
  set(speed: number): void;
  hold(): void;
  resume(): void;
  /** The picture before (-1) or after (1). */
  step(by: -1 | 1): void;
  /** A picture was presented. */
  saw(mediaS: number | undefined): void;
  close(): void;
}

/**
 * Paces a video.
 * @param keyFramesS where the pieces begin that can be shown by themselves, in its own seconds; none where the browser
 * plays by itself, which then takes any speed as it can
 * @param besideS the middle of the picture before (-1) or after (1) the one at a time, where it is known
 */
export function createPace(
  video: HTMLVideoElement,
  keyFramesS: () => readonly number[],
  besideS: (timeS: number, by: -1 | 1) => number | undefined,
): Pace {
  let speed = 1;
  let held = false;
  let hopping = 0;
  let shownS: number | undefined;
  let aimS: number | undefined;
  let playedS: number[] = [];
  const stop = (): void => {
    window.clearInterval(hopping);
    hopping = 0;
  };
  // What is not shown is not fetched either where fetching is slower than the speed.
  const hopFrom = (fromS: number, fromMs: number) => (): void => {
    if (video.seeking) return;
    const next = keyFrameAt(keyFramesS(), fromS + ((performance.now() - fromMs) / 1_000) * speed);
    if (next !== undefined && next > video.currentTime) video.currentTime = next;
  };
  const go = (): void => {
    stop();
    if (held) return;
    if (speed > EVERY_PICTURE_UP_TO && keyFramesS().length > 0) {
      video.pause();
      hopping = window.setInterval(hopFrom(video.currentTime, performance.now()), LOOK_MS);
      return;
    }
    video.playbackRate = speed;
    video.play().catch(() => {});
  };
  return {
    set(wanted) {
      speed = wanted;
      go();
    },
    hold() {
      held = true;
      stop();
      video.pause();
    },
    resume() {
      held = false;
      go();
    },
    step(by) {
      if (!held) return;
      // To the middle of a picture: its edges are not known to the last digit. Quick presses add up.
      const usualS = usualGapS(playedS);
      const aimedS = video.seeking ? aimS : undefined;
      const fromS = aimedS ?? shownS ?? video.currentTime;
      aimS = besideS(fromS, by) ?? Math.max(0, fromS + (aimedS === undefined ? usualS / 2 : 0) + by * usualS);
      video.currentTime = aimS;
    },
    saw(mediaS) {
      if (mediaS === undefined) return;
      shownS = mediaS;
      // Faster, pictures are left out.
      if (speed <= 1 && !held && !video.seeking) playedS = [...playedS.slice(-RECENT), mediaS];
    },
    close: stop,
  };
}

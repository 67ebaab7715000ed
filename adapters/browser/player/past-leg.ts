import type { Fragment } from 'hls.js';
import { createFrames } from './frames.ts';
import { playHls } from './hls-playback.ts';
import { createPace } from './pace.ts';

/** What a look at a moment tells. */
export interface PastLegHears {
  /** A frame of it was presented; the first is the one of the moment, or of the next that there is. */
  frame(): void;
  /** @param status of the answer that ended it, where one did */
  lost(why: string, status?: number): void;
}

/** A recording that plays from a moment on. */
export interface PastLeg {
  readonly video: HTMLVideoElement;
  /** The moment on screen, epoch ms, by the recording's own times. */
  moment(): number | undefined;
  /** @param speed 1 as it was recorded; above four, key frames alone are shown */
  pace(speed: number): void;
  /** Shows the picture before (-1) or after (1) this one; only while held. */
  step(by: -1 | 1): void;
  hold(): void;
  resume(): void;
  close(): void;
}

/** Recorded pieces begin at key frames; the moment lies within the first. */
const offsetS = ({ programDateTime, start, duration }: Fragment, moment: number): number =>
  start + Math.min(Math.max(0, (moment - (programDateTime ?? moment)) / 1_000), duration);

/** @param url signed, of a playlist that takes `?from=` (epoch ms) */
export function openPastLeg(video: HTMLVideoElement, url: string, moment: number, hears: PastLegHears): PastLeg {
  let open = true;
  const lost = (why: string, status?: number): void => {
    if (open) hears.lost(why, status);
  };
  // A frame from before the moment may be presented while it is sought.
  const frames = createFrames(
    video,
    () => open,
    ({ mediaS }) => {
      pace.saw(mediaS);
      if (!video.seeking) hears.frame();
    },
  );
  frames.watch();
  const playback = playHls(
    video,
    `${url}?from=${moment}`,
    // Its playlist grows like one of live, whose newest end hls.js would begin at.
    { startPosition: 0, backBufferLength: 30 },
    {
      lost,
      empty: () => lost('Nothing is recorded of that time.'),
      listed([first]) {
        if (first) video.currentTime = offsetS(first, moment);
      },
    },
  );
  const pieces = (): readonly Fragment[] => {
    const hls = playback.player();
    return hls?.levels[Math.max(0, hls.currentLevel)]?.details?.fragments ?? [];
  };
  const pace = createPace(video, () => pieces().map(({ start }) => start));
  return {
    video,
    moment() {
      const piece = pieces().findLast(({ start }) => start <= video.currentTime);
      const at = piece?.programDateTime;
      return at == null ? undefined : at + (video.currentTime - (piece?.start ?? 0)) * 1_000;
    },
    pace: pace.set,
    step: pace.step,
    hold: pace.hold,
    resume: pace.resume,
    close() {
      open = false;
      pace.close();
      playback.close();
    },
  };
}

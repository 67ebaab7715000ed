import type { Fragment } from 'hls.js';
import { createFrames } from './frames.ts';
import { playHls } from './hls-playback.ts';
import { createPace } from './pace.ts';
import { type PictureTime, pictureBeside, picturesIn } from './past-pictures.ts';
import { beginIn, momentIn, timeIn } from './past-pieces.ts';

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
  /** Goes on from another moment, if that is part of what this plays. @returns whether it is */
  seek(moment: number): boolean;
  /** Where a moment lies in the video; undefined where it is not part of what this plays. */
  timeOf(moment: number): number | undefined;
  /** The moment in the middle of the picture before (-1) or after (1) the one of a moment, epoch ms, where it is known. */
  beside(moment: number, by: -1 | 1): number | undefined;
  /** Where the pieces begin that can be shown by themselves, seconds in the video. */
  keyFramesS(): readonly number[];
  /** @param speed 1 as it was recorded; above four, key frames alone are shown */
  pace(speed: number): void;
  /** Shows the picture before (-1) or after (1) this one; only while held. */
  step(by: -1 | 1): void;
  hold(): void;
  resume(): void;
  close(): void;
}

/** Which part of a recording is played. Epoch ms. */
export interface PastWish {
  moment: number;
  /** Where its playlist begins, for going back within it; at the moment where it is left out. */
  from?: number;
  /** Where it ends; as the camera does where it is left out. */
  to?: number;
}

/** A picture that begins so much later is not the one of this time. */
const LATER_S = 0.002;

/** @param url signed, of a playlist that takes `?from=` and `&to=` (epoch ms) */
export function openPastLeg(video: HTMLVideoElement, url: string, wish: PastWish, hears: PastLegHears): PastLeg {
  const { moment, from = moment, to } = wish;
  let open = true;
  const pictures = new Map<Fragment['sn'], PictureTime[]>();
  let shownS: number | undefined;
  const lost = (why: string, status?: number): void => {
    if (open) hears.lost(why, status);
  };
  // A frame from before the moment may be presented while it is sought.
  const frames = createFrames(
    video,
    () => open,
    ({ mediaS }) => {
      shownS = mediaS;
      pace.saw(mediaS);
      if (!video.seeking) hears.frame();
    },
  );
  frames.watch();
  const playback = playHls(
    video,
    `${url}?from=${from}${to === undefined ? '' : `&to=${to}`}`,
    // Its playlist grows like one of live, whose newest end hls.js would begin at; it begins where it is told to.
    { autoStartLoad: false, startFragPrefetch: true, backBufferLength: 30 },
    {
      lost,
      empty: () => lost('Nothing is recorded of that time.'),
      listed(found) {
        const beginS = beginIn(found, moment);
        video.currentTime = beginS;
        playback.player()?.startLoad(beginS);
      },
      came(piece, init, bytes) {
        if (init) pictures.set(piece.sn, picturesIn(viewOf(init), new DataView(bytes)));
      },
      buffered({ start, end }) {
        const { currentTime: timeS, paused, seeking } = video;
        // Sought a little ahead of what it has, Chromium shows the first picture that it has, and stays with it.
        const isOther = shownS !== undefined && shownS > timeS + LATER_S && start <= timeS && timeS < end;
        if (isOther && paused && !seeking) video.currentTime = timeS;
      },
    },
  );
  const pieces = (): readonly Fragment[] => {
    const hls = playback.player();
    return hls?.levels[Math.max(0, hls.currentLevel)]?.details?.fragments ?? [];
  };
  const keyFramesS = (): number[] => pieces().map(({ start }) => start);
  /** Of the pieces that have come: what was fetched is seldom far. */
  const picturesS = (): PictureTime[] =>
    pieces().flatMap(({ sn, start }) =>
      (pictures.get(sn) ?? []).map(({ startS, endS }) => ({ startS: start + startS, endS: start + endS })),
    );
  const besideS = (timeS: number, by: -1 | 1): number | undefined => pictureBeside(picturesS(), timeS, by);
  const pace = createPace(video, keyFramesS, besideS);
  return {
    video,
    moment: () => momentIn(pieces(), video.currentTime),
    timeOf: (at) => timeIn(pieces(), at),
    seek(at) {
      const timeS = timeIn(pieces(), at);
      if (timeS === undefined) return false;
      video.currentTime = timeS;
      pace.resume();
      return true;
    },
    beside(at, by) {
      const timeS = timeIn(pieces(), at);
      const foundS = timeS === undefined ? undefined : besideS(timeS, by);
      return foundS === undefined ? undefined : momentIn(pieces(), foundS);
    },
    keyFramesS,
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

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

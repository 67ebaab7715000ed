/** A frame that was put on screen. */
export interface Frame {
  /** When it is expected to be seen, on the page's monotonic clock (`performance.now`). */
  displayMs: number;
  /** The same on the wall clock, for comparing with a clock in the picture. */
  displayAt: number;
  /** Where it lies in what is played, seconds; absent where it was decoded, but not presented. */
  mediaS?: number;
  /** Of one that came over a peer connection: when its last packet did (monotonic), and its RTP timestamp. */
  received?: { atMs: number; rtp: number };
  first: boolean;
}

/** Tells of the frames that a video presents. */
export interface Frames {
  /** Begins, once the video has something to play. */
  watch(): void;
  /** Frames are decoded, though none is presented, as in a hidden page. */
  decoded(): void;
}

/** @param open whether anybody still cares */
export function createFrames(video: HTMLVideoElement, open: () => boolean, tell: (frame: Frame) => void): Frames {
  let shown = false;
  const present = (displayMs: number, mediaS?: number, received?: Frame['received']): void => {
    const first = !shown;
    shown = true;
    tell({
      ...{ displayMs, displayAt: Date.now() + displayMs - performance.now(), first },
      ...(mediaS === undefined ? {} : { mediaS }),
      ...(received ? { received } : {}),
    });
  };
  const watch = (): void => {
    video.requestVideoFrameCallback((_now, { expectedDisplayTime, mediaTime, receiveTime, rtpTimestamp }) => {
      if (!open()) return;
      watch();
      const isReceived = receiveTime !== undefined && rtpTimestamp !== undefined;
      present(expectedDisplayTime, mediaTime, isReceived ? { atMs: receiveTime, rtp: rtpTimestamp } : undefined);
    });
  };
  return {
    watch,
    decoded() {
      if (open()) present(performance.now());
    },
  };
}

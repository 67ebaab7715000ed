/** How fast the past can be played: 1 as it was recorded. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** Before two pictures were seen. */
const LIKELY_FRAME_S = 1 / 30;

/** The next speed, faster (1) or slower (-1); at either end it stays. */
export function nextSpeed(speed: number, by: -1 | 1): number {
  const next = by > 0 ? SPEEDS.find((one) => one > speed) : SPEEDS.findLast((one) => one < speed);
  return next ?? speed;
}

/** A speed as players write it. */
export const speedText = (speed: number): string => `${speed}×`;

/** The key frame to be on screen by now. */
export function keyFrameAt(keyFramesS: readonly number[], targetS: number): number | undefined {
  return keyFramesS.findLast((start) => start <= targetS);
}

/** What usually lies between two pictures, seconds. */
export function usualGapS(mediaS: readonly number[]): number {
  const gaps = mediaS.slice(1).flatMap((at, n) => {
    const gap = at - (mediaS[n] ?? at);
    return gap > 0 ? [gap] : [];
  });
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? LIKELY_FRAME_S;
}

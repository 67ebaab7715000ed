let aheadMs = 0;

/** The gateway's time, epoch ms: durations are counted on the clock that their beginning was taken from. */
export const houseNow = (): number => Date.now() + aheadMs;

/** Takes the time from an answer's `Date` header; it has whole seconds, so a difference that small is none. */
export function noteTime(date: string | null): void {
  const differenceMs = Date.parse(date ?? '') - Date.now();
  if (!Number.isNaN(differenceMs)) aheadMs = Math.abs(differenceMs) > 3_000 ? differenceMs : 0;
}

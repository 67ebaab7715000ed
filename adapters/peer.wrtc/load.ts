/** How many cores a process and what it started use, averaged over the last seconds. */
export interface LoadMeter {
  /** To be called regularly. Returns the average. */
  take(): number;
  cores(): number;
}

/** How much of the average the newest measurement makes. */
const NEWEST_SHARE = 0.4;

/** @param childrenMs processor time of what was started so far, in ms */
export function measureLoad(childrenMs: () => number): LoadMeter {
  const usedMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000 + childrenMs();
  };
  let before = { atMs: performance.now(), usedMs: usedMs() };
  let average = 0;
  return {
    take() {
      const now = { atMs: performance.now(), usedMs: usedMs() };
      const share = Math.max(0, now.usedMs - before.usedMs) / Math.max(1, now.atMs - before.atMs);
      before = now;
      average += (share - average) * NEWEST_SHARE;
      return average;
    },
    cores: () => average,
  };
}

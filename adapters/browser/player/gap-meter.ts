/** Keeps the longest interval between two presented frames: what a person saw of a failover. */
export interface GapMeter {
  /** A frame was presented. */
  frame(atMs: number): void;
  /** The longest interval since it was last asked, ms; undefined when no two frames came. */
  take(): number | undefined;
  /** Nothing is presented for a while and nobody looks: a hidden page, a pause. */
  reset(): void;
}

/** A gap meter; pure but for what it remembers. */
export function createGapMeter(): GapMeter {
  let lastAt: number | undefined;
  let longest: number | undefined;
  return {
    frame(atMs) {
      if (lastAt !== undefined) longest = Math.max(longest ?? 0, atMs - lastAt);
      lastAt = atMs;
    },
    take() {
      const taken = longest;
      longest = undefined;
      return taken;
    },
    reset() {
      lastAt = undefined;
    },
  };
}

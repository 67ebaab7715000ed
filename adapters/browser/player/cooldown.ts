/** How long a player waits before it asks its standby again. */
export interface Cooldown {
  /** The picture moves. */
  frame(): void;
  /** The standby is asked now. */
  asked(atMs: number): void;
  /** Whether it may be asked. */
  isOver(atMs: number): boolean;
}

/** After it was asked and brought no picture, and after it was not needed: the picture came back by itself. */
const COOLDOWN_MS = { stood: 5_000, moved: 1_000 };

/** Nothing was asked yet. */
export function createCooldown(): Cooldown {
  let askedMs = Number.NEGATIVE_INFINITY;
  let moves = true;
  return {
    frame() {
      moves = true;
    },
    asked(atMs) {
      askedMs = atMs;
      moves = false;
    },
    isOver: (atMs) => atMs - askedMs >= (moves ? COOLDOWN_MS.moved : COOLDOWN_MS.stood),
  };
}

/** Where a camera can be moved to. */
export const DIRECTIONS = ['left', 'right', 'up', 'down', 'in', 'out'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Speeds from -1 to 1: right, up and in are positive. */
export interface Speeds {
  pan: number;
  tilt: number;
  zoom: number;
}

/** The speeds of directions that are held at once. @param speed from 0 to 1 */
export function speedsOf(directions: Iterable<Direction>, speed: number): Speeds | undefined {
  const held = new Set(directions);
  const along = (positive: Direction, negative: Direction): number =>
    speed * (Number(held.has(positive)) - Number(held.has(negative)));
  const speeds = { pan: along('right', 'left'), tilt: along('up', 'down'), zoom: along('in', 'out') };
  return speeds.pan === 0 && speeds.tilt === 0 && speeds.zoom === 0 ? undefined : speeds;
}

/** How the camera is told, and how time passes. */
export interface HoldNeeds {
  /** @throws when it is refused, or the gateway can't be reached */
  move(speeds: Speeds): Promise<unknown>;
  stop(): Promise<unknown>;
  failed(error: unknown): void;
  /** @returns calls it off */
  later(ms: number, run: () => void): () => void;
}

/** So long a move lasts unless it is told again: when this page is gone, the camera stops. */
export const MOVE_FOR_MS = 1_000;
const AGAIN_MS = 400;

/**
 * Moves a camera while something is held. One request at a time, so that a stop never overtakes its move; a refused
 * move is not asked for again until it is held anew.
 * @returns takes what is held now; undefined: nothing is
 */
export function createHold(needs: HoldNeeds): (speeds: Speeds | undefined) => void {
  let wanted: Speeds | undefined;
  let moves = false;
  let running = false;
  let changed = (): void => {};

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const callOff = needs.later(AGAIN_MS, resolve);
      changed = () => {
        callOff();
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    running = true;
    while (wanted || moves) {
      const asked = wanted;
      moves = asked !== undefined;
      try {
        await (asked ? needs.move(asked) : needs.stop());
        if (asked && asked === wanted) await pause();
      } catch (error) {
        moves = false;
        if (asked === wanted) wanted = undefined;
        needs.failed(error);
      }
    }
    running = false;
  };
  return (speeds) => {
    wanted = speeds;
    changed();
    if (!running) void run();
  };
}

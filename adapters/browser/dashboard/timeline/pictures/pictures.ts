import { houseNow } from '../../../player/house-time.ts';
import type { Travel } from '../travel.ts';
import { coverageAt } from './coverage.ts';
import type { Recordings } from './recorded.ts';
import { openScreen, type Screen, type ScreenState } from './screen.ts';

/** A step that could not be gone for so long, as nothing tells which picture lies beside, is not wanted any more. */
const STEP_WAITS_MS = 5_000;

/** Steps from one picture to the next that wait until it is known which one that is. */
interface Owed {
  /** How many; back where it is negative. */
  steps: number;
  /** Where the scrubber stood then: who moves it on wants another picture. */
  at: number;
  askedMs: number;
}

/** So many pictures are shown together. */
export const MOST_PICTURES = 4;

/** The recorded pictures of some cameras, all at the moment of the scrubber. */
export interface Pictures {
  /** What each shows, by camera. */
  view(): ReadonlyMap<string, ScreenState>;
  subscribe(listener: () => void): () => void;
  /**
   * Holds, and goes to the picture before (-1) or after (1), as soon as it is known which one that is: of the camera
   * that was chosen first, and the others show what they have of that moment.
   */
  step(by: -1 | 1): void;
  /** Shows a camera inside `host`. @returns a function that ends it */
  show(camera: string, host: HTMLElement): () => void;
  close(): void;
}

/** Has pictures follow the scrubber, and the scrubber wait for them while it plays. */
export function openPictures(travel: Travel, recordings: Recordings): Pictures {
  const listeners = new Set<() => void>();
  const screens = new Map<string, Screen>();
  let view: ReadonlyMap<string, ScreenState> = new Map();
  let frame = 0;
  let owed: Owed | undefined;
  const changed = (): void => {
    view = new Map([...screens].map(([camera, { state }]) => [camera, state]));
    for (const listener of listeners) listener();
  };
  // Each is asked, also behind one that waits: a screen counts its own time from when it is asked first.
  const isWaiting = (): boolean => [...screens.values()].filter((screen) => screen.waits()).length > 0;
  /** Goes one of the steps that are owed, where it is known now whereto. */
  const goOn = (): void => {
    if (!owed) return;
    const { at, playing, cameras } = travel.view();
    const { steps, askedMs } = owed;
    if (at !== owed.at || playing || performance.now() - askedMs > STEP_WAITS_MS) {
      owed = undefined;
      return;
    }
    const screen = cameras.map((id) => screens.get(id)).find((one) => one) ?? [...screens.values()][0];
    const by = steps < 0 ? -1 : 1;
    const beside = screen?.beside(at, by);
    if (beside === undefined) return;
    travel.go(beside);
    const { at: next } = travel.view();
    owed = steps === by || next === undefined ? undefined : { steps: steps - by, at: next, askedMs };
  };
  const tick = (): void => {
    frame = requestAnimationFrame(tick);
    goOn();
    const { at, speed, playing } = travel.view();
    if (at === undefined) return;
    const state = playing ? (isWaiting() ? 'waiting' : 'playing') : 'held';
    for (const [camera, screen] of screens) {
      const coverage = coverageAt(recordings.view().get(camera), at, houseNow());
      screen.tick({ at, speed, state }, coverage, screens.size);
    }
  };
  travel.waitWhile(isWaiting);
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    step(by) {
      const { at, playing } = travel.view();
      if (at === undefined) return;
      if (playing) travel.play(false);
      const steps = (owed?.at === at ? owed.steps : 0) + by;
      owed = steps === 0 ? undefined : { steps, at, askedMs: performance.now() };
      goOn();
    },
    show(camera, host) {
      const screen = openScreen(host, camera, changed);
      screens.set(camera, screen);
      frame ||= requestAnimationFrame(tick);
      changed();
      return () => {
        screens.delete(camera);
        screen.close();
        if (screens.size === 0) cancelAnimationFrame(frame);
        if (screens.size === 0) frame = 0;
        changed();
      };
    },
    close() {
      cancelAnimationFrame(frame);
      for (const screen of screens.values()) screen.close();
      screens.clear();
    },
  };
}

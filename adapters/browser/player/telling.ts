import type { Moved } from './moved.ts';
import type { PlayerOptions } from './options.ts';
import type { PastState } from './past-state.ts';
import type { PlayerState } from './state.ts';

/** Tells the page what a player does: whoever made it, and the page's elements by bubbling `signalbox:` events. */
export interface Telling {
  state(state: PlayerState): void;
  past(state: PastState): void;
  /** @param gapMs from the last frame before to the first one after */
  moved(moved: Omit<Moved, 'gapMs' | 'at'>, gapMs: number): void;
  /** A frame whose clock was read. @param at when it was on screen, epoch ms */
  frame(at: number, latencyMs: number): void;
}

/** @param element where the events begin; `data-live` says its state */
export function createTelling(element: HTMLElement, { camera, hears }: PlayerOptions): Telling {
  const announce = (name: string, detail: object): void => {
    element.dispatchEvent(new CustomEvent(`signalbox:${name}`, { detail: { camera, ...detail }, bubbles: true }));
  };
  return {
    state(state) {
      element.dataset.live = state.name;
      hears?.state?.(state);
      announce('state', state);
    },
    past(state) {
      hears?.past?.(state);
      announce('past', state);
    },
    moved(moved, gapMs) {
      const told = { ...moved, gapMs: Math.max(0, Math.round(gapMs)), at: Date.now() };
      hears?.moved?.(told);
      announce('moved', told);
    },
    frame: (at, latencyMs) => announce('frame', { at, latency_ms: latencyMs }),
  };
}

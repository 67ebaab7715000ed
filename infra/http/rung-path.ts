import type { Id } from '../../bus/identity.ts';
import type { HttpServices } from './services.ts';

/** A ladder that starts cold has its first picture at the relay within a second or two. */
const LOOK_EVERY_MS = 100;

/** States of a rendition from which a rung can still come. */
const COMING = new Set(['starting', 'running', 'lingering', 'off', 'waiting']);

/**
 * Opens a rung as soon as the relay has a picture of it: its ladder may only just be starting.
 * @param open asks the relay once; its refusal has `reason: 'no-stream'` while there is no picture, `'peer-away'` while nobody is there to make it
 * @param withinMs after this long, the relay's last refusal stands
 */
export async function openWhenMade<T>(
  { cells }: Pick<HttpServices, 'cells'>,
  camera: Id,
  withinMs: number,
  open: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
      const state = cells.view({ kind: 'rendition', id: camera })?.state ?? 'failed';
      // A process of adaptive peers that was killed is back within a second.
      const coming = reason === 'peer-away' || (reason === 'no-stream' && COMING.has(state));
      if (!coming || performance.now() > giveUpAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

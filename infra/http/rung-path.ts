import type { Id } from '../../bus/identity.ts';
import { unavailable } from './errors.ts';
import type { HttpServices } from './services.ts';

/** What starts cold has something at the relay within a second or two. */
const LOOK_EVERY_MS = 100;

/** How a relay refuses a path that has nothing yet, or is only about to be made. */
export const NOT_YET: ReadonlySet<unknown> = new Set(['no-stream', 'bad-offer']);

/** States of a rendition from which a rung can still come. */
const COMING = new Set(['starting', 'running', 'lingering', 'off', 'waiting']);

/** States in which it has made its paths: what is refused as a wrong offer then is one. */
const MADE = new Set(['running', 'lingering']);

/** Whether a rung may still come, by why the relay did not open it. */
export const rungIsComing =
  ({ cells }: Pick<HttpServices, 'cells'>, camera: Id) =>
  (reason: unknown): boolean => {
    // A process of adaptive peers that was killed is back within a second.
    if (reason === 'peer-away') return true;
    const state = cells.view({ kind: 'rendition', id: camera })?.state ?? 'failed';
    return NOT_YET.has(reason) && COMING.has(state) && !(reason === 'bad-offer' && MADE.has(state));
  };

/**
 * Opens what is made of a camera as soon as the relay has it: its FFmpeg may only just be starting.
 * @param withinMs after this long, the relay's last refusal stands
 * @param open asks the relay once; its refusal has `reason: 'no-stream'` while there is nothing, `'peer-away'` while nobody is there to make it
 * @param isComing whether it is worth asking again after a refusal with this reason
 */
export async function openWhenMade<T>(
  withinMs: number,
  open: () => Promise<T>,
  isComing: (reason: unknown) => boolean,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
      if (!isComing(reason) || performance.now() > giveUpAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Who plays an address asks once, and gives up when nothing is there. */
const ADDRESSED_WITHIN_MS = 12_000;

/** Waits until a camera's ladder, which this session has asked for, is made; else the session is over. @throws Refusal 503 */
export async function awaitRung(services: Pick<HttpServices, 'cells'>, camera: Id, session: Id): Promise<void> {
  const { cells } = services;
  const made = async () => {
    const rendition = cells.view({ kind: 'rendition', id: camera });
    if (rendition?.tags.includes('playable')) return;
    const text = `The rungs of camera ${camera} are not made: ${rendition?.why.text ?? 'it has none'}.`;
    throw unavailable('no-stream', text, rendition ? { why: rendition.why } : {}, 2);
  };
  try {
    await openWhenMade(ADDRESSED_WITHIN_MS, made, rungIsComing(services, camera));
  } catch (error) {
    await cells.offer({ kind: 'viewer', id: session }, { type: 'viewer.closed' });
    throw error;
  }
}

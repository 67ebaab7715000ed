import type { CellView } from '../../actors/cells.ts';
import { listenTo } from '../../actors/listening.ts';
import { soundPath } from '../../adapters/opus.ffmpeg.ts';
import type { Id } from '../../bus/identity.ts';
import { Refusal, unavailable } from './errors.ts';
import { NOT_YET, openWhenMade } from './rung-path.ts';
import type { HttpServices } from './services.ts';

const SOUND_END = soundPath('');
/** A sound that starts cold is there within a second. */
const SOUND_WITHIN_MS = 10_000;
/** It is left alone for a minute. */
const FAILED_RETRY_S = 20;

/** Whether a path at the relays is a camera's sound alone. */
export const isSound = (path: string): boolean => path.endsWith(SOUND_END);

/** Why there is nothing to hear. @param error the relay's last word, when it is only that */
function refusalOf(sound: CellView | undefined, error: unknown): unknown {
  if (!sound) return error;
  const { why, state } = sound;
  if (state === 'none') return new Refusal(409, 'no-sound', 'This camera sends no sound.', { why });
  if (state === 'waiting' && why.reason === 'no-picture') {
    return unavailable('no-picture', 'The camera gives no picture just now, and no sound.', { why });
  }
  if (['failed', 'waiting'].includes(state)) {
    const text = `The sound of this camera can not be made just now: ${why.text}.`;
    return unavailable('sound-failed', text, { why }, FAILED_RETRY_S);
  }
  return error;
}

/**
 * Has a session listen to a camera, and opens its sound as soon as the relay has it.
 * @param open asks the relay once for a path
 * @throws Refusal `no-sound` (409), `no-picture` or `sound-failed` (503); or what the relay said last
 */
export async function openSound<T>(
  { cells }: Pick<HttpServices, 'cells'>,
  session: Id,
  camera: Id,
  open: (path: string) => Promise<T>,
): Promise<T> {
  const view = cells.view({ kind: 'camera', id: camera });
  if (view) await listenTo(cells, view, session);
  const sound = () => cells.view({ kind: 'sound', id: camera });
  const isComing = (reason: unknown) => {
    const tags = sound()?.tags ?? [];
    // A path that is only about to be made is refused as if the offer were wrong.
    const isMade = reason === 'bad-offer' && tags.includes('audible');
    return NOT_YET.has(reason) && tags.includes('coming') && !isMade;
  };
  try {
    return await openWhenMade(SOUND_WITHIN_MS, () => open(soundPath(camera)), isComing);
  } catch (error) {
    throw refusalOf(sound(), error);
  }
}

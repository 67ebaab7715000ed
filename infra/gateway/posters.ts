import type { Id } from '../../bus/identity.ts';
import type { Poster } from '../http/services.ts';
import type { askHolder } from './holders.ts';

/** A poster as it travels between gateways. */
export interface SentPoster {
  jpeg: string;
  at: number;
}

/** Makes a poster ready to be sent to another gateway. */
export const sendPoster = ({ jpeg, at }: Poster): SentPoster => ({ jpeg: Buffer.from(jpeg).toString('base64'), at });

/**
 * Finds the latest picture of any camera: the eye that sees it is at the gateway where the camera lives.
 * @param poster of the cameras that live here
 */
export function findPosters(ask: ReturnType<typeof askHolder>, poster: (camera: string) => Poster | undefined) {
  return async (camera: Id): Promise<Poster | undefined> => {
    const found = await ask<Poster | SentPoster>('poster', camera, () => poster(camera));
    return (
      found && { at: found.at, jpeg: typeof found.jpeg === 'string' ? Buffer.from(found.jpeg, 'base64') : found.jpeg }
    );
  };
}

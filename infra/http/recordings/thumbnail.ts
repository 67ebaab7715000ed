import type { FastifyReply } from 'fastify';
import { Busy } from '../../../adapters/thumbnails.ffmpeg.ts';
import type { Id } from '../../../bus/identity.ts';
import type { Horizon } from '../../../machines/policy/history.ts';
import { missing, unavailable } from '../errors.ts';
import type { HttpServices } from '../services.ts';
import { refuseBefore } from './horizon.ts';

/**
 * Answers with a key frame as a small JPEG; a header says which moment it shows.
 * @param at epoch ms: it is the last one at or before that
 * @throws Refusal
 */
export async function sendThumbnail(
  { recordings, thumbnails }: Pick<HttpServices, 'recordings' | 'thumbnails'>,
  reply: FastifyReply,
  camera: string,
  at: number,
  horizon: Horizon,
): Promise<FastifyReply> {
  refuseBefore(horizon, at);
  const frame = await recordings.keyFrame(camera, at);
  if (!frame) throw missing(`picture of ${camera} recorded at that moment`);
  refuseBefore(horizon, frame.at);
  const jpeg = await thumbnails.of(frame).catch((error) => {
    if (error instanceof Busy) throw unavailable('busy', error.message);
    throw error;
  });
  reply.header('cache-control', 'no-store').header('x-signalbox-at', String(Math.round(frame.at)));
  return reply.type('image/jpeg').send(jpeg);
}

/** One look stands for all thumbnails of this long: whoever moves along a time line asks for many a second. */
const SAME_LOOK_MS = 60_000;

/** Tells whether a person's asking for thumbnails of a camera is to be noted as a look of its own. */
export function thumbnailLooks(now: () => number = () => performance.now()) {
  const looks = new Map<string, { at: number; noted: Promise<unknown> }>();
  return {
    /** @param note notes the look; when it is refused, so are all who wait for it, and the next asker tries again */
    async noted(person: string, camera: Id, note: () => Promise<unknown>): Promise<void> {
      const key = JSON.stringify([person, camera]);
      for (const [old, { at }] of looks) if (at <= now() - SAME_LOOK_MS) looks.delete(old);
      const mine = looks.get(key) ?? { at: now(), noted: note() };
      looks.set(key, mine);
      try {
        await mine.noted;
      } catch (error) {
        if (looks.get(key) === mine) looks.delete(key);
        throw error;
      }
    },
  };
}

import type { Logger } from 'pino';
import type { Departures } from '../../../adapters/departures.switcher.ts';
import type { ProgramStart } from '../../../adapters/ladder.ffmpeg.ts';
import type { Mediamtx } from '../../../adapters/mediamtx.ts';
import { departOnceRead } from '../../http/departing.ts';

/** What beginning with stored pictures needs. */
export interface LadderStarts {
  departures: Departures;
  apiOf(relay: string): Mediamtx;
  /** Where a path is read at a relay, with a token. */
  urlOf(relay: string, path: string): string;
  log: Logger;
}

/** Lets ladders begin with what a camera's switcher has stored since its last key frame, instead of awaiting the next. */
export const ladderStarts =
  ({ departures, apiOf, urlOf, log }: LadderStarts) =>
  (camera: string, relay: string): ProgramStart | undefined => {
    const departure = departures.take(camera, relay);
    if (!departure) return undefined;
    const url = urlOf(relay, departure.path);
    const kind = url.startsWith('rtsps:') ? 'rtspssessions' : 'rtspsessions';
    let closed = false;
    return {
      url,
      async sendOff() {
        const isRead = async () =>
          (await apiOf(relay).sessions(kind)).some(({ path, state }) => path === departure.path && state === 'read');
        const departed = await departOnceRead(departure, isRead, () => closed);
        if (!departed && !closed)
          log.info({ camera, relay, path: departure.path }, 'no ladder came to a departure path');
        return departed;
      },
      close() {
        closed = true;
        departure.close();
      },
    };
  };

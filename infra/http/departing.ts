import type { DepartingRung, Departure } from '../../adapters/departures.switcher.ts';
import type { Id } from '../../bus/identity.ts';
import type { HttpServices } from './services.ts';

/**
 * Who takes a departure path: a player that is told to hop on to the program path afterwards (`hops`), a client that
 * stays on it to its end (`stays`), or nobody, since the picture is not waited for (`no`).
 */
export type Haste = 'hops' | 'stays' | 'no';

/** So many clients that can't hop may keep a departure path of a camera; others wait for the next key frame. */
const STAYING_PER_CAMERA = 4;
/** And so many whose line has become narrow, until it is wide again: a hop would bring everything twice for a while. */
const NARROW_PER_CAMERA = 16;
const LOOK_EVERY_MS = 10;
const CONNECTED_WITHIN_MS = 5_000;

/** A departure path that somebody has. */
export interface Taken {
  path: string;
  /** Sends the stored pictures as soon as its reader is connected; gives up in the end. */
  sendOff(relaySession: string): Promise<void>;
  /** Its reader has left or moved on. Idempotent. */
  close(): void;
}

/** Hands out departure paths. */
export interface Departing {
  /**
   * A path for somebody who joins; undefined when there is none, or none for him.
   * @param rung which he has to go down to, and stays on
   */
  take(camera: Id, relay: string, haste: Haste, rung?: DepartingRung): Taken | undefined;
}

/**
 * Waits for the reader of a departure path, and lets it depart.
 * @param isRead asks the relay once; a relay that does not answer now may answer the next time
 * @returns whether it departed; not where nobody came, or the path was closed
 */
export async function departOnceRead(
  departure: Departure,
  isRead: () => Promise<boolean>,
  isClosed: () => boolean,
): Promise<boolean> {
  const giveUpAt = performance.now() + CONNECTED_WITHIN_MS;
  while (!isClosed() && performance.now() < giveUpAt) {
    const read = await isRead().catch(() => false);
    if (read && !isClosed()) {
      departure.depart();
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return false;
}

/** Joins through the departure paths of these services, if they have any. */
export function keepDeparting({ departures, whep, log }: HttpServices): Departing {
  const staying = new Map<Id, number>();
  const narrow = new Map<Id, number>();

  async function sendOff(departure: Departure, relay: string, relaySession: string, isClosed: () => boolean) {
    const departed = await departOnceRead(departure, () => whep.isConnected(relay, relaySession), isClosed);
    if (!departed && !isClosed()) log.info({ relay, path: departure.path }, 'nobody connected to a departure path');
  }

  return {
    take(camera, relay, haste, rung) {
      if (haste === 'no') return undefined;
      const [stay, most] = rung ? [narrow, NARROW_PER_CAMERA] : [staying, STAYING_PER_CAMERA];
      const stays = rung !== undefined || haste === 'stays';
      const count = () => stay.get(camera) ?? 0;
      if (stays && count() >= most) return undefined;
      const departure = departures?.take(camera, relay, rung);
      if (!departure) return undefined;
      if (stays) stay.set(camera, count() + 1);
      let closed = false;
      return {
        path: departure.path,
        sendOff: (relaySession) => sendOff(departure, relay, relaySession, () => closed),
        close() {
          if (closed) return;
          closed = true;
          if (stays) stay.set(camera, count() - 1);
          departure.close();
        },
      };
    },
  };
}

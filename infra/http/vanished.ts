import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { CellView } from '../../actors/cells.ts';
import type { Id } from '../../bus/identity.ts';
import { legsKnown } from './legs.ts';
import type { HttpServices } from './services.ts';
import { isOpen } from './views.ts';

/** How long a player is given, ms. */
const VANISHED = {
  /** One whose socket alone broke comes back within this. */
  backWithinMs: 1_000,
  /** A browser tells of what it receives at least every one and a half: one that says nothing for so long is gone. */
  silentMs: 3_000,
};

/** Has relays let go of players that have vanished. */
export interface Vanished {
  /** Nobody is at the other end of a session's socket any more; its connections may be well. */
  left(session: Id): void;
  close(): void;
}

/**
 * Has the relay cut the connections of a player that is gone without a word, as with a killed tab: by itself it would
 * send on for half a minute, and could not be drained for so long. One that still answers the relay keeps them.
 * @param isBack whether a player speaks for the session again
 */
export function watchVanished(
  { cells, whep, log }: Pick<HttpServices, 'cells' | 'whep' | 'log'>,
  isBack: (session: Id) => boolean,
  times = VANISHED,
): Vanished {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // many may vanish at once
  const pause = (ms: number) => wait(ms, undefined, { signal: closing.signal, ref: false });

  const absent = (session: Id): CellView | undefined => {
    const view = cells.view({ kind: 'viewer', id: session });
    return view && isOpen(view) && !isBack(session) ? view : undefined;
  };
  /** What has come of it on all its connections with a picture; undefined: that can't be told. */
  const heardFrom = async (session: CellView): Promise<string | undefined> => {
    const asked = legsKnown(session).map(async ([leg, { relay, relay_session }]) => {
      const bytes = await whep.heardBytes(relay, relay_session);
      return bytes === undefined ? undefined : `${leg} ${relay_session} ${bytes}`;
    });
    const heard = await Promise.all(asked);
    return heard.length === 0 || heard.includes(undefined) ? undefined : heard.join();
  };
  async function look(session: Id): Promise<void> {
    await pause(times.backWithinMs);
    const first = absent(session);
    const before = first && (await heardFrom(first));
    if (before === undefined) return;
    await pause(times.silentMs);
    const now = absent(session);
    if (!now || (await heardFrom(now)) !== before || isBack(session)) return;
    const at = { kind: 'viewer' as const, id: session };
    const gone = legsKnown(now).map(async ([, { relay, relay_session }]) => {
      await whep.cut(relay, relay_session);
      // Of one that was only being opened the relay itself would never tell.
      await cells.offer(at, { type: 'seat.left', relay, relay_session });
    });
    await Promise.all(gone);
    log.info({ session }, 'a player has vanished: the relay lets go of its connections');
  }

  return {
    left(session) {
      look(session).catch((error: unknown) => {
        // A relay that does not answer has a health watch of its own.
        if (!closing.signal.aborted) log.debug({ err: error, session }, 'it can not be told whether a player is there');
      });
    },
    close: () => closing.abort(),
  };
}

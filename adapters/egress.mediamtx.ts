import { RelayAway } from './mediamtx/exchange.ts';
import { type Mediamtx, RelayRefused, type SessionKind } from './mediamtx.ts';

/** What a relay sends to the outside, in bits a second. */
export interface Egress {
  relay: string;
  /** Monotonic ms. */
  at: number;
  /** By viewer session. */
  viewers: ReadonlyMap<string, number>;
  /** By broadcast. */
  broadcasts: ReadonlyMap<string, number>;
}

const EVERY_MS = 1_000;
const KINDS: SessionKind[] = ['webrtcsessions', 'rtspsessions', 'rtspssessions', 'srtconns'];

/** Bytes counted so far, of one relay session or push path, and whose they are. */
interface Counted {
  of: 'viewers' | 'broadcasts';
  name: string;
  bytes: number;
}

/** A relay without that server knows no such list. */
const unlessNone = (error: unknown): [] => {
  if (error instanceof RelayRefused && error.status === 404) return [];
  throw error;
};

/** All that a relay has sent so far, by relay session and push. */
async function count(api: Mediamtx, broadcastOf: (path: string) => string | undefined): Promise<Map<string, Counted>> {
  const [paths, ...lists] = await Promise.all([
    api.paths(),
    ...KINDS.map((kind) => api.sessions(kind).catch(unlessNone)),
  ]);
  const counted = new Map<string, Counted>();
  for (const { id, user, outboundBytes } of lists.flat()) {
    counted.set(id, { of: 'viewers', name: user, bytes: outboundBytes });
  }
  for (const { name: path, outboundBytes } of paths) {
    const name = broadcastOf(path);
    if (name !== undefined) counted.set(path, { of: 'broadcasts', name, bytes: outboundBytes });
  }
  return counted;
}

/** What was sent between two counts. */
function rates(before: Map<string, Counted>, now: Map<string, Counted>, seconds: number) {
  const sums = { viewers: new Map<string, number>(), broadcasts: new Map<string, number>() };
  for (const [key, { of, name, bytes }] of now) {
    const sent = bytes - (before.get(key)?.bytes ?? 0);
    // Another connection counts from nothing.
    const bps = (Math.max(0, sent) * 8) / seconds;
    sums[of].set(name, (sums[of].get(name) ?? 0) + bps);
  }
  return sums;
}

/**
 * Measures what relays send to viewers and destinations, once a second, while `wanted`. Readers of our own, on the same
 * machine, are among the viewers by other names.
 * @param broadcastOf the broadcast that a path is pushed for, if it is one
 */
export function watchEgress(
  apis: readonly Mediamtx[],
  broadcastOf: (path: string) => string | undefined,
  wanted: () => boolean,
  tell: (egress: Egress) => void,
): { close(): void } {
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;
  const watch = (api: Mediamtx): void => {
    let before: { at: number; counted: Map<string, Counted> } | undefined;
    const look = async (): Promise<void> => {
      if (!wanted()) {
        before = undefined;
        return;
      }
      const counted = await count(api, broadcastOf);
      const at = performance.now();
      const last = before;
      before = { at, counted };
      if (last && !closed) tell({ relay: api.relay, at, ...rates(last.counted, counted, (at - last.at) / 1000) });
    };
    const again = (): void => {
      const timer = setTimeout(async () => {
        timers.delete(timer);
        await look().catch((error: unknown) => {
          // Its health is watched by others; it counts from nothing when it is back.
          if (!(error instanceof RelayAway || error instanceof RelayRefused)) throw error;
          before = undefined;
        });
        if (!closed) again();
      }, EVERY_MS).unref();
      timers.add(timer);
    };
    again();
  };
  for (const api of apis) watch(api);
  return {
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

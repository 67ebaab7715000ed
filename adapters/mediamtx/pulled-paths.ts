import type { PathConfig } from '../mediamtx.ts';
import type { RelayPaths } from './relay-paths.ts';

/** Paths that a relay reads from another one, each only while somebody watches it there. */
export interface PulledPaths {
  /** They are these from now on. */
  set(names: Iterable<string>): void;
  /** The addresses hold tokens that end some day: looks whether it is time for new ones. */
  keepFresh(): void;
  /** Cares for them no more, and leaves them as they are. */
  leave(): void;
}

/** A path that a relay reads at an address, only while somebody reads it. */
export const pulledFrom = (source: string): PathConfig => ({ source, rtspTransport: 'tcp', sourceOnDemand: true });

/** Addresses hold tokens that end some day. */
const TOKENS_FRESH_MS = 3_600_000;

/**
 * Has a relay pull paths.
 * @param urlOf where a path is read, with a fresh token in the address
 * @param refused the relay takes no such path: who watches there is refused
 */
export function pullPaths(
  at: RelayPaths,
  urlOf: (name: string) => string,
  refused: (detail: string) => void = () => {},
): PulledPaths {
  const pulled = new Set<string>();
  let freshAt = performance.now();
  const want = (name: string) => at.want(name, pulledFrom(urlOf(name)), refused);
  return {
    set(names) {
      const wanted = new Set(names);
      for (const name of pulled) if (!wanted.has(name)) at.drop(name);
      for (const name of wanted) if (!pulled.has(name)) want(name);
      pulled.clear();
      for (const name of wanted) pulled.add(name);
    },
    keepFresh() {
      if (performance.now() - freshAt <= TOKENS_FRESH_MS) return;
      freshAt = performance.now();
      for (const name of pulled) want(name);
    },
    leave() {
      for (const name of pulled) at.leave(name);
      pulled.clear();
    },
  };
}

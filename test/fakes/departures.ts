import type { Departure, Departures } from '../../adapters/departures.switcher.ts';

/** A departure path as a test sees it. */
export interface FakeDeparture {
  camera: string;
  relay: string;
  path: string;
  /** What was to come on it instead of the camera's own picture. */
  rung?: string;
  departed: boolean;
  closed: boolean;
}

/** Departure paths as a test wants them; what becomes of each is noted. */
export interface FakeDepartures extends Departures {
  /** Whether there is one when it is asked for. */
  ready: boolean;
  /** Paths that carry the camera's own picture for want of their rung. */
  lacking: Set<string>;
  taken: FakeDeparture[];
}

/** Makes departure paths that are ready. */
export function fakeDepartures(): FakeDepartures {
  const departures: FakeDepartures = {
    ready: true,
    lacking: new Set(),
    taken: [],
    take(camera, relay, rung): Departure | undefined {
      if (!departures.ready) return undefined;
      const path = `departure/${camera}/${departures.taken.length}`;
      const noted = { camera, relay, path, departed: false, closed: false, ...(rung ? { rung: rung.name } : {}) };
      departures.taken.push(noted);
      return {
        path,
        depart() {
          noted.departed = true;
        },
        close() {
          noted.closed = true;
        },
      };
    },
    lacksRung: (_camera, path) => departures.lacking.has(path),
  };
  return departures;
}

import { ID_PATTERN } from '../bus/identity.ts';
import type { ProvisionSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import { pulledFrom } from './mediamtx/pulled-paths.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import { type PathConfig, RelayRefused } from './mediamtx.ts';

/**
 * A camera's program path is its id, so one pattern covers every camera: no write per camera, and a delivery relay
 * takes the switcher's picture the moment it runs.
 */
export const PROGRAM_PATHS = `~${ID_PATTERN}`;

/** Departure paths: the camera's id, and one name for each reader. */
export const DEPARTURE_PATHS = `~^departure/${ID_PATTERN.slice(1, -1)}/${ID_PATTERN.slice(1)}`;

/** The same at a relay that pulls: whoever comes to one of them has it read where it is published. */
const PULLED_DEPARTURES = `~^(${DEPARTURE_PATHS.slice(2, -1)})$`;

/** The newest publisher wins: a restarted switcher need not wait until its dead connection is noticed. */
export const PROGRAM_PATH: PathConfig = { source: 'publisher', overridePublisher: true };

/** Gives a relay that started anew the paths it shall have: the sources that are held now, or the program paths. */
export function provisionMediamtx(pathsOf: (relay: string) => RelayPaths): ProvisionSlot {
  return ({ relay, instance }, report) => {
    const startedAt = performance.now();
    pathsOf(relay)
      .restore(instance)
      .then((paths) => {
        report({ type: 'paths.provisioned', instance, paths, elapsed_ms: Math.round(performance.now() - startedAt) });
      })
      .catch((error: unknown) => {
        if (!(error instanceof RelayAway || error instanceof RelayRefused)) throw error;
        report({ type: 'paths.refused', detail: error.message });
      });
    return { release() {} };
  };
}

/** Wants a delivery relay to take every camera's program, and its departure paths. */
export function wantPrograms(paths: RelayPaths, refused: (detail: string) => void): void {
  paths.want(PROGRAM_PATHS, PROGRAM_PATH, refused);
  paths.want(DEPARTURE_PATHS, PROGRAM_PATH, refused);
}

/**
 * Wants a delivery relay that pulls to read departure paths at another one. It reads with what {@link pullWith} adds to
 * the query of whoever comes: such a path is opened once, by a gateway, so that no token has to stand at the relay.
 * @param server where the other one is reached over RTSP, with a slash at the end
 */
export function pullDepartures(paths: RelayPaths, server: string, refused: (detail: string) => void): void {
  paths.want(PULLED_DEPARTURES, pulledFrom(`${server}$G1?$MTX_QUERY`), refused);
}

/** The query with which somebody opens a path at a relay that is to pull it with this token. */
export const pullWith = (query: string, token: string): string => `${query}&token=${token}`;

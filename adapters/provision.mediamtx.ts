import { ID_PATTERN } from '../bus/identity.ts';
import type { ProvisionSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import { type PathConfig, RelayRefused } from './mediamtx.ts';

/**
 * A camera's program path is its id, so one pattern covers every camera: no write per camera, and a delivery relay
 * takes the switcher's picture the moment it runs.
 */
export const PROGRAM_PATHS = `~${ID_PATTERN}`;

/** Departure paths: the camera's id, and one name for each reader. */
export const DEPARTURE_PATHS = `~^departure/${ID_PATTERN.slice(1, -1)}/${ID_PATTERN.slice(1)}`;

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

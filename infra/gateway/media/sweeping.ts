import type { Logger } from 'pino';
import { cameraOfPath, INTAKE_PATHS } from '../../../adapters/intake.mediamtx.ts';
import { broadcastOfPath, PUSH_PATHS } from '../../../adapters/push.mediamtx.ts';
import { type Group, runsHere } from '../../group.ts';
import type { Launchers } from '../launchers.ts';
import type { RelayClients } from './relay-clients.ts';

/**
 * Deletes what former gateways left and no cell holds: paths at the relays of this machine, and encoders of pushes.
 * @param elsewhere cells that are another gateway's to care for
 */
export function sweepLeftovers(
  { group, clients, launchers, log }: { group: Group; clients: RelayClients; launchers: Launchers; log: Logger },
  elsewhere: (kind: 'camera' | 'broadcast', id: string) => boolean,
): void {
  for (const { id, role } of group.relays.filter((place) => runsHere(group, place))) {
    clients
      .paths(id)
      .sweep(role === 'intake' ? INTAKE_PATHS : PUSH_PATHS, (path) =>
        role === 'intake' ? elsewhere('camera', cameraOfPath(path)) : elsewhere('broadcast', broadcastOfPath(path)),
      )
      .then((swept) => swept.length > 0 && log.info({ relay: id, swept }, 'paths that nobody holds are gone'))
      .catch((err) => log.warn({ relay: id, err }, 'leftover paths could not be looked for; a restart clears them'));
  }
  launchers
    .sweepEncoders((name) => elsewhere('broadcast', name))
    .catch((err) => log.warn({ err }, 'leftover encoders could not be looked for'));
}

import type { Gate } from '../../../adapters/gate.jsonwebtoken.ts';
import { type RelayPaths, relayPaths } from '../../../adapters/mediamtx/relay-paths.ts';
import { type Mediamtx, mediamtx } from '../../../adapters/mediamtx.ts';
import type { Disk } from '../../../adapters/recordings/disk.ts';
import type { RelayReach } from './relay-reach.ts';

/** The control APIs of a group's relays, and the paths that are wanted at each. */
export interface RelayClients {
  /** @throws Error when no such relay belongs to the group */
  api(relay: string): Mediamtx;
  /** @throws Error when no such relay belongs to the group */
  paths(relay: string): RelayPaths;
  /** Somebody else may have written to the relays: what stands there is read anew. */
  lookAgain(): void;
  close(): void;
}

const API_TOKEN_S = 600;

/** A token for the relays' control API, made anew before it ends. */
function apiToken(gate: Gate): () => string {
  let token = '';
  let staleAt = 0;
  return () => {
    if (performance.now() < staleAt) return token;
    staleAt = performance.now() + (API_TOKEN_S * 1000) / 2;
    token = gate.mintRelay('gateway', [{ action: 'api', path: '' }], API_TOKEN_S);
    return token;
  };
}

/** What is found under a relay's name. @throws Error when no such relay belongs to the group */
export function known<T>(map: ReadonlyMap<string, T>, relay: string): T {
  const found = map.get(relay);
  if (!found) throw new Error(`no relay ${relay} belongs to this group`);
  return found;
}

/**
 * Makes the clients.
 * @param recordsAt the disk that a relay records to, where this machine can see it
 * @param onCall told of every call of a relay's control API
 */
export function openRelayClients(
  relays: readonly RelayReach[],
  gate: Gate,
  recordsAt: (relay: RelayReach) => Pick<Disk, 'takesWrites'> | undefined,
  onCall: (relay: string) => void,
): RelayClients {
  const apis = new Map<string, Mediamtx>();
  const paths = new Map<string, RelayPaths>();
  for (const relay of relays) {
    const { id, api } = relay;
    const client = mediamtx({ relay: id, ...api, token: apiToken(gate), onCall: () => onCall(id) });
    apis.set(id, client);
    paths.set(id, relayPaths(client, recordsAt(relay)?.takesWrites));
  }
  return {
    api: (relay) => known(apis, relay),
    paths: (relay) => known(paths, relay),
    lookAgain() {
      for (const one of paths.values()) one.lookAgain();
    },
    close() {
      for (const one of paths.values()) one.close();
    },
  };
}

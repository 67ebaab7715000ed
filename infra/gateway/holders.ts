import type { Federation } from '../../actors/federation.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { Id } from '../../bus/identity.ts';
import type { Bus } from '../../bus/ports/bus.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { GatewayVerb } from '../http/message-roles.ts';

/** What asking needs. */
export interface HolderParts {
  node: string;
  bus: Bus;
  gate: Gate;
  cells: Pick<Federation, 'livesElsewhere'>;
}

/** What gateways alone know of the cameras that live with them. */
type Known = Extract<GatewayVerb, 'poster' | 'intake'>;

const ANSWER_WITHIN_MS = 1_000;
const TOKEN_S = 30;

/**
 * Finds what the gateway knows where a camera lives: here, or over the bus.
 * @returns undefined also while nobody holds the camera, or that gateway does not know
 */
export function askHolder({ node, bus, gate, cells }: HolderParts) {
  return async <T extends object>(verb: Known, camera: Id, here: () => T | undefined): Promise<T | undefined> => {
    const to = { kind: 'camera' as const, id: camera };
    if (!cells.livesElsewhere(to)) return here();
    const request = { to, verb, token: gate.mintGateway(node, TOKEN_S), body: null };
    try {
      const told = (await bus.ask(request, ANSWER_WITHIN_MS)) as T | { error: string } | null | undefined;
      return told && !('error' in told) ? told : undefined;
    } catch (error) {
      if (error instanceof JournalAway) return undefined;
      throw error;
    }
  };
}

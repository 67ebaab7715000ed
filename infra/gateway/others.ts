import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { Id } from '../../bus/identity.ts';
import type { Bus } from '../../bus/ports/bus.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { GatewayVerb } from '../http/message-roles.ts';

/** What asking needs. */
export interface OthersParts {
  node: string;
  bus: Bus;
  gate: Gate;
  /** Names of the living gateways. */
  members(): readonly string[];
}

/** What a gateway may know of a session, wherever that lives. */
type Known = Extract<GatewayVerb, 'leg' | 'audience'>;

const TOKEN_S = 30;

/**
 * Asks all other gateways about a session, of which the one that knows answers.
 * @returns undefined where none does in time, or this gateway is alone
 */
export function askOthers({ node, bus, gate, members }: OthersParts) {
  return async <T extends object>(
    verb: Known,
    session: Id,
    body: unknown,
    withinMs: number,
  ): Promise<T | undefined> => {
    if (members().length < 2) return undefined;
    const to = { kind: 'viewer' as const, id: session };
    try {
      const told = (await bus.ask({ to, verb, token: gate.mintGateway(node, TOKEN_S), body }, withinMs)) as
        | T
        | { error: string }
        | undefined;
      return told && !('error' in told) ? told : undefined;
    } catch (error) {
      if (error instanceof JournalAway) return undefined;
      throw error;
    }
  };
}

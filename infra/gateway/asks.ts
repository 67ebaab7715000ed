import { answerGateway, type Entrusted, type Federation } from '../../actors/federation.ts';
import type { Roster } from '../../actors/roster.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { type Ask, type Bus, NOT_MINE } from '../../bus/ports.ts';
import { KINDS } from '../../bus/subjects.ts';
import type { Poster } from '../http/services.ts';
import { mayTouch } from '../http/sight.ts';
import { sendPoster } from './posters.ts';

/** What answering asks needs. */
export interface AskParts {
  bus: Bus;
  cells: Federation;
  roster: Roster;
  gate: Gate;
  /** The latest picture of a camera that lives here. */
  poster(camera: string): Poster | undefined;
}

/** Says no to an ask; the caller gets `reason` and the text. */
class AskRefused extends Error {
  readonly reason: string;
  constructor(reason: string, text: string) {
    super(text);
    this.name = 'AskRefused';
    this.reason = reason;
  }
}

/**
 * Answers asks over the bus (`askSubject` in bus/subjects.ts): `view` tells a cell's state and `close` ends a viewer
 * session; each carries a login token, checked here as at the HTTP door. `offer`, `create` and `poster` are for other
 * gateways, which sign with a token of their own. Asks to a cell of another gateway are left to that one.
 */
export async function answerAsks({ bus, cells, roster, gate, poster }: AskParts): Promise<{ close(): void }> {
  const answer = async ({ to, verb, token, body }: Ask): Promise<unknown> => {
    if (verb === 'offer' || verb === 'create') {
      await gate.verifyGateway(token);
      const mine = verb === 'create' ? cells.belongsHere(to) : roster.has(to);
      return mine ? answerGateway(roster, to, verb, body as Entrusted) : NOT_MINE;
    }
    if (cells.livesElsewhere(to)) return NOT_MINE;
    if (verb === 'poster') {
      await gate.verifyGateway(token);
      const found = poster(to.id);
      return found && sendPoster(found);
    }
    const caller = await gate.verifyLogin(token);
    const view = cells.view(to);
    // Who may not know of a cell is told the same as who asks for one that is not there.
    if (!view || !mayTouch(caller, view, verb !== 'view')) throw new AskRefused('denied', 'Access denied');
    switch (verb) {
      case 'view': {
        const { kind, id, state, tags, since, why } = view;
        return { kind, id, state, tags, since, why };
      }
      case 'close':
        if (view.kind !== 'viewer') break;
        await cells.offer(to, { type: 'viewer.revoked', by: caller.sub, reason: 'closed over the bus' });
        return { id: view.id, state: cells.view(to)?.state };
    }
    throw new AskRefused('unknown', `a ${view.kind} knows no "${verb}"`);
  };
  const running = await Promise.all(KINDS.map((kind) => bus.answer(kind, answer)));
  return {
    close() {
      for (const subscription of running) subscription.close();
    },
  };
}

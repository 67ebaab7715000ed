import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { answerGateway, type Entrusted, type Federation } from '../../actors/federation.ts';
import type { Roster } from '../../actors/roster.ts';
import type { Gate, LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { type Ask, type Bus, NOT_MINE } from '../../bus/ports.ts';
import { shape } from '../../bus/shape.ts';
import { type Address, KINDS } from '../../bus/subjects.ts';
import { AcknowledgeSchema, acknowledgeAlarm } from '../http/acknowledging.ts';
import {
  closeIncident,
  DeclareSchema,
  declareIncident,
  type IncidentHouse,
  Minutes,
  renewIncident,
} from '../http/declaring.ts';
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
  /** The configuration as it stands now: where broadcasts may go, how far back a role may look. */
  config(): IncidentHouse['config'];
}

const declared = shape('declaration', DeclareSchema);
const acknowledged = shape('acknowledgement', AcknowledgeSchema);
const renewed = shape('renewal', Type.Object({ minutes: Minutes }, { additionalProperties: false }));

/** A cell as it is told over the bus. */
const tell = ({ kind, id, state, tags, since, why }: CellView) => ({ kind, id, state, tags, since, why });

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
 * session; `declare` begins an incident under that name, `renew` and `close` prolong and end it; `acknowledge` says that
 * somebody takes care of an alarm. Each carries a login token, checked here as at the HTTP door. `offer`, `create` and `poster` are for other
 * gateways, which sign with a token of their own. Asks to a cell of another gateway are left to that one.
 */
export async function answerAsks({ bus, cells, roster, gate, poster, config }: AskParts): Promise<{ close(): void }> {
  /** What may be done to an incident: the same as over HTTP. The name that is asked is its key. */
  const command = async (caller: LoginClaims, to: Address, verb: string, body: unknown): Promise<unknown> => {
    const house = { cells, config: config() };
    if (verb === 'declare') {
      if (!cells.view(to) && !cells.belongsHere(to)) return NOT_MINE;
      return tell((await declareIncident(house, caller, { key: to.id, ...declared.parse(body) })).view);
    }
    if (verb === 'renew') return tell(await renewIncident(house, caller, to.id, renewed.parse(body).minutes));
    if (verb === 'close') return tell(await closeIncident(house, caller, to.id));
    throw new AskRefused('unknown', `an incident knows no "${verb}"`);
  };

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
    if (to.kind === 'incident' && verb !== 'view') return command(caller, to, verb, body);
    if (to.kind === 'alarm' && verb === 'acknowledge') {
      return tell(await acknowledgeAlarm({ cells }, caller, to.id, acknowledged.parse(body ?? {})));
    }
    const view = cells.view(to);
    // Who may not know of a cell is told the same as who asks for one that is not there.
    if (!view || !mayTouch(caller, view, verb !== 'view')) throw new AskRefused('denied', 'Access denied');
    switch (verb) {
      case 'view':
        return tell(view);
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

import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { answerGateway, type Entrusted, type Federation } from '../../actors/federation.ts';
import type { Roster } from '../../actors/roster.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { Id } from '../../bus/identity.ts';
import { type Ask, type Bus, NOT_MINE } from '../../bus/ports/bus.ts';
import { shape } from '../../bus/shape.ts';
import { type Address, KINDS } from '../../bus/subjects.ts';
import { isAtLeast } from '../../machines/policy/access.ts';
import { grantsTo } from '../../machines/policy/grants.ts';
import type { IntakeChoice } from '../../machines/policy/intake.ts';
import { AcknowledgeSchema, acknowledgeAlarm, mayWith, wasRaised } from '../http/acknowledging.ts';
import {
  closeIncident,
  DeclareSchema,
  declareIncident,
  type IncidentHouse,
  Minutes,
  mayOf,
  renewIncident,
} from '../http/declaring.ts';
import { doerOf } from '../http/doing.ts';
import { type Caller, openings } from '../http/door.ts';
import { denied, Refusal } from '../http/errors.ts';
import { zonesBy } from '../http/hearing.ts';
import { type GatewayVerb, ruleOfAsk, type Verb } from '../http/message-roles.ts';
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
  /** The intake that takes publishers of a camera that lives here. */
  intake(camera: Id): IntakeChoice;
  /** What is written of a camera, where its intake runs on this machine; otherwise NOT_MINE. */
  written(camera: Id, question: unknown): Promise<unknown>;
  /** Does what a client says of a connection, where it was opened here; otherwise NOT_MINE. */
  leg(session: Id, question: unknown): Promise<unknown>;
  /** When a player over HLS was last heard of, where it asks this gateway; otherwise NOT_MINE. */
  audience(session: Id, question: unknown): unknown;
  /** The configuration as it stands now: where broadcasts may go, how far back a role may look. */
  config(): IncidentHouse['config'];
}

const declared = shape('declaration', DeclareSchema);
const acknowledged = shape('acknowledgement', AcknowledgeSchema);
const renewed = shape('renewal', Type.Object({ minutes: Minutes }, { additionalProperties: false }));

/** A cell as it is told over the bus. */
const tell = ({ kind, id, state, tags, since, why }: CellView) => ({ kind, id, state, tags, since, why });

/** Whoever asks, with what running incidents open to them, as at the HTTP door. */
type Answer = (caller: Caller, to: Address, body: unknown) => Promise<unknown>;

/** What people and programs may ask: the same is done, and refused, as over HTTP. The name of an incident is its key. */
function answersTo({ cells, config }: Pick<AskParts, 'cells' | 'config'>): Record<Exclude<Verb, GatewayVerb>, Answer> {
  const house = () => ({ cells, config: config() });
  const zoneNow = zonesBy({ cells });
  const mayKnow = (caller: Caller, view: CellView): boolean => {
    if (view.kind === 'incident') return mayOf({ cells }, caller, view).watchAny;
    if (view.kind === 'alarm') return wasRaised(view) && mayWith({ cells }, caller, view, 'hear');
    return mayTouch(caller, view, zoneNow);
  };
  // Who may not know of a cell is told the same as who asks for one that is not there.
  const known = (caller: Caller, to: Address): CellView => {
    const view = cells.view(to);
    if (!view || !mayKnow(caller, view)) throw denied();
    return view;
  };
  return {
    view: async (caller, to) => tell(known(caller, to)),
    async close(caller, to) {
      if (to.kind === 'incident') return tell(await closeIncident(house(), caller, to.id));
      const { id } = known(caller, to);
      await cells.offer(to, { type: 'viewer.revoked', ...doerOf(caller), reason: 'closed over the bus' });
      return { id, state: cells.view(to)?.state };
    },
    async declare(caller, to, body) {
      if (!cells.view(to) && !cells.belongsHere(to)) return NOT_MINE;
      return tell((await declareIncident(house(), caller, { key: to.id, ...declared.parse(body) })).view);
    },
    renew: async (caller, to, body) => tell(await renewIncident(house(), caller, to.id, renewed.parse(body).minutes)),
    acknowledge: async (caller, to, body) =>
      tell(await acknowledgeAlarm({ cells }, caller, to.id, acknowledged.parse(body ?? {}))),
  };
}

/**
 * Answers asks over the bus (`askSubject` in bus/subjects.ts) by the table in infra/http/message-roles.ts. Each carries a
 * login or service token, checked here as at the HTTP door; gateways sign theirs with a token of their own. Asks to a
 * cell of another gateway are left to that one.
 */
export async function answerAsks(parts: AskParts): Promise<{ close(): void }> {
  const { bus, cells, roster, gate, poster, intake, written, leg, audience } = parts;
  const answers = answersTo(parts);

  const answerGatewayAsk = async (verb: GatewayVerb, to: Address, body: unknown): Promise<unknown> => {
    if (verb === 'poster') {
      const found = poster(to.id);
      return found && sendPoster(found);
    }
    if (verb === 'written') return written(to.id, body);
    if (verb === 'leg') return leg(to.id, body);
    if (verb === 'audience') return audience(to.id, body);
    const mine = verb === 'create' ? cells.belongsHere(to) : roster.has(to);
    if (verb === 'intake') return mine ? intake(to.id) : NOT_MINE;
    return mine ? answerGateway(roster, to, verb, body as Entrusted) : NOT_MINE;
  };
  const answer = async ({ to, verb: asked, token, body }: Ask): Promise<unknown> => {
    const known = ruleOfAsk(to.kind, asked);
    if (known?.who === 'gateway') {
      if (known.verb === 'poster' && cells.livesElsewhere(to)) return NOT_MINE;
      await gate.verifyGateway(token);
      return answerGatewayAsk(known.verb, to, body);
    }
    if (cells.livesElsewhere(to)) return NOT_MINE;
    const claims = await gate.verifyLogin(token);
    if (!known) throw new Refusal(404, 'unknown', `"${asked}" is nothing that ${to.kind} cells can be asked.`);
    if (!isAtLeast(claims.role, known.who)) throw denied('role');
    const caller = { ...claims, granted: grantsTo(openings({ cells }), claims) };
    return answers[known.verb](caller, to, body);
  };
  const running = await Promise.all(KINDS.map((kind) => bus.answer(kind, answer)));
  return {
    close() {
      for (const subscription of running) subscription.close();
    },
  };
}

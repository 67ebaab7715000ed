import Type from 'typebox';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { type Id, IdSchema } from '../../bus/identity.ts';
import { type Bus, NOT_MINE } from '../../bus/ports/bus.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import { shape } from '../../bus/shape.ts';
import { Refusal, refusalFor } from '../http/errors.ts';
import type { LegAnswer, LegSaying, LegsElsewhere } from '../http/legs-elsewhere.ts';
import { MAX_SDP_BYTES } from '../http/sdp.ts';

/** What asking needs. */
export interface LegsElsewhereParts {
  node: string;
  bus: Bus;
  gate: Gate;
  /** Names of the living gateways. */
  members(): readonly string[];
}

const saying = shape(
  'what a client says of its connection',
  Type.Object({
    leg: IdSchema,
    fragment: Type.Optional(Type.String({ maxLength: MAX_SDP_BYTES })),
    ifMatch: Type.Optional(Type.String({ maxLength: 200 })),
  }),
);

/** What the gateway that has the connection answers. */
type Answer = LegAnswer | { refused: Pick<Refusal, 'status' | 'reason' | 'message' | 'more' | 'retryAfterS'> };

/** A relay takes changes within two seconds; the way there and back comes on top. */
const ANSWER_WITHIN_MS = 3_000;
const TOKEN_S = 30;

/** Asks all other gateways over the bus, of which the one that has the connection answers; and answers for this one. */
export function openLegsElsewhere({ node, bus, gate, members }: LegsElsewhereParts): LegsElsewhere & {
  /** What another gateway asks of a session. */
  hear(session: Id, question: unknown): Promise<Answer | typeof NOT_MINE>;
} {
  let hears: (session: Id, said: LegSaying) => Promise<LegAnswer | undefined> = async () => undefined;
  return {
    async tell(session, said) {
      if (members().length < 2) return undefined;
      const request = {
        to: { kind: 'viewer' as const, id: session },
        verb: 'leg',
        token: gate.mintGateway(node, TOKEN_S),
        body: said,
      };
      const answer = (await bus.ask(request, ANSWER_WITHIN_MS).catch((error) => {
        if (error instanceof JournalAway) return undefined;
        throw error;
      })) as Answer | { error: string } | undefined;
      if (answer === undefined || 'error' in answer) return undefined;
      if (!('refused' in answer)) return answer;
      const { status, reason, message, more, retryAfterS } = answer.refused;
      throw new Refusal(status, reason, message, more, retryAfterS);
    },
    onTold(hear) {
      hears = hear;
    },
    async hear(session, question) {
      try {
        return (await hears(session, saying.parse(question) as LegSaying)) ?? NOT_MINE;
      } catch (error) {
        const refusal = refusalFor(error);
        if (!refusal) throw error;
        const { status, reason, message, more, retryAfterS } = refusal;
        return { refused: { status, reason, message, more, retryAfterS } };
      }
    },
  };
}

import Type from 'typebox';
import { type Id, IdSchema } from '../../bus/identity.ts';
import { NOT_MINE } from '../../bus/ports/bus.ts';
import { shape } from '../../bus/shape.ts';
import { Refusal, refusalFor } from '../http/errors.ts';
import type { LegAnswer, LegSaying, LegsElsewhere } from '../http/legs-elsewhere.ts';
import { MAX_SDP_BYTES } from '../http/sdp.ts';
import type { askOthers } from './others.ts';

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

/** Asks all other gateways over the bus, of which the one that has the connection answers; and answers for this one. */
export function openLegsElsewhere(ask: ReturnType<typeof askOthers>): LegsElsewhere & {
  /** What another gateway asks of a session. */
  hear(session: Id, question: unknown): Promise<Answer | typeof NOT_MINE>;
} {
  let hears: (session: Id, said: LegSaying) => Promise<LegAnswer | undefined> = async () => undefined;
  return {
    async tell(session, said) {
      const answer = await ask<Answer>('leg', session, said, ANSWER_WITHIN_MS);
      if (!answer || !('refused' in answer)) return answer;
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

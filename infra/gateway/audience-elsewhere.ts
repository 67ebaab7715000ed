import Type from 'typebox';
import type { Id } from '../../bus/identity.ts';
import { NOT_MINE } from '../../bus/ports/bus.ts';
import { shape } from '../../bus/shape.ts';
import type { AudienceElsewhere, AudienceSeat } from '../http/audience-elsewhere.ts';
import type { askOthers } from './others.ts';

const question = shape('question for a player', Type.Object({ seat: Type.Enum(['hls', 'past']) }));

/** Before a player is given up that is served wherever it asks. */
const ANSWER_WITHIN_MS = 1_000;

/** Asks the other gateways when they last heard of a player over HLS, and answers for this one. */
export function openAudienceElsewhere(ask: ReturnType<typeof askOthers>): AudienceElsewhere & {
  /** What another gateway asks of a session. */
  hear(session: Id, asked: unknown): { ago_ms: number } | typeof NOT_MINE;
} {
  const heard = new Map<AudienceSeat, (session: Id) => number | undefined>();
  return {
    async heardAgoMs(session, seat) {
      return (await ask<{ ago_ms: number }>('audience', session, { seat }, ANSWER_WITHIN_MS))?.ago_ms;
    },
    onAsked: (seat, heardAgoMs) => void heard.set(seat, heardAgoMs),
    hear(session, asked) {
      const ago_ms = heard.get(question.parse(asked).seat)?.(session);
      return ago_ms === undefined ? NOT_MINE : { ago_ms };
    },
  };
}

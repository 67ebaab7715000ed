import Type from 'typebox';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { DiskAway } from '../../adapters/recordings/disk.ts';
import type { Room, Seen, Written } from '../../adapters/recordings/written.ts';
import { type Id, IdSchema } from '../../bus/identity.ts';
import { type Bus, NOT_MINE } from '../../bus/ports/bus.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import { type Of, shape } from '../../bus/shape.ts';

const File = Type.Object({ name: Type.String({ maxLength: 200 }), size: Type.Number({ minimum: 0 }) });

/** What a gateway asks of those beside an intake: how a file of a source that is recorded there stands. */
export const writtenQuestion = shape(
  'question for what is written',
  Type.Object({ intake: IdSchema, source: IdSchema, known: Type.Optional(File) }),
);
const writtenAnswer = shape(
  'what is written',
  Type.Object({
    same: Type.Optional(File),
    newest: Type.Optional(File),
    room: Type.Object({ takesWrites: Type.Boolean(), freeBytes: Type.Optional(Type.Number()) }),
  }),
);

/**
 * Answers for the intakes whose recordings lie on this machine.
 * @param isHere whether an intake runs here
 */
export async function tellWritten(
  camera: Id,
  question: unknown,
  isHere: (intake: string) => boolean,
  here: Written,
): Promise<(Seen & { room: Room }) | typeof NOT_MINE> {
  const { intake, source, known } = writtenQuestion.parse(question);
  if (!isHere(intake)) return NOT_MINE;
  const room = await here.room(camera);
  return { ...(await here.look(camera, source, known)), room };
}

/** What asking needs. */
export interface WrittenElsewhereParts {
  node: string;
  bus: Bus;
  gate: Gate;
}

const ANSWER_WITHIN_MS = 2_000;
const TOKEN_S = 30;

/** Asks the gateways beside an intake of another machine. */
export function writtenElsewhere({ node, bus, gate }: WrittenElsewhereParts, intake: string, host: string): Written {
  const where = `${host} (${intake})`;
  let room: Room | undefined;
  const ask = async (camera: string, question: Omit<Of<typeof writtenQuestion>, 'intake'>) => {
    const to = { kind: 'recording' as const, id: camera as Id };
    const request = { to, verb: 'written', token: gate.mintGateway(node, TOKEN_S), body: { ...question, intake } };
    try {
      return writtenAnswer.parse(await bus.ask(request, ANSWER_WITHIN_MS));
    } catch (error) {
      room = undefined;
      const isAway = error instanceof JournalAway;
      throw new DiskAway(
        `Whether it is written on ${where} ${isAway ? 'nobody there tells' : `is not told: ${error}`}.`,
      );
    }
  };
  return {
    where,
    async look(camera, source, known) {
      const { room: found, ...seen } = await ask(camera, { source, ...(known ? { known } : {}) });
      room = found;
      return seen;
    },
    // It comes with each look: where that was not answered, another question would not be either.
    async room() {
      if (room) return room;
      throw new DiskAway(`Whether it is written on ${where} nobody there tells.`);
    },
  };
}

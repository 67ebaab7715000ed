import Type from 'typebox';
import { type CellThen, hashOf, pastFrom } from '../../actors/past.ts';
import type { Essence } from '../../actors/replay.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { STATES } from '../../bus/catalog.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { KINDS } from '../../bus/subjects.ts';
import { callerOf } from './door.ts';
import { Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { zonesBy } from './hearing.ts';
import { Sequence } from './journal.ts';
import type { HttpServices } from './services.ts';
import { mayTouch, placeOfCell, redacted } from './sight.ts';

const querySchema = Type.Object({
  at: Type.Optional(Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'epoch ms' })),
  seq: Sequence('of the journal, instead of ?at='),
  camera: Type.Optional(IdSchema),
});

const named = { kind: Type.Enum([...KINDS]), id: Type.String() };
const CellSchema = Type.Object({
  ...named,
  state: Type.Enum([...STATES]),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  tags: Type.Array(Type.String()),
  context: Type.Unknown({ description: 'all it knew; addresses only for operators of its zone' }),
  chart: Type.Optional(Type.Unknown({ description: 'its statechart; of viewers only when ?camera= is given' })),
});
const ReplaySchema = Type.Object({
  at: Type.Union([Type.Number(), Type.Null()]),
  seq: Type.Integer({ description: 'the newest record that had begun by then' }),
  hash: Type.String({ description: 'SHA-256 of the state of all cells shown here' }),
  compared: Type.Integer({ description: 'records folded and compared with what was recorded' }),
  first_difference: Type.Union([
    Type.Null(),
    Type.Object({
      ...named,
      seq: Type.Integer(),
      record: Type.String(),
      replayed: Type.Unknown(),
      recorded: Type.Unknown(),
    }),
  ]),
  cells: Type.Array(CellSchema),
});

/** A cell as it was then, as far as this person may know. */
function sightOf(cell: CellThen, caller: LoginClaims, withCharts: boolean) {
  const { view, essence, difference } = cell;
  const place = placeOfCell(view);
  const visible = <T>(value: T): T => redacted(caller, place, value);
  const context = visible(essence.context);
  const { kind, id, state, since, why } = { ...view, ...(context as { why: typeof view.why }) };
  const shownChart = withCharts || kind !== 'viewer' ? { chart: cell.chart() } : {};
  return {
    shown: { kind, id, state, since, why, tags: view.tags, context, ...shownChart },
    counted: { at: cell.at, essence: { ...essence, context } satisfies Essence },
    difference: difference && {
      ...cell.at,
      seq: difference.seq,
      record: difference.record,
      replayed: visible(difference.replayed),
      recorded: visible(difference.recorded),
    },
    compared: cell.compared,
  };
}

/** `GET /api/v1/replay`: the state of everything at a moment, folded from the journal without effects. */
export function replayRoutes(server: Server, { journal, cells }: HttpServices): void {
  server.get(
    '/api/v1/replay',
    { schema: { tags: ['events'], querystring: querySchema, response: { 200: ReplaySchema } } },
    async (request) => {
      const { at, seq, camera } = request.query;
      if ((at === undefined) === (seq === undefined)) {
        throw new Refusal(400, 'bad-request', 'Say which moment: ?at= in epoch ms, or ?seq= of the journal.');
      }
      const caller = callerOf(request);
      const zoneNow = zonesBy({ cells });
      const { past, seq: reached } = await pastFrom(journal, seq === undefined ? { at: at as number } : { seq });
      const mine = past
        .cells()
        .filter(({ view }) => mayTouch(caller, view, zoneNow))
        .filter(({ view }) => camera === undefined || placeOfCell(view)?.camera === camera)
        .map((cell) => sightOf(cell, caller, camera !== undefined));
      const differences = mine.flatMap(({ difference }) => difference ?? []).sort((a, b) => a.seq - b.seq);
      return {
        at: at ?? null,
        seq: reached,
        hash: hashOf(mine.map(({ counted }) => counted)),
        compared: mine.reduce((sum, one) => sum + one.compared, 0),
        first_difference: differences[0] ?? null,
        cells: mine.map(({ shown }) => shown),
      };
    },
  );
}

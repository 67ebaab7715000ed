import Type from 'typebox';
import { viewOf } from '../../actors/snapshot.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { STATES } from '../../bus/catalog.ts';
import type { Envelope } from '../../bus/envelope.ts';
import { type Why, WhySchema } from '../../bus/events/why.ts';
import { IdSchema, id } from '../../bus/identity.ts';
import type { JournalEntry } from '../../bus/ports/journal.ts';
import { KINDS } from '../../bus/subjects.ts';
import { callerOf } from './door.ts';
import { Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { type ZoneNow, zonesBy } from './hearing.ts';
import type { HttpServices } from './services.ts';
import { mayTouch, placeOfCell, redacted } from './sight.ts';

/** A sequence of the journal or of the facts, in a query. */
export const Sequence = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }));

const querySchema = Type.Object({
  kind: Type.Optional(Type.Enum([...KINDS])),
  id: Type.Optional(IdSchema),
  camera: Type.Optional(IdSchema),
  after: Sequence('only records behind this sequence'),
  before: Sequence('only records before this sequence'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

const ItemSchema = Type.Object({
  seq: Type.Integer(),
  at: Type.Number({ description: 'epoch ms at which the last of it was heard' }),
  kind: Type.Enum([...KINDS]),
  id: Type.String(),
  camera: Type.Optional(Type.String()),
  heard: Type.Array(Type.String({ description: 'type' })),
  said: Type.Array(Type.Object({ type: Type.String(), why: Type.Optional(WhySchema) })),
  state: Type.Enum([...STATES], { description: 'the state afterwards' }),
});
type Item = Type.Static<typeof ItemSchema>;
const PageSchema = Type.Object({
  items: Type.Array(ItemSchema),
  next: Type.Union([Type.Integer(), Type.Null()], { description: 'go on with ?after= this' }),
});

/** One question may cost reading this many records; then the answer says where to go on. */
const READ_AT_ONCE = 20_000;

/** A record as a person may see it; undefined when they may not know of its cell. */
function show({ seq, record }: JournalEntry, caller: LoginClaims, zoneNow: ZoneNow): Item | undefined {
  const { kind, cell, heard, said } = record;
  const { context } = record.after as { context: unknown };
  const view = viewOf({ kind, id: cell }, { context, tags: new Set() });
  if (!mayTouch(caller, view, zoneNow)) return undefined;
  const place = placeOfCell(view);
  const typeOf = ({ type }: Envelope) => type.replace(/^signalbox\./, '');
  return {
    seq,
    at: heard.at(-1)?.at ?? 0,
    kind,
    id: cell as string,
    ...(place ? { camera: place.camera } : {}),
    heard: heard.map(({ type }) => type),
    said: said.map((fact) => ({ type: typeOf(fact), why: redacted(caller, place, fact.data.why as Why) })),
    state: view.state,
  };
}

/** `GET /api/v1/journal`: what cells heard, paged by sequence. */
export function journalRoutes(server: Server, { journal, cells }: HttpServices): void {
  const zoneNow = zonesBy({ cells });
  server.get(
    '/api/v1/journal',
    { schema: { tags: ['events'], querystring: querySchema, response: { 200: PageSchema } } },
    async (request) => {
      const { kind, id: cell, camera, after = 0, before = Number.POSITIVE_INFINITY, limit = 200 } = request.query;
      if (cell !== undefined && kind === undefined) {
        throw new Refusal(400, 'bad-request', 'Say what kind of cell ?id= names: ?kind=camera, viewer or relay.');
      }
      const of = kind !== undefined && cell !== undefined ? { kind, id: id(cell) } : undefined;
      const caller = callerOf(request);
      const items: Item[] = [];
      let reached = after;
      let read = 0;
      for await (const entry of journal.read(of, after + 1)) {
        if (entry.seq >= before) break;
        if (items.length === limit || read === READ_AT_ONCE) return { items, next: reached };
        reached = entry.seq;
        read += 1;
        if (kind !== undefined && entry.record.kind !== kind) continue;
        const item = show(entry, caller, zoneNow);
        if (item && (camera === undefined || item.camera === camera)) items.push(item);
      }
      return { items, next: null };
    },
  );
}

import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { type LedgerEntry, ledgerEntry } from '../../bus/ledger.ts';
import type { Server } from './fastify.ts';
import { Sequence } from './journal.ts';
import type { HttpServices } from './services.ts';

const querySchema = Type.Object({
  after: Sequence('only entries behind this sequence'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000 })),
  camera: Type.Optional(IdSchema),
  subject: Type.Optional(Type.String({ maxLength: 200 })),
});
const PageSchema = Type.Object({
  items: Type.Array(ledgerEntry.schema),
  next: Type.Union([Type.Integer(), Type.Null()], { description: 'go on with ?after= this' }),
});

/** One question may cost reading this many entries; then the answer says where to go on. */
const READ_AT_ONCE = 50_000;

/** `GET /api/v1/ledger`: who watched which camera, oldest first. */
export function ledgerRoutes(server: Server, { ledger }: HttpServices): void {
  server.get(
    '/api/v1/ledger',
    { schema: { tags: ['events'], querystring: querySchema, response: { 200: PageSchema } } },
    async (request) => {
      const { after = 0, limit = 1_000, camera, subject } = request.query;
      const items: LedgerEntry[] = [];
      let reached = after;
      let read = 0;
      for await (const { seq, entry } of ledger.read(after + 1)) {
        if (items.length === limit || read === READ_AT_ONCE) return { items, next: reached };
        reached = seq;
        read += 1;
        if (camera !== undefined && entry.camera !== camera) continue;
        if (subject === undefined || entry.subject === subject) items.push(entry);
      }
      return { items, next: null };
    },
  );
}

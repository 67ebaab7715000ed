import { Readable } from 'node:stream';
import Type from 'typebox';
import { linesIn, textOf } from '../archive/lines.ts';
import type { Server } from './fastify.ts';
import { Sequence } from './journal.ts';
import type { HttpServices } from './services.ts';

const Moment = Type.Optional(Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'epoch ms' }));
const querySchema = Type.Object({
  from: Moment,
  to: Moment,
  seq: Sequence('up to this sequence of the journal, instead of ?to='),
  facts: Type.Optional(Type.Boolean({ description: 'with what was told; default true' })),
});

/** `GET /api/v1/export`: what was heard and told in a window, as JSON lines; the last one says `{"end":true}`. */
export function exportRoutes(server: Server, { journal, facts, log }: HttpServices): void {
  server.get(
    '/api/v1/export',
    { schema: { tags: ['events'], querystring: querySchema, produces: ['application/x-ndjson'] } },
    async (request, reply) => {
      const { from, to, seq, facts: withFacts = true } = request.query;
      const end = seq === undefined ? to !== undefined && { at: to } : { seq };
      const window = { ...(from === undefined ? {} : { from: { at: from } }), ...(end ? { to: end } : {}) };
      const texts = async function* () {
        for await (const line of linesIn(journal, withFacts ? facts : undefined, window)) yield `${textOf(line)}\n`;
      };
      // A store that is away is told as such; one that goes away later breaks the answer off before its last line.
      await journal.seqAt(0);
      const body = Readable.from(texts());
      body.on('error', (err) => log.warn({ err }, 'an export broke off'));
      return reply.type('application/x-ndjson').header('cache-control', 'no-store').send(body);
    },
  );
}

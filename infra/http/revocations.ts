import Type from 'typebox';
import { doerOf } from './doing.ts';
import { callerOf } from './door.ts';
import { missing } from './errors.ts';
import type { Server } from './fastify.ts';
import { programTakenBack, revoke, revokeProgram } from './revoking.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';

const RevocationSchema = Type.Object({
  id: Type.String(),
  sub: Type.Optional(Type.String()),
  jti: Type.Optional(Type.String()),
  at: Type.Number({ description: 'epoch ms: tokens of `sub` issued before are refused' }),
  by: Type.String(),
});
const closed = { additionalProperties: false };
const Text = Type.String({ minLength: 1, maxLength: 200 });
const What = Type.Union([Type.Object({ sub: Text }, closed), Type.Object({ jti: Text }, closed)]);

/** `/api/v1/revocations`: take tokens back, and cut what runs under them. */
export function revocationRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const path = '/api/v1/revocations';
  const tags = ['sessions'];
  server.get(
    path,
    { schema: { tags, response: { 200: Type.Object({ items: Type.Array(RevocationSchema), next: Type.Null() }) } } },
    async () => ({ items: services.revocations.list(), next: null }),
  );
  const Made = Type.Object({ ...RevocationSchema.properties, sessions_cut: Type.Integer() });
  server.post(path, { schema: { tags, body: What, response: { 201: Made } } }, async (request, reply) => {
    const { body } = request;
    const program = programTakenBack(services, body);
    const revocation = await (program
      ? revokeProgram(services, shared, request, program, body)
      : revoke(services, shared, body, doerOf(callerOf(request))));
    return reply.code(201).header('location', `${path}/${revocation.id}`).send(revocation);
  });
  server.delete(
    `${path}/:revocation_id`,
    { schema: { tags, params: Type.Object({ revocation_id: Type.String({ maxLength: 100 }) }) } },
    async (request, reply) => {
      if (!services.revocations.lift(request.params.revocation_id)) throw missing('such revocation');
      return reply.code(204).send();
    },
  );
}

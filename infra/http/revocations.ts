import Type from 'typebox';
import { type Revocation, TooManyRevocations } from '../../adapters/revocations.files.ts';
import { callerOf } from './door.ts';
import { missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { isOpen, viewerOf } from './views.ts';

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

/** Ends the sessions that were granted to a revoked token. @returns how many */
async function cut(services: HttpServices, shared: Shared, by: string): Promise<number> {
  const hit = services.cells.list('viewer').filter((view) => {
    const { subject } = viewerOf(view);
    return isOpen(view) && subject !== undefined && services.revocations.hits(subject);
  });
  const offers = hit.map((view) => {
    const event = { type: 'viewer.revoked', by, reason: 'the token was revoked' };
    const offered = services.cells.offer({ kind: 'viewer', id: view.id }, event);
    shared.connections.end(view.id, services.cells.view({ kind: 'viewer', id: view.id }));
    return offered;
  });
  const done = await Promise.allSettled(offers);
  for (const result of done) {
    if (result.status === 'rejected')
      services.log.error({ err: result.reason }, 'a revoked session could not be ended');
  }
  return hit.length;
}

/**
 * Takes tokens back, and cuts what runs under them.
 * @throws Refusal when so many revocations stand that no more are taken
 */
export async function revoke(
  services: HttpServices,
  shared: Shared,
  what: { sub: string } | { jti: string },
  by: string,
): Promise<Revocation & { sessions_cut: number }> {
  let revocation: Revocation;
  try {
    revocation = services.revocations.add(what, by);
  } catch (error) {
    if (error instanceof TooManyRevocations) throw new Refusal(409, 'too-many', error.message);
    throw error;
  }
  const sessions_cut = await cut(services, shared, by);
  shared.streams.check();
  return { ...revocation, sessions_cut };
}

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
    const revocation = await revoke(services, shared, request.body, callerOf(request).sub);
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

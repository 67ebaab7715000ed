import Type from 'typebox';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { BadToken } from '../../adapters/gate.jsonwebtoken.ts';
import { dropCookie, setCookie } from './cookie.ts';
import { callerOf } from './door.ts';
import { unauthorized } from './errors.ts';
import type { Server } from './fastify.ts';
import { refuseForeignSocket } from './origin.ts';
import type { HttpServices } from './services.ts';

const PersonSchema = Type.Object({
  sub: Type.String(),
  name: Type.Optional(Type.String()),
  role: Type.Enum(['viewer', 'operator', 'admin']),
  cameras: Type.Array(Type.String()),
  zones: Type.Array(Type.String()),
  expires_at: Type.Number({ description: 'epoch ms' }),
  demo: Type.Boolean(),
});

/** `/api/v1/login`: one-time link or login token in, cookie out; and the public keys. */
export function loginRoutes(server: Server, services: HttpServices): void {
  const { gate, links } = services;
  const path = '/api/v1/login';
  const tags = ['login'];
  const person = ({ sub, name, role, cameras, zones, exp }: LoginClaims) => ({
    sub,
    name,
    role,
    cameras,
    zones,
    expires_at: exp * 1000,
    demo: services.demo !== undefined,
  });

  server.post(
    path,
    {
      config: { rateLimit: { max: 30, timeWindow: 60_000 } },
      schema: {
        tags,
        body: Type.Object(
          { token: Type.String({ minLength: 1, maxLength: 16 * 1024 }) },
          { additionalProperties: false },
        ),
        response: { 200: PersonSchema },
      },
    },
    async (request, reply) => {
      // Nor may another site sign somebody in here under a name of its choice.
      refuseForeignSocket(request, services.config);
      const { token: text } = request.body;
      const grant = links.redeem(text);
      const token = grant ? gate.mintLogin(grant, services.config.auth.loginTokenTtlMs / 1000) : text;
      const claims = await gate.verifyLogin(token).catch((error: unknown) => {
        if (!(error instanceof BadToken) || error.reason !== 'malformed') throw error;
        throw unauthorized('link', 'This link was used already, or is too old: ask for a new one.');
      });
      setCookie(request, reply, services.config, token, claims.exp - Date.now() / 1000);
      return person(claims);
    },
  );
  server.get(path, { schema: { tags, response: { 200: PersonSchema } } }, async (request) => person(callerOf(request)));
  server.delete(path, { schema: { tags } }, async (request, reply) => {
    refuseForeignSocket(request, services.config);
    dropCookie(request, reply, services.config);
    return reply.code(204).send();
  });
  server.get('/.well-known/jwks.json', { schema: { tags } }, async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300').header('access-control-allow-origin', '*');
    return gate.jwks();
  });
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { BadToken } from '../../adapters/gate.jsonwebtoken/bad-token.ts';
import type { LoginClaims, LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import { isServiceToken } from '../../adapters/service-tokens.files.ts';
import { LONGEST_PASSWORD } from '../../machines/policy/passwords.ts';
import { countAttempts } from './attempts.ts';
import { dropCookie, setCookie } from './cookie.ts';
import { callerOf } from './door.ts';
import { unauthorized } from './errors.ts';
import type { Server } from './fastify.ts';
import { refuseForeignSocket } from './origin.ts';
import { signIn, type Typed } from './password-login.ts';
import { revoke } from './revoking.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';

const PersonSchema = Type.Object({
  sub: Type.String(),
  name: Type.Optional(Type.String()),
  role: Type.Enum(['viewer', 'operator', 'admin']),
  cameras: Type.Array(Type.String()),
  zones: Type.Array(Type.String()),
  expires_at: Type.Number({ description: 'epoch ms' }),
  demo: Type.Boolean(),
});
const closed = { additionalProperties: false };
// What is longer than a password may be is hashed as well, so that it is refused like any wrong one.
const Password = Type.String({ minLength: 1, maxLength: 4 * LONGEST_PASSWORD });
const Said = Type.Union([
  Type.Object({ token: Type.String({ minLength: 1, maxLength: 16 * 1024 }) }, closed),
  Type.Object(
    {
      user: Type.String({ minLength: 1, maxLength: 200 }),
      password: Password,
      new_password: Type.Optional(Password),
    },
    closed,
  ),
]);

const WaysSchema = Type.Object({
  password: Type.Boolean({ description: 'somebody signs in with a password' }),
  provider: Type.Optional(Type.Object({ name: Type.String() })),
});

const PATH = '/api/v1/login';
const tags = ['login'];

/** `/api/v1/login`: name and password, one-time link or login token in, cookie out; and the public keys. */
export function loginRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const { gate, links } = services;
  const attempts = countAttempts();
  const person = ({ sub, name, role, cameras, zones, exp }: LoginClaims) => ({
    sub,
    name,
    role,
    cameras,
    zones,
    expires_at: exp * 1000,
    demo: services.demo !== undefined,
  });
  const mint = (grant: LoginGrant) => gate.mintLogin(grant, services.config.auth.loginTokenTtlMs / 1000);

  /** Every earlier token of somebody ends; one that is made after this counts. */
  const endAll = async (sub: string) => {
    const { at } = await revoke(services, shared, { sub }, { by: sub });
    while (Date.now() <= at) await new Promise((resolve) => setImmediate(resolve));
  };
  const byPassword = async (typed: Typed, request: FastifyRequest) => {
    try {
      const grant = await signIn(services, attempts, typed, request.ip, endAll);
      services.log.info({ sub: grant.sub, ip: request.ip }, 'signed in with a password');
      return mint(grant);
    } catch (error) {
      // What was typed as a name may be a password in the wrong field, so it is not logged.
      services.log.info({ ip: request.ip, why: (error as Error).message }, 'a sign-in with a password failed');
      throw error;
    }
  };
  const byToken = (text: string) => {
    const grant = links.redeem(text);
    return grant ? mint(grant) : text;
  };
  const enter = async (token: string, request: FastifyRequest, reply: FastifyReply) => {
    if (isServiceToken(token))
      throw unauthorized('type', 'A service token is for programs: send it as a bearer token.');
    const claims = await gate.verifyLogin(token).catch((error: unknown) => {
      if (!(error instanceof BadToken) || error.reason !== 'malformed') throw error;
      throw unauthorized('link', 'This link was used already, or is too old: ask for a new one.');
    });
    setCookie(request, reply, services.config, token, claims.exp - Date.now() / 1000);
    return person(claims);
  };

  server.post(
    PATH,
    {
      config: { rateLimit: { max: 30, timeWindow: 60_000 } },
      schema: { tags, body: Said, response: { 200: PersonSchema } },
    },
    async (request, reply) => {
      // Nor may another site sign somebody in here under a name of its choice.
      refuseForeignSocket(request, services.config);
      const { body } = request;
      const token = 'token' in body ? byToken(body.token) : await byPassword(body, request);
      return enter(token, request, reply);
    },
  );
  server.get(PATH, { schema: { tags, response: { 200: PersonSchema } } }, async (request) => person(callerOf(request)));
  server.get(`${PATH}/ways`, { schema: { tags, response: { 200: WaysSchema } } }, async () => {
    const { oidc } = services.config.auth;
    const password = services.people.list().length > 0;
    return { password, ...(oidc ? { provider: { name: oidc.name } } : {}) };
  });
  signingOut(server, services, endAll);
  server.get('/.well-known/jwks.json', { schema: { tags } }, async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300').header('access-control-allow-origin', '*');
    return gate.jwks();
  });
}

function signingOut(server: Server, services: HttpServices, endAll: (sub: string) => Promise<void>): void {
  server.delete(PATH, { schema: { tags } }, async (request, reply) => {
    refuseForeignSocket(request, services.config);
    dropCookie(request, reply, services.config);
    return reply.code(204).send();
  });
  server.delete(`${PATH}/everywhere`, { schema: { tags } }, async (request, reply) => {
    await endAll(callerOf(request).sub);
    dropCookie(request, reply, services.config);
    return reply.code(204).send();
  });
}

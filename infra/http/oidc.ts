import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import { type Claims, ProviderAway, SignInRefused } from '../../adapters/identity.openid-client.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { grantByClaims } from '../../machines/policy/claims.ts';
import { settled } from '../../machines/policy/history.ts';
import { cookieName, setCookie } from './cookie.ts';
import { missing } from './errors.ts';
import type { Server } from './fastify.ts';
import { landing } from './landing.ts';
import { baseUrl, isSecure } from './origin.ts';
import type { HttpServices } from './services.ts';

const PATH = '/api/v1/login/oidc';
/** So long somebody may take at the provider. */
const TAKES_AT_MOST_S = 600;
const LONGEST_SUB = 200;
/** What browsers keep of one. */
const LONGEST_COOKIE = 4_000;
const tags = ['login'];

const kept = shape(
  'sign-in cookie',
  Type.Object({ state: Type.String(), nonce: Type.String(), verifier: Type.String(), to: Type.String() }),
);

/** Why a sign-in came to nothing, for the page. */
type Fault = 'state' | 'provider' | 'provider-away' | 'no-rights';

/** Names that a provider vouches for carry a mark, so that nobody there can be taken for somebody with a password here. */
function subOf({ sub }: Claims): string {
  const marked = `oidc:${sub}`;
  return marked.length <= LONGEST_SUB ? marked : `oidc:${createHash('sha256').update(sub).digest('hex')}`;
}

function nameOf(claims: Claims): { name?: string } {
  const name = [claims.name, claims.preferred_username, claims.email].find((one) => typeof one === 'string' && one);
  return name === undefined ? {} : { name: String(name).slice(0, 200) };
}

/** `/api/v1/login/oidc`: to the provider, and back with a session cookie. */
export function oidcRoutes(server: Server, services: HttpServices): void {
  const { gate, log } = services;
  const limit = { rateLimit: { max: 30, timeWindow: 60_000 } };
  const cookie = (request: FastifyRequest) => `${cookieName(request, services.config)}-oidc`;
  const callback = (request: FastifyRequest) => `${baseUrl(request, services.config)}${PATH}/callback`;
  // It comes back by a link from another site, with which strict cookies do not travel.
  const traits = (request: FastifyRequest) => ({
    path: '/',
    httpOnly: true,
    sameSite: 'lax' as const,
    secure: isSecure(request, services.config),
  });
  const provider = () => {
    if (!services.identity) throw missing('identity provider here');
    return services.identity;
  };
  const back = (reply: FastifyReply, to: unknown, fault: Fault) => reply.redirect(landing(to, fault), 303);
  const explained = (request: FastifyRequest, reply: FastifyReply, to: unknown, error: unknown) => {
    if (!(error instanceof ProviderAway || error instanceof SignInRefused)) throw error;
    log.warn({ ip: request.ip, why: error.message }, 'a sign-in at the identity provider failed');
    return back(reply, to, error instanceof ProviderAway ? 'provider-away' : 'provider');
  };
  const grantOf = (claims: Claims): LoginGrant | undefined => {
    const rights = grantByClaims(claims, services.config.auth.oidc?.rights ?? []);
    if (!rights) return undefined;
    const { history, ...places } = rights;
    const bound = history ? { history: settled(history, Date.now()) } : {};
    return { sub: subOf(claims), ...nameOf(claims), ...places, ...bound };
  };

  const Wish = Type.Object({
    to: Type.Optional(Type.String({ description: 'where on the page one lands: `/?layout=…`, or with its `#…`' })),
  });
  server.get(PATH, { config: limit, schema: { tags, querystring: Wish } }, async (request, reply) => {
    const to = landing(request.query.to);
    try {
      const { url, ...state } = await provider().begin(callback(request));
      const text = Buffer.from(JSON.stringify({ ...state, to })).toString('base64url');
      reply.setCookie(cookie(request), text, { ...traits(request), maxAge: TAKES_AT_MOST_S });
      return reply.redirect(url, 303);
    } catch (error) {
      return explained(request, reply, to, error);
    }
  });

  server.get(`${PATH}/end`, { config: limit, schema: { tags } }, async (request, reply) => {
    const here = `${baseUrl(request, services.config)}/`;
    const there = await provider()
      .endAt(here)
      .catch((error: unknown) => {
        if (error instanceof ProviderAway) return undefined;
        throw error;
      });
    return reply.redirect(there ?? '/', 303);
  });

  server.get(`${PATH}/callback`, { config: limit, schema: { tags } }, async (request, reply) => {
    const state = readState(request.cookies[cookie(request)]);
    // One answer for each beginning, whatever becomes of it.
    reply.clearCookie(cookie(request), traits(request));
    if (!state) return back(reply, '/', 'state');
    let claims: Claims;
    try {
      const asked = new URL(request.url, 'http://localhost').search;
      claims = await provider().finish(new URL(callback(request) + asked), state);
    } catch (error) {
      return explained(request, reply, state.to, error);
    }
    const grant = grantOf(claims);
    if (!grant) {
      log.warn({ sub: subOf(claims), ip: request.ip }, 'somebody whom no rule of auth.oidc.rights lets in');
      return back(reply, state.to, 'no-rights');
    }
    const ttlS = services.config.auth.loginTokenTtlMs / 1000;
    setCookie(request, reply, services.config, gate.mintLogin(grant, ttlS), ttlS);
    log.info({ sub: grant.sub, ip: request.ip }, 'signed in at the identity provider');
    // The cookie could have been changed: where it leads is looked at again.
    return reply.redirect(landing(state.to), 303);
  });
}

function readState(text: string | undefined): Of<typeof kept> | undefined {
  if (text === undefined || text.length > LONGEST_COOKIE) return undefined;
  try {
    return kept.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
}

import type { FastifyRequest } from 'fastify';
import type { CellView } from '../../actors/cells.ts';
import { BadToken } from '../../adapters/gate.jsonwebtoken/bad-token.ts';
import type { LoginClaims, PublisherClaims, StreamClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { cameraOfPath } from '../../adapters/intake.mediamtx.ts';
import { isServiceToken } from '../../adapters/service-tokens.files.ts';
import { isId } from '../../bus/identity.ts';
import type { SessionCard } from '../../bus/ports/sessions.ts';
import { type Action, access, isAtLeast, type Rights } from '../../machines/policy/access.ts';
import { grantsTo } from '../../machines/policy/grants.ts';
import { cookieName } from './cookie.ts';
import type { Denials } from './denials.ts';
import { denied, missing, Refusal, unauthorized } from './errors.ts';
import type { Server } from './fastify.ts';
import { isOurHost, refuseForeignPage, refuseForeignSocket } from './origin.ts';
import { type Rule, ruleOf } from './roles.ts';
import type { HttpServices } from './services.ts';
import { incidentOf, isOver, viewerOf, zoneOf } from './views.ts';

/** Who calls: the claims of a login token, and what running incidents open beyond them. */
export type Caller = LoginClaims & Pick<Rights, 'granted'>;

declare module 'fastify' {
  interface FastifyContextConfig {
    rule?: Rule;
  }
  interface FastifyRequest {
    /** Who calls, by a login token or the cookie; undefined on open routes and with a stream token. */
    caller: Caller | undefined;
    /** The stream token that came instead. */
    pass: StreamClaims | undefined;
    /** The publisher's token that came instead. */
    publisher: PublisherClaims | undefined;
    /** The camera or session that the address names, once its rights are checked. */
    place: CellView | undefined;
    /** What the session cache tells of a session that lives at another gateway. */
    card: SessionCard | undefined;
  }
}

const BEARER = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*|sbs_[A-Za-z0-9_-]+)$/i;

/** The token that a request carries, and how. @throws Refusal when the header is there but is no bearer token */
export function tokenOf(
  request: FastifyRequest,
  config: HttpServices['config'],
): { token: string; cookie: boolean } | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1];
    if (!token) throw unauthorized('malformed', 'Send the token as "Authorization: Bearer TOKEN".');
    return { token, cookie: false };
  }
  const kept = request.cookies[cookieName(request, config)];
  return kept ? { token: kept, cookie: true } : undefined;
}

/** The incidents that run, as the rights see them. */
export const openings = ({ cells }: Pick<HttpServices, 'cells'>) =>
  cells.list('incident').flatMap((view) => (isOver(view) ? [] : [incidentOf(view)]));

async function identify(request: FastifyRequest, rule: Rule, services: HttpServices): Promise<void> {
  const found = tokenOf(request, services.config);
  if (!found) throw unauthorized('missing', 'This needs a token: send "Authorization: Bearer TOKEN", or sign in.');
  if (found.cookie) refuseForeignPage(request, services.config);
  try {
    // A browser is let in by what it was given at the sign-in; a program's token is not for that.
    if (found.cookie && isServiceToken(found.token)) throw new BadToken('type', 'a service token is no cookie');
    const claims = await services.gate.verifyLogin(found.token);
    request.caller = { ...claims, granted: grantsTo(openings(services), claims) };
  } catch (error) {
    const mayJoin = rule.also !== undefined && !found.cookie;
    const reason = error instanceof BadToken ? error.reason : undefined;
    // What has begun is changed and ended with the token that it began with.
    const begun = rule.also === 'publisher' && request.method !== 'POST';
    const otherKind = reason === 'type' || reason === 'audience' || (begun && reason === 'expired');
    if (!mayJoin || !otherKind) throw error;
    if (rule.also === 'stream') request.pass = await services.gate.verifyStream(found.token);
    else request.publisher = await services.gate.verifyPublisher(found.token, begun);
  }
}

const isOperator = (request: FastifyRequest): boolean =>
  request.caller !== undefined && isAtLeast(request.caller.role, 'operator');

/** The camera that somebody wants, if they may have it. @throws Refusal: unknown and forbidden look alike to viewers */
export function permittedCamera(
  { cells }: Pick<HttpServices, 'cells'>,
  caller: Caller,
  camera: string,
  action: Action,
): CellView {
  const view = isId(camera) ? cells.view({ kind: 'camera', id: camera }) : undefined;
  const knowsAll = isAtLeast(caller.role, 'operator');
  if (!view || isOver(view)) throw knowsAll ? missing(`camera ${camera}`) : denied();
  const { allowed, why } = access(caller, { camera, zone: zoneOf(view) }, action);
  if (!allowed) throw denied(why.reason, knowsAll ? { why } : {});
  return view;
}

function checkCamera(
  request: FastifyRequest,
  { begins }: Rule,
  action: Action,
  services: HttpServices,
  denials: Denials,
): void {
  const { camera_id: camera = '' } = request.params as { camera_id?: string };
  const { caller: claims, ip: address } = request;
  if (claims) {
    const view = isId(camera) ? services.cells.view({ kind: 'camera', id: camera }) : undefined;
    if (begins && view && !isOver(view)) denials.atDoor({ claims, camera: view, protocol: begins, address }, action);
    request.place = permittedCamera(services, claims, camera, action);
  } else if ((request.publisher ? cameraOfPath(request.publisher.path) : request.pass?.camera) !== camera) {
    throw denied('other-camera');
  } else {
    request.place = isId(camera) ? services.cells.view({ kind: 'camera', id: camera }) : undefined;
    if (!request.place || isOver(request.place)) throw denied();
  }
}

/** Whose session it is, and what it shows. */
const seatOf = (view: CellView) => {
  const { camera, zone, subject } = viewerOf(view);
  return { camera, zone, sub: subject?.sub };
};
const seatOfCard = ({ camera, subject }: SessionCard, { cells }: HttpServices) => {
  const view = cells.view({ kind: 'camera', id: camera });
  return { camera, zone: view ? zoneOf(view) : '', sub: subject };
};

async function checkSession(request: FastifyRequest, wanted: 'own' | 'operate', services: HttpServices): Promise<void> {
  const { session_id: session = '' } = request.params as { session_id?: string };
  const known = isId(session) ? session : undefined;
  const view = known && services.cells.view({ kind: 'viewer', id: known });
  // Another gateway's session can be shown from here, but is changed where it lives.
  const card = known && !view && request.method === 'GET' ? await services.sessions.get(known) : undefined;
  const seat = view ? seatOf(view) : card && seatOfCard(card, services);
  if (!seat) throw isOperator(request) ? missing(`session ${session}`) : denied();
  const own = request.pass ? request.pass.session === session : request.caller?.sub === seat.sub;
  const operates = wanted === 'operate' && request.caller && access(request.caller, seat, 'operate').allowed;
  if (!own && !operates) throw denied('not-yours');
  request.place = view;
  request.card = card;
}

/**
 * Guards every route by its row in the table: our host, then who calls (before the address or body is looked at),
 * then, when these are known to be well formed, whether they may have what the address names.
 */
export function guardRoutes(server: Server, services: HttpServices, denials: Denials): void {
  server.decorateRequest('caller', undefined);
  server.decorateRequest('pass', undefined);
  server.decorateRequest('publisher', undefined);
  server.decorateRequest('place', undefined);
  server.decorateRequest('card', undefined);
  const failures = server.createRateLimit({
    max: 60,
    timeWindow: 60_000,
    keyGenerator: (request) => `fail:${request.ip}`,
  });

  server.addHook('onRoute', (route) => {
    const methods = Array.isArray(route.method) ? route.method : [route.method];
    for (const method of methods) route.config = { ...route.config, rule: ruleOf(method, route.url) };
  });
  server.addHook('onRequest', async (request) => {
    if (!isOurHost(request.host, services.config)) {
      throw new Refusal(421, 'host', 'This host name is not ours: set http.public_url to the address that people use.');
    }
    if (request.ws) refuseForeignSocket(request, services.config);
    const { rule } = request.routeOptions.config;
    if (!rule || rule.who === 'anyone') return;
    try {
      await identify(request, rule, services);
    } catch (error) {
      const limit = await failures(request);
      // Whoever guesses tokens is slowed down; whoever has a good one never comes here.
      if (!limit.isAllowed && limit.isExceeded) {
        throw new Refusal(
          429,
          'too-many',
          'Too many requests with bad tokens came from this address.',
          {},
          limit.ttlInSeconds,
        );
      }
      throw error;
    }
    if (request.caller && !isAtLeast(request.caller.role, rule.who)) throw denied('role');
  });
  server.addHook('preHandler', async (request) => {
    const { rule } = request.routeOptions.config;
    if (rule?.camera) checkCamera(request, rule, rule.camera, services, denials);
    if (rule?.session) await checkSession(request, rule.session, services);
  });
}

/** Who calls. For handlers of routes that need a login. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error(`${request.routeOptions.url} is open in roles.ts, but asks who calls`);
  return request.caller;
}

/** The camera or session that the door found. For handlers of routes whose rule names one. */
export function placeOf(request: FastifyRequest): CellView {
  if (!request.place) throw new Error(`${request.routeOptions.url} names no camera or session in roles.ts`);
  return request.place;
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';

const METHODS = 'GET, HEAD, POST, PATCH, DELETE';
const TAKEN = 'Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID';
const SHOWN =
  'ETag, Link, Location, Retry-After, X-Signalbox-At, X-Signalbox-Earliest, X-Signalbox-From, X-Signalbox-To';

/** What pages of other sites may ask, with a token of their own. Signed addresses and WHEP say themselves that all may. */
const isShared = (url: string): boolean =>
  /^\/(api|live|recordings)\//.test(url) && !/^\/live\/[^/]+\/whep\b/.test(url) && !url.startsWith('/api/v1/login');

/**
 * Lets pages of `http.allowed_origins` use the interface from a browser, by bearer token alone: the answer never allows
 * credentials, so that a cookie does not speak for somebody on a page that is not ours.
 */
export function allowOrigins(server: Server, services: HttpServices): void {
  server.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (!isShared(request.url)) return;
    // Caches must not show the answer for one site to another.
    reply.header('vary', 'Origin');
    const { origin, 'access-control-request-method': method } = request.headers;
    if (origin === undefined || !services.config.http.allowedOrigins.includes(origin)) return;
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', SHOWN);
    if (request.method !== 'OPTIONS' || method === undefined) return;
    reply.header('access-control-allow-methods', METHODS).header('access-control-allow-headers', TAKEN);
    return reply.header('access-control-max-age', '600').code(204).send();
  });
}

import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { setCookie } from './cookie.ts';
import { unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { landing } from './landing.ts';
import { contentSecurityPolicy } from './security.ts';
import type { HttpServices } from './services.ts';
import { presentRelays } from './views.ts';

/** The dashboard, the player alone, and their files, as built from adapters/browser. */
export async function pageRoutes(server: Server, services: HttpServices): Promise<void> {
  const folder = services.page;
  // It may be built later than this starts.
  const options = { serve: false, cacheControl: false, index: false as const, suppressWarning: true };
  if (folder) await server.register(fastifyStatic, { root: folder, ...options });
  const send = (file: string, request: FastifyRequest, reply: FastifyReply, ancestors: string[] = []) => {
    if (!folder || !existsSync(`${folder}/${file}`)) {
      throw unavailable('no-page', 'The page is not built: `npm run page` builds it.', {}, 10);
    }
    const relays = presentRelays(services.cells).flatMap(({ id }) => services.whepAt(id) ?? []);
    reply.header('content-security-policy', contentSecurityPolicy(request.host, ancestors, relays));
    reply.header('permissions-policy', 'camera=(), microphone=(), geolocation=(), fullscreen=*, autoplay=*');
    return reply.sendFile(file);
  };
  const hide = { schema: { hide: true } };
  /** A link that is used up leaves the browser as it was: the page then tells how to sign in. */
  const signIn = (link: string, request: FastifyRequest, reply: FastifyReply) => {
    const grant = services.links.redeem(link);
    if (!grant) return;
    const ttlS = services.config.auth.loginTokenTtlMs / 1000;
    setCookie(request, reply, services.config, services.gate.mintLogin(grant, ttlS), ttlS);
  };

  server.get('/', hide, (request, reply) => {
    const { login } = request.query as { login?: unknown };
    if (typeof login !== 'string') return send('index.html', request, reply);
    // The link is gone from the address, and so from history and referrers, before the page loads.
    signIn(login, request, reply);
    return reply.redirect(landing(request.url), 303);
  });
  server.get(
    '/watch/:camera_id',
    { schema: { hide: true, params: Type.Object({ camera_id: IdSchema }) } },
    (request, reply) => {
      const { camera_id } = request.params as { camera_id: string };
      const { code } = request.query as { code?: unknown };
      const { allowedOrigins } = services.config.http;
      // A code is looked at and not used: a browser that refuses to show the frame must not cost the visitor it.
      const grant = typeof code === 'string' ? services.embeds.peek(code) : undefined;
      const isBound = grant !== undefined && allowedOrigins.includes(grant.origin);
      // The browser fetches the still picture while it still reads the page; with a code, it has no right to it yet.
      if (code === undefined) reply.header('link', `</api/v1/cameras/${camera_id}/poster.jpg>; rel=preload; as=image`);
      return send('watch.html', request, reply, isBound ? [grant.origin] : ["'self'", ...allowedOrigins]);
    },
  );
  server.get('/icon.svg', hide, (request, reply) => {
    reply.header('cache-control', 'public, max-age=3600');
    return send('icon.svg', request, reply);
  });
  // The build names its files by their content, so a name never changes its meaning.
  server.get('/assets/*', hide, (request, reply) => {
    const file = (request.params as { '*': string })['*'];
    if (!folder) throw unavailable('no-page', 'The page is not built.', {}, 10);
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    reply.header('cross-origin-resource-policy', 'same-origin');
    // A worker lives by the policy of its own script, not by that of the page that started it.
    reply.header('content-security-policy', contentSecurityPolicy(request.host, []));
    return reply.sendFile(`assets/${file}`);
  });
}

import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { unavailable } from './errors.ts';
import { contentSecurityPolicy } from './security.ts';
import type { Server } from './server.ts';
import type { HttpServices } from './services.ts';

/** The dashboard, the player alone, and their files, as built from adapters/browser. */
export async function pageRoutes(server: Server, services: HttpServices): Promise<void> {
  const folder = services.page;
  if (folder && existsSync(folder)) {
    await server.register(fastifyStatic, { root: folder, serve: false, cacheControl: false, index: false });
  }
  const send = (file: string, request: FastifyRequest, reply: FastifyReply, embeddable: boolean) => {
    if (!folder || !existsSync(`${folder}/${file}`)) {
      throw unavailable('no-page', 'The page is not built: `npm run page` builds it.', {}, 10);
    }
    reply.header('content-security-policy', contentSecurityPolicy(request.host, embeddable));
    reply.header('permissions-policy', 'camera=(), microphone=(), geolocation=(), fullscreen=*, autoplay=*');
    return reply.sendFile(file);
  };
  const hide = { schema: { hide: true } };

  server.get('/', hide, (request, reply) => send('index.html', request, reply, false));
  server.get(
    '/watch/:camera_id',
    { schema: { hide: true, params: Type.Object({ camera_id: IdSchema }) } },
    (request, reply) => send('watch.html', request, reply, true),
  );
  server.get('/icon.svg', hide, (request, reply) => {
    reply.header('cache-control', 'public, max-age=3600');
    return send('icon.svg', request, reply, false);
  });
  // The build names its files by their content, so a name never changes its meaning.
  server.get('/assets/*', hide, (request, reply) => {
    const file = (request.params as { '*': string })['*'];
    if (!folder) throw unavailable('no-page', 'The page is not built.', {}, 10);
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    reply.header('cross-origin-resource-policy', 'same-origin');
    return reply.sendFile(`assets/${file}`);
  });
}

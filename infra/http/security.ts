import type { Server } from './fastify.ts';
import { isSecure } from './origin.ts';
import type { HttpServices } from './services.ts';

/**
 * What a page of ours may load: only what comes from here. The sockets are named as well because older browsers do
 * not count them as `'self'`.
 * @param ancestors whose pages may frame it: `'self'` and origins; none: nobody's
 * @param relays where players reach relays themselves
 */
export function contentSecurityPolicy(
  host: string,
  ancestors: readonly string[],
  relays: readonly string[] = [],
): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    [`connect-src 'self' ws://${host} wss://${host}`, ...relays].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${ancestors.length ? ancestors.join(' ') : "'none'"}`,
  ].join('; ');
}

/** Headers that every answer carries. Pages add their own policy. */
export function secureHeaders(server: Server, services: HttpServices): void {
  server.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('cross-origin-opener-policy', 'same-origin');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if (!reply.hasHeader('content-security-policy')) {
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    }
    if (isSecure(request, services.config)) reply.header('strict-transport-security', 'max-age=31536000');
  });
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import { isSecure } from './origin.ts';
import type { HttpServices } from './services.ts';

/**
 * The name of the session cookie. Over TLS the `__Host-` prefix binds it to this very host; without, the port keeps
 * several groups on one machine apart, because browsers send cookies to all ports of a host. Behind one public address
 * every gateway of a group takes the cookie of another.
 */
export function cookieName(request: FastifyRequest, config: HttpServices['config']): string {
  if (isSecure(request, config)) return '__Host-signalbox';
  const { publicUrl, port } = config.http;
  return `signalbox-${publicUrl ? new URL(publicUrl).port || '80' : port}`;
}

/** Keeps a login token in the browser, out of reach of scripts and other sites. */
export function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  config: HttpServices['config'],
  token: string,
  maxAgeS: number,
): void {
  reply.setCookie(cookieName(request, config), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure(request, config),
    maxAge: Math.max(0, Math.floor(maxAgeS)),
  });
}

/** Has the browser forget it. */
export function dropCookie(request: FastifyRequest, reply: FastifyReply, config: HttpServices['config']): void {
  const secure = isSecure(request, config);
  reply.clearCookie(cookieName(request, config), { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

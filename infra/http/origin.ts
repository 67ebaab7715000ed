import net from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Refusal } from './errors.ts';
import type { HttpServices } from './services.ts';

type Settings = HttpServices['config'];

/** The host name of a `Host` header, without port and brackets; empty when it is none. */
export function hostName(header: string | undefined): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/.exec(header ?? '');
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

const publicHost = (config: Settings): string | undefined =>
  config.http.publicUrl ? new URL(config.http.publicUrl).host.toLowerCase() : undefined;

/**
 * Whether a request was meant for us. A page elsewhere can make a name of its own point here (DNS rebinding), but can
 * neither use a bare IP address nor `localhost` that way, nor our public name.
 */
export function isOurHost(header: string | undefined, config: Settings): boolean {
  const name = hostName(header);
  if (name === 'localhost' || net.isIP(name) !== 0) return true;
  const known = publicHost(config);
  return name !== '' && (name === config.http.host.toLowerCase() || (known !== undefined && name === hostName(known)));
}

/** The address under which the caller reaches us, without a slash at the end. */
export function baseUrl(request: FastifyRequest, config: Settings): string {
  return config.http.publicUrl?.replace(/\/+$/, '') ?? `${request.protocol}://${request.host}`;
}

/** Whether a browser reaches us over TLS, at a proxy or here. */
export const isSecure = (request: FastifyRequest, config: Settings): boolean =>
  config.http.publicUrl ? config.http.publicUrl.startsWith('https:') : request.protocol === 'https';

/** Whether an `Origin` is our own page's: the public address, or the address that this very request went to. */
export function isOurOrigin(origin: string, request: FastifyRequest, config: Settings): boolean {
  let page: URL;
  try {
    page = new URL(origin);
  } catch {
    return false; // "null" and other inventions
  }
  if (config.http.publicUrl && page.origin === new URL(config.http.publicUrl).origin) return true;
  // A proxy may have ended TLS, so the scheme can't be compared; a port that is the scheme's own may be left out.
  const asked = URL.canParse(`${page.protocol}//${request.host}`)
    ? new URL(`${page.protocol}//${request.host}`)
    : undefined;
  return page.host !== '' && page.host === asked?.host;
}

/** Refuses a request that another site's page makes with our cookie. @throws Refusal */
export function refuseForeignPage(request: FastifyRequest, config: Settings): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined) {
    if (!isOurOrigin(origin, request, config))
      throw new Refusal(403, 'origin', 'A page of another site may not do this.');
    return;
  }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new Refusal(403, 'origin', 'A page of another site may not do this.');
  }
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (changes && site === undefined) {
    throw new Refusal(403, 'origin', 'With a cookie, a request that changes something must carry its Origin.');
  }
}

/** Refuses a WebSocket that another site's page opens. Programs send no Origin and pass. @throws Refusal */
export function refuseForeignSocket(request: FastifyRequest, config: Settings): void {
  const { origin } = request.headers;
  if (origin !== undefined && !isOurOrigin(origin, request, config)) {
    throw new Refusal(403, 'origin', 'A page of another site may not open this connection.');
  }
}

import { createHmac } from 'node:crypto';
import type { IceServer } from '../client/runtime/ice-servers.ts';
import type { HttpServices } from './services.ts';

/**
 * TURN credentials as coturn's `use-auth-secret` checks them: the user name carries the end, the password is its HMAC.
 * @param who shows up in the TURN server's log
 * @param until epoch ms
 */
export function turnCredentials(secret: string, who: string, until: number): { username: string; credential: string } {
  // A colon would be read as the end of the time, and quotes would break the Link header.
  const username = `${Math.floor(until / 1000)}:${who.replaceAll(/[^A-Za-z0-9._@-]/g, '_')}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

/** The STUN and TURN servers for somebody; `who` undefined: only those that need no credentials. */
export function iceServers(
  services: Pick<HttpServices, 'config' | 'turnSecret' | 'log'>,
  who: string | undefined,
  now = Date.now(),
): IceServer[] {
  const { stun, turn } = services.config.ice;
  const servers: IceServer[] = stun.length ? [{ urls: stun }] : [];
  if (turn && who !== undefined && services.turnSecret) {
    try {
      const credentials = turnCredentials(services.turnSecret(), who, now + turn.credentialTtlMs);
      servers.push({ urls: turn.urls, ...credentials });
    } catch (err) {
      // Most people need no TURN: a secret that can't be read must not keep them out.
      services.log.error({ err }, 'the TURN secret can not be read; TURN is not handed out');
    }
  }
  return servers;
}

/** The same as WHEP's `Link` headers (RFC 9725, section 4.6 of the WHEP draft). */
export const iceLinks = (servers: IceServer[]): string[] =>
  servers.flatMap(({ urls, username, credential }) =>
    urls.map((url) => {
      const login = username ? `; username="${username}"; credential="${credential}"; credential-type="password"` : '';
      return `<${url}>; rel="ice-server"${login}`;
    }),
  );

import { createHash } from 'node:crypto';

/** Whom a publisher's token was made for, and by which login: enough to tell whether a revocation hits it. */
export interface PublisherToken {
  sub: string;
  /** When the login was issued, in seconds. */
  iat: number;
  /** Of the login's `jti`; absent where it has none. */
  mark?: string;
}

/** Short, since an SRT stream id has room for 512 bytes in all. */
const MARK_LENGTH = 8;
const NAME = /^(.+)~([0-9a-z]{1,11})~([\w-]{8})?$/;

/** Stands for the `jti` of a login token where there is no room for it. */
export const markOf = (jti: string): string =>
  createHash('sha256').update(jti).digest('base64url').slice(0, MARK_LENGTH);

/** Who publishes by a login. */
export const publisherBy = ({ sub, iat, jti }: { sub: string; iat: number; jti?: string }): PublisherToken => ({
  ...{ sub, iat },
  ...(jti === undefined ? {} : { mark: markOf(jti) }),
});

/** The name under which an intake lists a publisher: the `sub` of its token. */
export const publisherName = ({ sub, iat, mark = '' }: PublisherToken): string =>
  `${sub}~${Math.floor(iat * 1000).toString(36)}~${mark}`;

/** Reads it back; undefined for what is none. */
export function parsePublisher(name: string): PublisherToken | undefined {
  const [, sub, issued, mark] = NAME.exec(name) ?? [];
  if (sub === undefined || issued === undefined) return undefined;
  return { sub, iat: Number.parseInt(issued, 36) / 1000, ...(mark === undefined ? {} : { mark }) };
}

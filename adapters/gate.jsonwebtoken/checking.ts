import { createHash, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { BadToken, type TokenFault } from './bad-token.ts';

/** A key of the installation. */
export interface Key {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: object;
}

/** Whose tokens are believed. */
export interface Believed {
  /** All of them verify. */
  keys: readonly Pick<Key, 'kid' | 'publicKey'>[];
  issuer: string;
  audience: string;
  /** Somebody else's login tokens, accepted beside our own. */
  external?: { issuer: string; audience: string; key(kid: string): Promise<KeyObject | undefined> };
  now(): number;
}

/** What a token must be, to be believed for one use. */
export interface Wanted {
  audience: string;
  isType(type: unknown): boolean;
  /** One that has ended is believed too. */
  ended?: boolean;
}

/** Longer texts are not looked at. */
const MAX_TOKEN_BYTES = 16 * 1024;
/** Between our clock and an external issuer's. What we signed ourselves ends when it says. */
const CLOCK_TOLERANCE_S = 60;
const CACHED_TOKENS = 10_000;
interface Checked {
  claims: Record<string, unknown>;
  exp: number;
}

const FAULTS: [RegExp, TokenFault][] = [
  [/expired/, 'expired'],
  [/not active/, 'not-yet'],
  [/algorithm/, 'algorithm'],
  [/signature/, 'signature'],
  [/audience/, 'audience'],
  [/issuer/, 'issuer'],
];

function asBadToken(error: unknown): BadToken {
  const text = error instanceof Error ? error.message : 'unreadable';
  const fault = FAULTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'malformed';
  return new BadToken(fault, `the token is refused: ${fault}`);
}

/** Reads header and issuer without believing them: they only select the key that the rest is checked with. */
function peek(token: string): { header: jwt.JwtHeader; iss: unknown } {
  if (token.length > MAX_TOKEN_BYTES) throw new BadToken('malformed', 'the token is too long');
  let decoded: jwt.Jwt | null = null;
  try {
    decoded = jwt.decode(token, { complete: true });
  } catch {
    // told below
  }
  const payload = decoded?.payload;
  if (!decoded || typeof payload !== 'object' || payload === null) {
    throw new BadToken('malformed', 'this is not a token: three base64url parts with dots between are');
  }
  if (decoded.header.alg !== 'ES256') throw new BadToken('algorithm', 'the token must be signed with ES256');
  if (decoded.header.crit !== undefined) throw new BadToken('type', 'the token asks for an extension unknown here');
  return { header: decoded.header, iss: payload.iss };
}

/** A small memory of tokens whose signature was checked: bounded, keyed by hash, never beyond their end. */
function tokenMemory(limit: number) {
  const known = new Map<string, Checked>();
  return {
    find(hash: string, nowS: number): Checked | undefined {
      const found = known.get(hash);
      if (found && found.exp <= nowS) {
        known.delete(hash);
        return undefined;
      }
      return found;
    },
    keep(hash: string, checked: Checked): void {
      const oldest = known.size >= limit ? known.keys().next() : undefined;
      if (oldest && !oldest.done) known.delete(oldest.value);
      known.set(hash, checked);
    },
  };
}

/**
 * Checks tokens: ES256 only (RFC 8725), known keys only; issuer, audience, type and times required.
 * @returns what a token claims. @throws BadToken
 */
export function tokenChecker({
  keys,
  issuer,
  audience,
  external,
  now,
}: Believed): (token: string, wanted: Wanted) => Promise<Record<string, unknown>> {
  const byKid = new Map(keys.map((key) => [key.kid, key.publicKey]));
  const memory = tokenMemory(CACHED_TOKENS);
  return async (token, wanted) => {
    const hash = createHash('sha256').update(wanted.audience).update('\0').update(token).digest('base64');
    const known = memory.find(hash, now() / 1000);
    if (known) return known.claims;
    const { header, iss } = peek(token);
    if (!wanted.isType(header.typ)) throw new BadToken('type', 'this kind of token is not for this use');
    const kid = typeof header.kid === 'string' ? header.kid : '';
    const own = byKid.get(kid);
    // A foreign key vouches for login tokens of its own issuer, and for nothing else.
    const outside = !own && wanted.audience === audience && iss === external?.issuer ? external : undefined;
    const key = own ?? (await outside?.key(kid));
    if (!key) throw new BadToken('unknown-key', 'the token was signed with a key that is not known here');
    let claims: jwt.JwtPayload;
    try {
      claims = jwt.verify(token, key, {
        algorithms: ['ES256'],
        issuer: outside?.issuer ?? issuer,
        audience: outside?.audience ?? wanted.audience,
        clockTimestamp: now() / 1000,
        ignoreExpiration: wanted.ended === true,
        clockTolerance: outside ? CLOCK_TOLERANCE_S : 0,
      }) as jwt.JwtPayload;
    } catch (error) {
      throw asBadToken(error);
    }
    if (typeof claims.exp !== 'number' || typeof claims.iat !== 'number') {
      throw new BadToken('claims', 'the token must say when it was issued and when it ends (iat, exp)');
    }
    if (claims.iat > now() / 1000 + CLOCK_TOLERANCE_S) throw new BadToken('not-yet', 'the token is from the future');
    const result = { claims: outside ? { cameras: [], zones: [], ...claims } : claims, exp: claims.exp };
    memory.keep(hash, result);
    return result.claims;
  };
}

import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** How somebody else's keys are fetched. */
export interface IssuerSettings {
  url: string;
  timeoutMs?: number;
  /** Keys are asked for again after this long. */
  freshMs?: number;
  /** An unknown `kid` asks again at most this often: a flood of made-up names must not reach the issuer. */
  askAgainMs?: number;
  now?: () => number;
}

const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 64;

async function fetchKeys(url: string, timeoutMs: number): Promise<Map<string, KeyObject>> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
    headers: { accept: 'application/json' },
  });
  if (!response.ok || !response.body) throw new Error(`the issuer's keys answer ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error('the issuer sends more than a set of keys');
    chunks.push(chunk);
  }
  const { keys } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { keys?: JsonWebKey[] };
  const found = new Map<string, KeyObject>();
  for (const jwk of (Array.isArray(keys) ? keys : []).slice(0, MAX_KEYS)) {
    const { kty, crv, x, y, kid, use } = jwk;
    if (kty !== 'EC' || crv !== 'P-256' || typeof kid !== 'string' || (use !== undefined && use !== 'sig')) continue;
    // Only the public members: a private one published by mistake is not taken over.
    found.set(kid, createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' }));
  }
  return found;
}

/**
 * The keys of an external issuer by name: fetched when first needed, kept, asked for again when a name is unknown.
 * While the issuer is away the keys that are known go on being believed.
 */
export function issuerKeys(settings: IssuerSettings): (kid: string) => Promise<KeyObject | undefined> {
  const { url, timeoutMs = 3000, freshMs = 600_000, askAgainMs = 10_000, now = Date.now } = settings;
  let keys = new Map<string, KeyObject>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = () => {
    askedAt = now();
    asking ??= fetchKeys(url, timeoutMs)
      .then((fetched) => {
        keys = fetched;
      })
      .catch(() => {}) // the known keys stay; an unknown one is refused as unknown
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  return async (kid) => {
    const known = keys.get(kid);
    const sinceMs = now() - askedAt;
    if (known && sinceMs >= freshMs) void ask();
    if (!known && (asking || sinceMs >= askAgainMs)) await (asking ?? ask());
    return keys.get(kid);
  };
}

import { createHash } from 'node:crypto';

/**
 * The one JSON text of a value: keys sorted, no spaces, what JSON can't hold left out as JSON does.
 * Equal values have equal texts, whoever made them and in whichever order.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The SHA-256 of a value's canonical text, in hexadecimal. */
export const fingerprint = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

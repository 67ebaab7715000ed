import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

/**
 * Whether a signature (ECDSA over SHA-256, DER) of some bytes was made with the private half of a key.
 * @param key a public key of P-256: its bytes count, not what it calls itself
 */
export function isSignedBy({ kty, crv, x, y }: JsonWebKey, bytes: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
    return verify('sha256', bytes, key, signature);
  } catch {
    return false;
  }
}

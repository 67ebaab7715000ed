import type { JsonWebKey } from 'node:crypto';
import { isSignedBy } from '../../adapters/signature.es256.ts';
import { type LedgerEntry, signedBytes } from '../../bus/ledger.ts';
import type { Signer } from '../../bus/ledger-proof.ts';

/** Tells whose signature an entry of the ledger bears, of keys (JWK) that are trusted. */
export function signersAmong(keys: readonly JsonWebKey[]): (entry: LedgerEntry) => Signer {
  return (entry) => {
    const key = keys.find((one) => one.kid === entry.key);
    if (!key) return 'unknown';
    return isSignedBy(key, signedBytes(entry), Buffer.from(entry.signature ?? '', 'base64')) ? 'known' : 'wrong';
  };
}

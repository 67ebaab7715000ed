import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Makes texts unreadable for whoever stores them, with a key that all hosts have. */
export interface Seal {
  /** @param name what the text is stored under: under another it can't be opened */
  close(name: string, text: string): Uint8Array;
  /** @throws BrokenSeal when it was closed with another key, under another name, or altered */
  open(name: string, sealed: Uint8Array): string;
  /** The same for the same text, and telling nothing of it to who has not the key. */
  mark(text: string): string;
  /** What all hosts have for a purpose, and nobody else; it tells nothing of the key. */
  secret(purpose: string): string;
}

/** Something was sealed with another key, or altered. */
export class BrokenSeal extends Error {
  override name = 'BrokenSeal';
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What `openssl rand -base64 32` makes has 44. */
const LEAST_CHARACTERS = 32;

const derived = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'signalbox', purpose, 32));

/**
 * Opens the seal of a key file: AES-256-GCM (NIST SP 800-38D) with a fresh nonce each time and the name as associated
 * data; the keys are derived from the file's text by HKDF (RFC 5869).
 * @throws Error when the file can't be read or holds too little
 */
export function openSeal(file: string): Seal {
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < LEAST_CHARACTERS) {
    throw new Error(
      `${file} holds less than ${LEAST_CHARACTERS} characters: make a key with \`openssl rand -base64 32\``,
    );
  }
  const key = derived(secret, 'seal');
  const markKey = derived(secret, 'mark');
  return {
    close(name, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(name));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(name, sealed) {
      const bytes = Buffer.from(sealed);
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([body, decipher.final()]).toString('utf8');
      } catch {
        throw new BrokenSeal(`${name} was sealed with another key than that in ${file}, or altered`);
      }
    },
    mark: (text) => createHmac('sha256', markKey).update(text).digest('base64url'),
    secret: (purpose) => derived(secret, purpose).toString('base64url'),
  };
}

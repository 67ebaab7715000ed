import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A key pair that signs tokens. */
export interface SigningKey {
  /** RFC 7638 thumbprint: the same key has the same name everywhere. */
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** What others verify with: public parts only. */
  jwk: { kty: string; crv: string; x: string; y: string; kid: string; alg: string; use: string };
}

const NAME = /^signing-(\d{1,9})\.pem$/;

function fromPem(file: string): SigningKey {
  // Like ssh: a private key that others can read is a mistake to be told, not to be used.
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Error(
      `${file} can be read by other users: run \`chmod 600 ${file}\`, or delete it to have a new one made`,
    );
  }
  const privateKey = createPrivateKey(readFileSync(file));
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`${file} is not a P-256 key: tokens are signed with ES256; delete it to have a new one made`);
  }
  const publicKey = createPublicKey(privateKey);
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const members = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  const kid = createHash('sha256').update(members).digest('base64url');
  return { kid, privateKey, publicKey, jwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' } };
}

const numbered = (folder: string): { file: string; n: number }[] =>
  readdirSync(folder)
    .map((name) => ({ file: path.join(folder, name), n: Number(NAME.exec(name)?.[1] ?? Number.NaN) }))
    .filter(({ n }) => !Number.isNaN(n))
    .sort((a, b) => b.n - a.n);

/**
 * Makes a key that signs from now on; older ones go on being accepted for what they signed.
 * Two processes that start at the same moment end up with the same first key.
 */
export function addSigningKey(folder: string): void {
  const n = (numbered(folder)[0]?.n ?? 0) + 1;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const draft = path.join(folder, `.draft-${process.pid}-${n}`);
  writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    linkSync(draft, path.join(folder, `signing-${n}.pem`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * The signing keys of a data folder, newest first; the first one is made at the first start.
 * @param folder STATE/keys
 * @throws Error when a key file is unreadable, readable by others, or no P-256 key
 */
export function openSigningKeys(folder: string): SigningKey[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (numbered(folder).length === 0) addSigningKey(folder);
  return numbered(folder).map(({ file }) => fromPem(file));
}

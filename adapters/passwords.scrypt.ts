import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { turnstile } from './turnstile.ts';

/** What a hash costs: 2^logN blocks of 128·r bytes, p times over (RFC 7914). */
export interface ScryptCost {
  logN: number;
  r: number;
  p: number;
}

/**
 * scrypt comes with Node, so nothing has to be compiled. OWASP's choices of (N, r, p) cost an attacker alike; this one
 * takes 32 MiB where others take 128, since hashes are made beside pictures: a quarter of a second of one core.
 */
const COST: ScryptCost = { logN: 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** The parameters stand with the hash, so that later ones may be dearer. */
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;
/** At a time: each takes one of the four threads that files and names need too. */
const AT_ONCE = 2;
/** More are turned away: the last of them waits for four seconds. */
const MOST_WAITING = 30;

/** Thrown when too many passwords are being checked already. */
export class PasswordsBusy extends Error {
  override name = 'PasswordsBusy';
}

/** Makes and checks the hashes that are kept of passwords. */
export interface Passwords {
  /** `$scrypt$ln=15,r=8,p=3$SALT$KEY`. @throws PasswordsBusy */
  hash(password: string): Promise<string>;
  /**
   * Whether a password is the one that a hash was made of. It takes as long where there is no hash, so that the time
   * tells nobody which names exist. @throws PasswordsBusy
   */
  isRight(password: string, hash: string | undefined): Promise<boolean>;
}

const derive = (password: string, salt: Buffer, { logN, r, p }: ScryptCost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** logN, r, p, maxmem: 256 * 2 ** logN * r };
    // The same characters may be typed as other code points on another keyboard (NIST SP 800-63B, 3.1.1.2).
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

const written = ({ logN, r, p }: ScryptCost, salt: Buffer, key: Buffer): string =>
  `$scrypt$ln=${logN},r=${r},p=${p}$${salt.toString('base64url')}$${key.toString('base64url')}`;

function readHash(hash: string): { cost: ScryptCost; salt: Buffer; key: Buffer } {
  const [, logN, r, p, salt = '', key = ''] = FORMAT.exec(hash) ?? [];
  if (logN === undefined) throw new Error('the kept hash of a password is unreadable: set the password anew');
  return {
    cost: { logN: Number(logN), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
}

/** Makes the one place of a process where passwords are hashed, off the event loop. */
export function openPasswords(cost: ScryptCost = COST): Passwords {
  const inTurn = turnstile({
    atOnce: AT_ONCE,
    waiting: MOST_WAITING,
    refusal: () => new PasswordsBusy('too many people sign in at this moment'),
  });
  const nobody = written(cost, Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES));
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      return written(cost, salt, await inTurn(() => derive(password, salt, cost)));
    },
    async isRight(password, hash) {
      const kept = readHash(hash ?? nobody);
      const key = await inTurn(() => derive(password, kept.salt, kept.cost));
      return timingSafeEqual(key, kept.key) && hash !== undefined;
    },
  };
}

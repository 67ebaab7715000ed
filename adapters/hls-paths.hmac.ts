import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a signed path lets its bearer have. */
export interface PathPass {
  camera: string;
  session: string;
  /** Epoch seconds. */
  expires: number;
}

/** Signs the folder part of HLS addresses: whatever a playlist names beside itself is covered too. */
export interface PathSigner {
  /** `<camera>/<session>/<expires>/<signature>` */
  sign(pass: PathPass): string;
  /** Why a signature does not open a path now; undefined when it does. */
  against(pass: PathPass, signature: string, nowMs: number): 'signature' | 'expired' | undefined;
}

const KEY_BYTES = 32;

/** The key of the data folder, shared by the gateways of a group; made at the first start. */
function keyOf(file: string): Buffer {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, randomBytes(KEY_BYTES), { mode: 0o600 });
  try {
    linkSync(fresh, file); // the first one wins
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Error(`${file} can be read by other users: run \`chmod 600 ${file}\`, or delete it to have it made anew`);
  }
  const key = readFileSync(file);
  if (key.length !== KEY_BYTES) throw new Error(`${file} is not a key: delete it to have it made anew`);
  return key;
}

/** @param file holds the key; made when it is not there */
export function openPathSigner(file: string): PathSigner {
  const key = keyOf(file);
  const signatureOf = ({ camera, session, expires }: PathPass): string =>
    createHmac('sha256', key).update(`hls/${camera}/${session}/${expires}`).digest('base64url');
  return {
    sign(pass) {
      const { camera, session, expires } = pass;
      return `${camera}/${session}/${expires}/${signatureOf(pass)}`;
    },
    against(pass, signature, nowMs) {
      // As text: four texts decode to the same bytes, and one address is to have one signature.
      const given = Buffer.from(signature);
      const right = Buffer.from(signatureOf(pass));
      if (given.length !== right.length || !timingSafeEqual(given, right)) return 'signature';
      return pass.expires * 1000 <= nowMs ? 'expired' : undefined;
    },
  };
}

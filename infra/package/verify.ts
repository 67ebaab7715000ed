import { createHash, type JsonWebKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extract } from 'tar-stream';
import { isSignedBy } from '../../adapters/signature.es256.ts';
import { MANIFEST, type PackageManifest, type Part, packageManifest, SIGNATURE } from './manifest.ts';

/** What can be said of a package. */
export interface Finding {
  verdict: 'unaltered' | 'altered' | 'cut-off';
  /** `known`: by a key that the caller trusts; `unknown`: by another one; `wrong`: it does not fit, or is not there. */
  signature: 'known' | 'unknown' | 'wrong';
  /** What is wrong, in sentences. */
  faults: string[];
  manifest?: PackageManifest;
}

/** What was found in the file, whatever it should have been. */
interface Found {
  head?: Buffer;
  signature?: Buffer;
  parts: Map<string, Pick<Part, 'bytes' | 'sha256'>>;
  faults: string[];
  /** Why reading could not go on. */
  broken?: string;
}

/** A manifest of a day with a break each second is smaller. */
const LARGEST_HEAD_BYTES = 64 * 1024 * 1024;

async function readParts(file: string): Promise<Found> {
  const found: Found = { parts: new Map(), faults: [] };
  const tar = extract();
  const source = createReadStream(file);
  let unreadable: Error | undefined;
  source.on('error', (error) => {
    unreadable = error;
    tar.destroy(error);
  });
  source.pipe(tar);
  try {
    for await (const entry of tar) {
      const { name } = entry.header;
      const isHead = name === MANIFEST || name === SIGNATURE;
      const kept: Buffer[] = [];
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        if (isHead && bytes <= LARGEST_HEAD_BYTES) kept.push(chunk);
      }
      if (found.parts.has(name)) found.faults.push(`${name} is in it twice`);
      found.parts.set(name, { bytes, sha256: hash.digest('hex') });
      if (name === MANIFEST) found.head ??= Buffer.concat(kept);
      if (name === SIGNATURE) found.signature ??= Buffer.concat(kept);
    }
  } catch (error) {
    if (unreadable) throw unreadable;
    found.broken = (error as Error).message;
  } finally {
    source.destroy();
  }
  return found;
}

function manifestIn(head: Buffer | undefined): PackageManifest | undefined {
  try {
    const value: unknown = JSON.parse(String(head));
    return packageManifest.check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const fits = ({ head, signature }: Found, key: JsonWebKey): boolean =>
  head !== undefined && signature !== undefined && isSignedBy(key, head, signature);

function compare(manifest: PackageManifest, found: Found): string[] {
  const promised = new Set([MANIFEST, SIGNATURE, ...manifest.parts.map(({ name }) => name)]);
  const strange = [...found.parts.keys()].filter((name) => !promised.has(name));
  const wrong = manifest.parts.flatMap(({ name, bytes, sha256 }) => {
    const part = found.parts.get(name);
    if (!part) return found.broken === undefined ? [`${name} is missing: it was removed, or the file was cut off`] : [];
    if (part.bytes !== bytes) return [`${name} has ${part.bytes} bytes, the manifest says ${bytes}`];
    return part.sha256 === sha256 ? [] : [`${name} is not what was put in: its SHA-256 differs`];
  });
  return [...wrong, ...strange.map((name) => `${name} was added: the manifest does not name it`)];
}

/**
 * Reads a package to its end and says whether it is what was written.
 * @param keys the public keys (JWK) that are trusted to sign packages
 * @throws when the file can't be read
 */
export async function verifyPackage(file: string, keys: readonly JsonWebKey[]): Promise<Finding> {
  const found = await readParts(file);
  const manifest = manifestIn(found.head);
  const isKnown = keys.some((key) => fits(found, key));
  const signature = isKnown ? 'known' : manifest && fits(found, manifest.key) ? 'unknown' : 'wrong';
  const faults = [...found.faults];
  const isCutOff = found.broken !== undefined && /end of data/i.test(found.broken);
  if (isCutOff) faults.push('it ends too early: it was cut off');
  else if (found.broken !== undefined) faults.push(`it is damaged, or no package: ${found.broken}`);
  if (!manifest) faults.push(found.head ? `${MANIFEST} is not what Signalbox writes` : `${MANIFEST} is missing`);
  else {
    if (!found.signature) faults.push(`${SIGNATURE} is missing`);
    else if (signature === 'wrong') faults.push(`${MANIFEST} is not what was signed, or ${SIGNATURE} was changed`);
    faults.push(...compare(manifest, found));
  }
  const verdict = isCutOff ? 'cut-off' : faults.length > 0 ? 'altered' : 'unaltered';
  return { verdict, signature, faults, ...(manifest ? { manifest } : {}) };
}

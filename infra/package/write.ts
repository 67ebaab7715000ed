import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack as openTar, type Pack } from 'tar-stream';
import type { Sealer } from '../../adapters/gate.jsonwebtoken.ts';
import { MANIFEST, type PackageManifest, type Part, SIGNATURE } from './manifest.ts';

/** A part before it is measured. Its bytes are asked for twice: to measure them, and to send them. */
export interface Source extends Pick<Part, 'name' | 'video'> {
  bytes(): AsyncIterable<Buffer>;
}

async function measured({ name, video, bytes }: Source): Promise<Part> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of bytes()) {
    hash.update(chunk);
    length += chunk.length;
  }
  return { name, bytes: length, sha256: hash.digest('hex'), ...(video ? { video } : {}) };
}

async function put(
  tar: Pack,
  name: string,
  size: number,
  madeAt: number,
  bytes: Iterable<Buffer> | AsyncIterable<Buffer>,
) {
  const entry = tar.entry({ name, size, mode: 0o644, mtime: new Date(madeAt) });
  await pipeline(Readable.from(bytes), entry);
}

/** A package that is being written. */
export interface Written {
  stream: Readable;
  /** How many bytes will come, unless it breaks off. */
  bytes: number;
}

/** What a tar file is made of, and how many of these end it. */
const BLOCK_BYTES = 512;
const END_BLOCKS = 2;
/** What an entry of a length takes, with its head. */
const entryBytes = (length: number): number => (1 + Math.ceil(length / BLOCK_BYTES)) * BLOCK_BYTES;

/**
 * A package as the bytes of a tar file: manifest, signature, parts. Nothing is held in memory but a piece of a part.
 * @returns once everything is measured; what changes on the disk after that breaks the stream off
 */
export async function writePackage(
  sources: readonly Source[],
  about: Omit<PackageManifest, 'parts' | 'key' | 'signalbox_package'>,
  sealer: Sealer,
): Promise<Written> {
  const parts: Part[] = [];
  for (const source of sources) parts.push(await measured(source));
  const manifest: PackageManifest = { signalbox_package: 1, ...about, parts, key: sealer.key };
  const head = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  const signature = sealer.sign(head);
  const tar = openTar();
  const fill = async () => {
    await put(tar, MANIFEST, head.length, about.made_at, [head]);
    await put(tar, SIGNATURE, signature.length, about.made_at, [signature]);
    for (const [n, { name, bytes }] of parts.entries()) {
      await put(tar, name, bytes, about.made_at, (sources[n] as Source).bytes());
    }
    tar.finalize();
  };
  fill().catch((error) => tar.destroy(error));
  const lengths = [head.length, signature.length, ...parts.map(({ bytes }) => bytes)];
  const bytes = lengths.reduce((sum, length) => sum + entryBytes(length), END_BLOCKS * BLOCK_BYTES);
  return { stream: Readable.from(tar, { objectMode: false }), bytes };
}

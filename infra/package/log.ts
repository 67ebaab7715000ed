import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { BrokenArchive } from '../archive/file.ts';
import { LOG, MANIFEST } from './manifest.ts';
import { verifyPackage } from './verify.ts';

/** Whether a file begins as a package does: a tar file whose first part is its manifest. */
export async function isPackage(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MANIFEST.length), 0, MANIFEST.length, 0);
    return bytesRead === MANIFEST.length && buffer.toString('latin1') === MANIFEST;
  } finally {
    await handle.close();
  }
}

/**
 * Takes the log out of a package, once all of it is proved to be what was written. By whom it was signed, `verify` says.
 * @returns a file that is there until it is closed
 * @throws BrokenArchive when anything in it was altered
 */
export async function openLog(file: string): Promise<{ file: string; close(): Promise<void> }> {
  const { verdict, faults } = await verifyPackage(file, []);
  if (verdict !== 'unaltered') throw new BrokenArchive(`${file} is ${verdict}: ${faults.join('; ')}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'signalbox-log-'));
  const close = () => rm(folder, { recursive: true, force: true });
  const log = path.join(folder, LOG);
  try {
    for await (const entry of createReadStream(file).pipe(extract())) {
      if (entry.header.name === LOG) await pipeline(entry, createWriteStream(log, { mode: 0o600 }));
      else entry.resume();
    }
    return { file: log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

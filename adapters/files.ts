import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/**
 * Replaces a file in one go, written through to the disk: whoever reads it, even after a power cut, finds the old text
 * or the new one. Only the owner may read it.
 */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Two writers at the same moment must not share a draft.
  const draft = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    const open = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(open, content);
      fsyncSync(open);
    } finally {
      closeSync(open);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/**
 * Reads a file that only its owner may read; undefined when there is none.
 * @throws Error when others may, with what to do
 */
export function readPrivate(file: string): string | undefined {
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Error(`${file} can be read by other users: run \`chmod 600 ${file}\``);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a file for good; false when there was none. */
export function removeFile(file: string): boolean {
  try {
    rmSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  syncFolder(path.dirname(file));
  return true;
}

/** A lock held for longer belongs to a process that was killed: what is done under one takes milliseconds. */
const LOCK_STALE_MS = 5_000;
const LOCK_AGAIN_MS = 5;

/**
 * Does something while no other process of this machine does it: reading a file, changing what it says and writing it
 * back must not be mixed with another's.
 * @param file what is changed; the lock is a folder beside it
 */
export function whileLocked<T>(file: string, work: () => T): T {
  const lock = `${file}.lock`;
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  while (!tryLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_AGAIN_MS);
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const { mtimeMs = Date.now() } = statSync(lock, { throwIfNoEntry: false }) ?? {};
  if (Date.now() - mtimeMs > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true });
  return false;
}

/** What a file says, read again only when it was replaced since: other processes change it too. */
export function freshlyRead<T>(file: string, read: () => T): () => T {
  let seen: string | undefined;
  let value: T;
  return () => {
    const { ino, mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? {};
    const mark = `${ino} ${mtimeMs} ${size}`;
    if (mark !== seen) value = read();
    seen = mark;
    return value;
  };
}

function syncFolder(folder: string): void {
  const open = openSync(folder, 'r');
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}

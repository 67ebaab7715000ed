import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replaceFile } from '../../adapters/files.ts';

/** The data folder of a running group; one group at a time. */
export interface StateFolder {
  path: string;
  run: string;
  log: string;
  /** Holds the Unix sockets; outside, because their paths may have about 100 bytes only. */
  sockets: string;
  /**
   * A secret that is made once and kept in a file of mode 0600.
   * @param shared what it has to be, as other hosts have it
   */
  secret(name: string, shared?: string): { file: string; value: string };
  /** Writes a file of mode 0600 under `run`, in one go; resolves to its path. */
  writeRun(name: string, text: string): string;
  /** Gives the folder free for another group. */
  release(): void;
}

/** Another group runs on this data folder, or the folder can't be trusted. */
export class StateFolderRefused extends Error {
  override name = 'StateFolderRefused';
}

/** The start time of a process in the kernel's own count, so that a reused pid is told apart; '' where it isn't known. */
function bornAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number, born: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !born || bornAt(pid) === born;
}

function takePidFile(file: string, state: string): void {
  const mine = `${process.pid} ${bornAt(process.pid)}\n`;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = '', born = ''] = readFileSync(file, 'utf8').trim().split(' ');
    if (Number(pid) > 0 && isAlive(Number(pid), born)) {
      throw new StateFolderRefused(
        `a group already runs on ${state} (process ${pid}): stop it, or give this one its own folder with --state DIR`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new StateFolderRefused(`another group is just starting on ${state}`);
}

/**
 * Where the Unix sockets of the group with this data folder are: in the temporary folder, or where systemd made a folder
 * for it (RuntimeDirectory). A service's temporary folder may be its own, and the command line is no part of the service.
 */
export function socketsFolder(state: string, env: NodeJS.ProcessEnv = process.env): string {
  const mark = createHash('sha256').update(path.resolve(state)).digest('hex').slice(0, 12);
  return path.join(env.RUNTIME_DIRECTORY || tmpdir(), `signalbox-${process.getuid?.() ?? 0}-${mark}`);
}

function makeSocketsFolder(state: string, env: NodeJS.ProcessEnv): string {
  const folder = socketsFolder(state, env);
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const found = lstatSync(folder);
  // The temporary folder is everybody's: somebody else could have made it first, to listen in.
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
    throw new StateFolderRefused(`${folder} belongs to somebody else: remove it, or use another --state`);
  }
  chmodSync(folder, 0o700);
  const longest = path.join(folder, 'switcher-999.sock');
  if (Buffer.byteLength(longest) >= 100) {
    throw new StateFolderRefused(`${longest} is too long for a Unix socket: set TMPDIR to a shorter path`);
  }
  return folder;
}

/**
 * A secret of a data folder, made when it is first asked for, in a file of mode 0600.
 * @param shared what it has to be, as other hosts have it
 */
export function secretIn(state: string, name: string, shared?: string): { file: string; value: string } {
  const folder = path.join(state, 'passwords');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, name);
  if (shared !== undefined) {
    replaceFile(file, shared);
    return { file, value: shared };
  }
  try {
    writeFileSync(file, randomBytes(24).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { file, value: readFileSync(file, 'utf8').trim() };
}

/** Makes the data folder ready and takes it. @throws StateFolderRefused */
export function takeStateFolder(folder: string, env: NodeJS.ProcessEnv = process.env): StateFolder {
  const state = path.resolve(folder);
  const run = path.join(state, 'run');
  const log = path.join(state, 'log');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  chmodSync(state, 0o700);
  for (const made of [run, log]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const pidFile = path.join(run, 'launcher.pid');
  takePidFile(pidFile, state);
  const sockets = makeSocketsFolder(state, env);
  return {
    path: state,
    run,
    log,
    sockets,
    secret: (name, shared) => secretIn(state, name, shared),
    writeRun(name, text) {
      const file = path.join(run, name);
      rmSync(file, { force: true });
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    release() {
      rmSync(sockets, { recursive: true, force: true });
      rmSync(pidFile, { force: true });
    },
  };
}

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFile } from '../../adapters/files.ts';

/** Files of a data folder that a backup holds: who may come in, added cameras, people's layouts, what other hosts have of it, the end of the ledger. */
const FILES = [
  ...['ledger-head.json', 'people.json', 'services.json', 'revocations.json', 'cameras.json'],
  ...['layouts.json', 'shared.json'],
];
/** Folders of which it holds every file: keys, logins of cameras, passwords of our own servers. */
const FOLDERS = ['keys', 'secrets', 'passwords'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;
const READINGS = 5;

/** Whether a name is that of a file that may stand in a backup; anything else could lead out of the folder. */
export function isStateFile(name: string): boolean {
  const [folder = '', file, ...more] = name.split('/');
  if (file === undefined) return FILES.includes(name);
  return more.length === 0 && FOLDERS.includes(folder) && NAME.test(file) && !file.endsWith('.lock');
}

const unlessMissing = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

function readOnce(state: string): Map<string, Buffer> {
  const inFolders = FOLDERS.flatMap((folder) =>
    (unlessMissing(() => readdirSync(path.join(state, folder), { withFileTypes: true })) ?? [])
      .filter((entry) => entry.isFile())
      .map((entry) => `${folder}/${entry.name}`),
  );
  const found = [...FILES, ...inFolders].filter(isStateFile).flatMap((name): [string, Buffer][] => {
    const data = unlessMissing(() => readFileSync(path.join(state, name)));
    return data ? [[name, data]] : [];
  });
  return new Map(found);
}

const isSame = (one: Map<string, Buffer>, other: Map<string, Buffer>): boolean =>
  one.size === other.size && [...one].every(([name, data]) => other.get(name)?.equals(data) ?? false);

/**
 * Reads the files of a data folder as of one moment: each is replaced whole, and two readings that are alike show that
 * none of them changed between.
 * @throws Error when they change at every reading
 */
export function readStateFiles(state: string): Map<string, Buffer> {
  let before = readOnce(state);
  for (let reading = 1; reading < READINGS; reading += 1) {
    const now = readOnce(state);
    if (isSame(before, now)) return now;
    before = now;
  }
  throw new Error(`the files of ${state} are being changed all the time: try again when nobody changes anything`);
}

/** Writes a file of a backup below a data folder. @throws Error for a name that no backup of ours holds */
export function writeStateFile(state: string, name: string, data: Buffer): void {
  if (!isStateFile(name)) throw new Error(`a backup holds no file "${name.slice(0, 80)}"`);
  const file = path.join(state, name);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, data);
}

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

// The rules of infra/binaries.ts, which can't be imported before TypeScript can be run.

/** Where set-up puts the servers it downloads or builds. */
export const cacheFolder = (env) =>
  path.join(env.XDG_CACHE_HOME || path.join(env.HOME || homedir(), '.cache'), 'signalbox', 'bin');

/** The variable that names a program's path, for instance SIGNALBOX_NATS_SERVER. */
export const variableOf = (program) => `SIGNALBOX_${program.toUpperCase().replaceAll('-', '_')}`;

/** Whether a file can be run. */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Every place of a program on the PATH, in order. */
export function onPath(program, env) {
  const folders = [...(env.PATH ?? '').split(path.delimiter), '/usr/sbin'].filter(Boolean);
  return folders.map((folder) => path.join(folder, program)).filter(isExecutable);
}

/** The path of a program, or undefined. */
export function find(program, env) {
  const explicit = env[variableOf(program)];
  if (explicit) return isExecutable(explicit) ? explicit : undefined;
  return onPath(program, env)[0];
}

import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Programs that Signalbox runs, and those that its tests do. */
export type Program =
  | ('mediamtx' | 'nats-server' | 'redis-server' | 'ffmpeg' | 'nginx')
  | ('chromium' | 'turnserver' | 'turnutils_uclient' | 'srt-live-transmit' | 'ip' | 'nft')
  | ('Xorg' | 'jwm' | 'xrandr' | 'xprop' | 'xwininfo');

/** Where set-up puts the servers it builds or downloads: `$XDG_CACHE_HOME/signalbox/bin`. */
export function cachedPrograms(env: NodeJS.ProcessEnv): string {
  return path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'signalbox', 'bin');
}

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * The path of a program: `SIGNALBOX_<PROGRAM>` if set, else what set-up put in the cache, else the PATH.
 * @throws Error telling to run `npm start`, which installs what is missing
 */
export function findProgram(program: Program, env: NodeJS.ProcessEnv = process.env): string {
  const explicit = env[`SIGNALBOX_${program.toUpperCase().replaceAll('-', '_')}`];
  if (explicit) {
    if (isExecutable(explicit)) return explicit;
    throw new Error(`${explicit}, named by the environment as ${program}, can't be run`);
  }
  const folders = [cachedPrograms(env), ...(env.PATH ?? '').split(path.delimiter), '/usr/sbin'];
  for (const folder of folders) {
    const file = path.join(folder, program);
    if (folder && isExecutable(file)) return file;
  }
  throw new Error(`${program} is not installed: \`npm start\` or \`npm test\` installs what is missing`);
}

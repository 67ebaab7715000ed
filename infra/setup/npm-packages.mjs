import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { attempt, progress, SetupStopped } from './tell.mjs';

const read = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
};

/** Whether node_modules holds what package-lock.json says, by npm's own note of what it installed. */
export function hasNpmPackages(root) {
  const wanted = read(path.join(root, 'package-lock.json'));
  const present = read(path.join(root, 'node_modules/.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([folder, { version, optional, link }]) => {
    if (folder === '' || link) return true;
    // Optional packages are those of other platforms.
    if (!present[folder]) return Boolean(optional);
    return present[folder].version === version && (optional || existsSync(path.join(root, folder)));
  });
}

/** Installs the npm packages of the lockfile, without running anybody's install scripts. */
export async function installNpmPackages({ root, env }) {
  if (hasNpmPackages(root)) return;
  const command = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await progress('installing npm packages (npm ci)', async (note) => {
    const { ok, output } = await attempt('npm', command, { cwd: root, env, note });
    // npm says what is wrong first and ends with its manual.
    const said = output.split('\n').slice(0, 15).join('\n  ');
    if (!ok) throw new SetupStopped(`this failed: npm ${command.join(' ')}\n  ${said}`);
  });
}

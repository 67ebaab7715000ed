import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { must, progress } from './tell.mjs';

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
  await progress('installing npm packages (npm ci)', (note) =>
    must('npm', ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'], { cwd: root, env, note }),
  );
}

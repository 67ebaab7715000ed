import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must, progress, tell } from './tell.mjs';

const CONFIG = 'adapters/browser/vite.config.ts';
/** The page is made of its own sources, the vocabulary it shares, and the packages of the lockfile. */
const SOURCES = ['adapters/browser', 'bus', 'machines', 'package-lock.json'];

function* filesOf(at) {
  if (!existsSync(at)) return;
  const entries = readdirSync(at, { withFileTypes: true, recursive: true });
  for (const entry of entries) if (entry.isFile()) yield path.join(entry.parentPath ?? entry.path, entry.name);
}

function fingerprint(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const at = path.join(root, source);
    const files = source.endsWith('.json') ? [at] : [...filesOf(at)].sort();
    for (const file of files) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Builds the page when its sources are others than those of the last build. */
export async function buildPage({ root, env }) {
  if (!existsSync(path.join(root, CONFIG))) return tell(`no page is built: ${CONFIG} does not exist`);
  const stamp = path.join(root, '.build/page.stamp');
  const now = fingerprint(root);
  const built = existsSync(path.join(root, '.build/page/index.html')) && existsSync(stamp);
  if (built && readFileSync(stamp, 'utf8') === now) return;
  await progress('building the page', (note) =>
    must(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--config', CONFIG], {
      cwd: root,
      env: { ...env, NO_COLOR: '1' },
      note,
    }),
  );
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

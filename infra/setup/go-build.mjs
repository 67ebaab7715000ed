import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { find, isExecutable } from './find.mjs';
import { must, SetupStopped } from './tell.mjs';

/** The Go command, also where its own installer puts it. */
export function findGo(env) {
  if (env.SIGNALBOX_GO) return find('go', env);
  return find('go', env) ?? ['/usr/local/go/bin/go', '/opt/homebrew/bin/go'].find(isExecutable);
}

/** Builds nats-server from its Go module. @returns {Promise<string>} the program's path */
export async function buildNats({ env, go, folder, note, version }) {
  await must(go, ['install', `github.com/nats-io/nats-server/v2@v${version}`], {
    env: { ...env, GOBIN: folder, CGO_ENABLED: '0' },
    cwd: folder,
    note,
  });
  return path.join(folder, 'nats-server');
}

/** Go keeps modules read-only; a copy must be changed, and removed afterwards. */
function makeWritable(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) makeWritable(at);
    else if (entry.isFile()) chmodSync(at, 0o644);
  }
}

/**
 * Builds mediamtx from its Go module, which lacks two generated files that are compiled in: its version, and the
 * hls.js of its own test page.
 * @returns {Promise<string>} the program's path
 */
export async function buildMediamtx({ root, env, go, folder, note, version }) {
  const hls = path.join(root, 'node_modules/hls.js/dist/hls.min.js');
  if (!existsSync(hls)) throw new SetupStopped(`${hls} is missing: npm ci brings it, and mediamtx is built with it`);
  const build = { env: { ...env, CGO_ENABLED: '0' }, cwd: folder };
  const printed = await must(go, ['mod', 'download', '-json', `github.com/bluenviron/mediamtx@v${version}`], build);
  const module = JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1));
  const source = path.join(folder, 'source');
  cpSync(module.Dir, source, { recursive: true });
  makeWritable(source);
  mkdirSync(path.join(source, 'internal/servers/hls'), { recursive: true });
  writeFileSync(path.join(source, 'internal/core/VERSION'), `v${version}`);
  copyFileSync(hls, path.join(source, 'internal/servers/hls/hls.min.js'));
  const program = path.join(folder, 'mediamtx');
  await must(go, ['build', '-o', program, '.'], { ...build, cwd: source, note });
  return program;
}

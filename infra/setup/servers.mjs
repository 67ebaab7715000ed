import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { cacheFolder, isExecutable, onPath, variableOf } from './find.mjs';
import { buildMediamtx, buildNats, findGo } from './go-build.mjs';
import { download, NoRelease } from './release.mjs';
import { attempt, progress, SetupStopped, tell } from './tell.mjs';

/** The two servers that operating systems don't have in a version we need. */
export const SERVERS = [
  {
    name: 'nats-server',
    version: '2.15.1',
    wanted: '2.12.6 or newer',
    accepts: ([major, minor, patch]) => major === 2 && (minor > 12 || (minor === 12 && patch >= 6)),
    repository: 'nats-io/nats-server',
    archive: (system, cpu) => `nats-server-v2.15.1-${system}-${cpu}.tar.gz`,
    inside: (system, cpu) => `nats-server-v2.15.1-${system}-${cpu}/nats-server`,
    checksums: 'SHA256SUMS',
    build: buildNats,
  },
  {
    name: 'mediamtx',
    version: '1.20.1',
    wanted: '1.20.1 or a newer 1.20',
    accepts: ([major, minor, patch]) => major === 1 && minor === 20 && patch >= 1,
    repository: 'bluenviron/mediamtx',
    archive: (system, cpu) => `mediamtx_v1.20.1_${system}_${cpu}.tar.gz`,
    inside: () => 'mediamtx',
    checksums: 'checksums.sha256',
    build: buildMediamtx,
  },
];

/** The version that a server prints, for instance [2, 15, 1]. */
async function versionOf(file, env) {
  const { ok, output } = await attempt(file, ['--version'], { env });
  const found = ok ? /(\d+)\.(\d+)\.(\d+)/.exec(output) : null;
  return found?.slice(1).map(Number);
}

/** A cached server was checked when it came; a stamp beside it spares starting it each time. */
async function isGoodInCache(server, file, env) {
  if (!isExecutable(file)) return false;
  const stamp = `${file}.version`;
  const { size } = statSync(file);
  const [version = '', bytes] = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim().split(' ') : [];
  if (Number(bytes) === size && server.accepts(version.split('.').map(Number))) return true;
  const found = await versionOf(file, env);
  if (!found || !server.accepts(found)) return false;
  writeFileSync(stamp, `${found.join('.')} ${size}\n`);
  return true;
}

async function isPresent(server, { env }) {
  const explicit = env[variableOf(server.name)];
  if (explicit) {
    const found = isExecutable(explicit) && (await versionOf(explicit, env));
    if (found && server.accepts(found)) return true;
    const why = found ? `is version ${found.join('.')}` : "can't be run";
    throw new SetupStopped(`${variableOf(server.name)}=${explicit} ${why}; ${server.name} ${server.wanted} is needed`);
  }
  if (await isGoodInCache(server, path.join(cacheFolder(env), server.name), env)) return true;
  for (const file of onPath(server.name, env)) {
    const found = await versionOf(file, env);
    if (found && server.accepts(found)) return true;
    tell(
      `${file} is version ${found?.join('.') ?? 'unknown'}; ${server.name} ${server.wanted} is needed, so it is passed over`,
    );
    // What comes first on the PATH is what would be run.
    break;
  }
  return false;
}

/** Brings one server into the cache; `folder` is scratch space on the same disk. */
async function obtain(server, machine, folder) {
  try {
    return await progress(`downloading ${server.name} ${server.version}`, (note) =>
      download(server, machine, folder, note),
    );
  } catch (error) {
    if (!(error instanceof NoRelease)) throw error;
    tell(`  not possible: ${error.message}`);
  }
  const go = findGo(machine.env);
  if (go) {
    return progress(`building ${server.name} ${server.version} with Go, about a minute`, (note) =>
      server.build({ ...machine, go, folder, note, version: server.version }),
    );
  }
  throw new SetupStopped(
    `${server.name} ${server.wanted} is missing, can't be downloaded here, and there is no Go to build it.\n` +
      `Get it from https://github.com/${server.repository}/releases/tag/v${server.version}, put it on the PATH ` +
      `or name it with ${variableOf(server.name)}=/path/to/${server.name}, then try again`,
  );
}

/** Makes sure that nats-server and mediamtx are there, in versions that work. */
export async function installServers(machine) {
  for (const server of SERVERS) {
    if (await isPresent(server, machine)) continue;
    const cache = cacheFolder(machine.env);
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(path.join(path.dirname(cache), 'making-'));
    try {
      const file = await obtain(server, machine, folder);
      const found = await versionOf(file, machine.env);
      if (!found || !server.accepts(found)) {
        throw new SetupStopped(
          `${server.name} came as version ${found?.join('.') ?? 'unknown'}; ${server.wanted} is needed`,
        );
      }
      const ready = path.join(folder, 'ready');
      copyFileSync(file, ready);
      // In one go, so that somebody who starts at the same moment never meets half a file.
      renameSync(ready, path.join(cache, server.name));
      await isGoodInCache(server, path.join(cache, server.name), machine.env);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

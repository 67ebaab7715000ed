import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { must, SetupStopped } from './tell.mjs';

/** No release can be had here: no network, no such file, no such platform. Another way may work. */
export class NoRelease extends Error {
  name = 'NoRelease';
}

const ANSWER_TIMEOUT_MS = 5000;
const STALL_TIMEOUT_MS = 30_000;
const MAX_BYTES = 500_000_000;
const CPUS = { x64: 'amd64', arm64: 'arm64' };

/** Without a network the second download would only repeat the wait of the first. */
let unreachable;

async function open(url) {
  if (unreachable) throw new NoRelease(unreachable);
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: control.signal });
    if (!response.ok) throw new NoRelease(`${url} answers ${response.status}`);
    return { response, control };
  } catch (error) {
    if (error instanceof NoRelease) throw error;
    unreachable = `${new URL(url).host} can't be reached`;
    throw new NoRelease(unreachable);
  } finally {
    clearTimeout(timer);
  }
}

/** Writes a download to a file; resolves to its SHA-256. */
async function save(url, file, note) {
  const { response, control } = await open(url);
  const total = Number(response.headers.get('content-length'));
  const hash = createHash('sha256');
  let bytes = 0;
  let stalled = setTimeout(() => control.abort(), STALL_TIMEOUT_MS);
  const meter = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      clearTimeout(stalled);
      stalled = setTimeout(() => control.abort(), STALL_TIMEOUT_MS);
      note(total ? `${Math.round((100 * bytes) / total)} %` : `${Math.round(bytes / 1e6)} MB`);
      done(bytes > MAX_BYTES ? new Error('larger than any release') : null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(file));
  } catch (error) {
    throw new NoRelease(`the download of ${url} broke off: ${error.message}`);
  } finally {
    clearTimeout(stalled);
  }
  return hash.digest('hex');
}

/** The SHA-256 that a list of checksums gives for a file, or undefined. */
export function checksumIn(list, name) {
  for (const line of list.split('\n')) {
    const [, hash, file] = /^([0-9a-f]{64})\s+\*?(\S+)$/i.exec(line.trim()) ?? [];
    if (file === name) return hash.toLowerCase();
  }
  return undefined;
}

/** Whether a file has this SHA-256; read again from the disk, because that is what will be unpacked. */
async function hasChecksum(file, expected) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex') === expected;
}

/**
 * Downloads a server's own release and checks it against the checksums that the release publishes.
 * @returns {Promise<string>} the path of the program, inside `folder`
 * @throws NoRelease when there is none to be had; SetupStopped when the checksum is wrong
 */
export async function download(server, { env, platform, arch }, folder, note) {
  const cpu = CPUS[arch];
  if (!cpu || !['linux', 'darwin'].includes(platform)) throw new NoRelease(`no release for ${platform} on ${arch}`);
  const base = (env.SIGNALBOX_RELEASES || 'https://github.com').replace(/\/+$/, '');
  const at = `${base}/${server.repository}/releases/download/v${server.version}`;
  const name = server.archive(platform, cpu);
  const { response } = await open(`${at}/${server.checksums}`);
  const expected = checksumIn(await response.text(), name);
  if (!expected)
    throw new SetupStopped(`${at}/${server.checksums} has no checksum for ${name}: the release is not used`);
  const archive = path.join(folder, name);
  await save(`${at}/${name}`, archive, note);
  if (!(await hasChecksum(archive, expected))) {
    throw new SetupStopped(
      `${name} does not have the checksum that its release publishes: it was damaged or changed on its way and is not used.\n` +
        `Try again; if it stays so, get ${server.name} by hand`,
    );
  }
  await must('tar', ['-xzf', archive, '-C', folder], { env });
  return path.join(folder, server.inside(platform, cpu));
}

import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isId } from '../../bus/identity.ts';
import { verifyPackage } from '../package/verify.ts';
import { type CommonOptions, reach } from './reach.ts';
import { refused, send } from './request.ts';
import { CommandFailed, misused, patiently, type Terminal } from './terminal.ts';

/** The gateway reads all of the video once before it sends the first byte. */
const SILENT_MS = 600_000;

interface PackageOptions extends CommonOptions {
  camera?: string;
  out: string;
  redactNames?: boolean;
}

/** `signalbox export --video`: fetches a package, and keeps it only when it came whole. */
export async function exportPackage(
  out: Terminal,
  options: PackageOptions,
  { from, to }: { from: number | undefined; to: number },
): Promise<void> {
  const [camera, ...others] = (options.camera ?? '').split(',');
  if (camera === undefined || ![camera, ...others].every(isId)) {
    throw misused('--video needs --camera ID, such as cam_001, or several with commas between');
  }
  if (from === undefined) throw misused('--video needs --from: a time back (10m) or a moment (2026-01-31T03:12)');
  if (from >= to) throw misused('--from lies behind --to: exchange them');
  if (options.redactNames) throw misused('--redact-names goes without --video: faces can not be given other names');
  const unfinished = `${options.out}.part`;
  try {
    await fetchTo(
      unfinished,
      out,
      options,
      `/recordings/${camera}/package.tar?from=${from}&to=${to}${others.length > 0 ? `&with=${others.join(',')}` : ''}`,
    );
    const { verdict, faults, manifest } = await verifyPackage(unfinished, []);
    if (verdict !== 'unaltered' || !manifest)
      throw new CommandFailed(`the package did not come whole: ${faults[0]}; try again`);
    await rename(unfinished, options.out);
    if (options.json) return out.printJson({ file: options.out, ...manifest });
    const videos = manifest.parts.filter(({ video }) => video);
    const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
    out.print(
      `${options.out}: log and ${videos.length} ${videos.length === 1 ? 'video' : 'videos'} of ${[camera, ...others].join(', ')}, ${bytes} bytes, ${manifest.gaps.length} gaps; signed with key ${manifest.key.kid}`,
    );
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function fetchTo(file: string, out: Terminal, options: CommonOptions, route: string): Promise<void> {
  const to = reach(options, out);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), SILENT_MS);
  try {
    const response = await patiently(
      out,
      `waiting for ${to.url}`,
      send(to, 'GET', route, undefined, { signal: stop.signal }),
    );
    if (!response.ok || !response.body) {
      throw refused(to, response, ((await response.json().catch(() => ({}))) ?? {}) as object);
    }
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on('data', () => timer.refresh());
    await pipeline(body, createWriteStream(file, { mode: 0o600 })).catch((error: NodeJS.ErrnoException) => {
      if (error.syscall) throw error;
      throw new CommandFailed(`the package broke off: ${error.message}; try again`);
    });
  } finally {
    clearTimeout(timer);
  }
}

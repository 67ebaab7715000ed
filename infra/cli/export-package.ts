import { rename, rm } from 'node:fs/promises';
import { isId } from '../../bus/identity.ts';
import { verifyPackage } from '../package/verify.ts';
import { fetchTo, unwritable } from './download.ts';
import type { CommonOptions } from './reach.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

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
    const more = others.length > 0 ? `&with=${others.join(',')}` : '';
    const route = `/recordings/${camera}/package.tar?from=${from}&to=${to}${more}`;
    await fetchTo(unfinished, out, options, { route, what: 'the package' });
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
  } catch (error) {
    throw unwritable(options.out, error);
  } finally {
    await rm(unfinished, { force: true });
  }
}

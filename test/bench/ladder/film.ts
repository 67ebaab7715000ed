import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { ladderOutput } from '../../../adapters/ladder.ffmpeg/arguments.ts';
import type { Measured, PlannedRung } from '../../../bus/events/rendition.ts';
import { findProgram } from '../../../infra/binaries.ts';

/** A camera's film: 720 lines that move, with some noise, 25 pictures and 2 Mb a second, a key frame every 2 s. */
export const FILMED: Measured = {
  ...{ codec: 'h264', width: 1280, height: 720, fps: 25, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 2_000_000, audio: false },
};

/** Makes the film. @returns its file */
export function film(folder: string, seconds: number): string {
  const file = path.join(folder, 'camera.ts');
  const picture = `testsrc2=s=${FILMED.width}x${FILMED.height}:r=${FILMED.fps},noise=alls=6:allf=t`;
  execFileSync(findProgram('ffmpeg'), [
    ...['-v', 'error', '-f', 'lavfi', '-i', picture, '-t', String(seconds), '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'baseline'],
    ...['-b:v', '2M', '-maxrate', '2400k', '-bufsize', '1200k', '-g', '50', '-keyint_min', '50', file],
  ]);
  return file;
}

/**
 * Has one FFmpeg make these rungs of a film, as a ladder does, as fast as it can.
 * @returns the processor time that it took: what others run beside it lengthens the wait, and hardly this
 */
export function makeRungs(source: string, rungs: readonly PlannedRung[], as: string): number {
  const { fps, gop_ms: gopMs } = FILMED;
  const { options } = ladderOutput({ rungs, audio: false, fps, gopMs, startedMs: 1, socket: () => '' });
  const folder = path.dirname(source);
  const files = rungs.map(({ name }, stream) => `[f=mpegts:select=${stream}]${as}-${name}.ts`).join('|');
  const { stderr, status } = spawnSync(
    findProgram('ffmpeg'),
    [
      ...['-hide_banner', '-benchmark', '-nostats', '-i', source],
      ...options.flatMap((option) => option.split(/ (.*)/s).filter((part) => part)),
      ...['-f', 'tee', files],
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
  if (status !== 0 || user === undefined) throw new Error(`FFmpeg made no rungs: ${stderr.slice(-500)}`);
  return Number(user) + Number(system);
}

/** How near a rung comes to what was filmed, at its own size: structural similarity, 1 at best. */
export function similarity(source: string, { name, width, height }: PlannedRung, as: string): number {
  const graph = `[0:v]setpts=PTS-STARTPTS[made];[1:v]setpts=PTS-STARTPTS,scale=${width}:${height}[filmed];[made][filmed]ssim`;
  const made = path.join(path.dirname(source), `${as}-${name}.ts`);
  const { stderr } = spawnSync(
    findProgram('ffmpeg'),
    ['-hide_banner', '-nostats', '-i', made, '-i', source, '-lavfi', graph, '-f', 'null', '-'],
    { encoding: 'utf8' },
  );
  const [, all] = /SSIM .*All:([\d.]+)/.exec(stderr) ?? [];
  if (all === undefined) throw new Error(`FFmpeg compared nothing: ${stderr.slice(-500)}`);
  return Number(all);
}

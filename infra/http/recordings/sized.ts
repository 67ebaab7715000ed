import type { Recordings, Stretch } from '../../../adapters/recordings.files.ts';

/** What there is of a camera between two moments (epoch ms), as `Recordings.stretches`, and what the files of each stretch take. */
export async function sizedStretches(
  recordings: Pick<Recordings, 'stretches' | 'sizes'>,
  camera: string,
  { from, to }: { from: number; to: number },
  losses: readonly { from: number; to: number }[] = [],
): Promise<(Stretch & { bytes: number })[]> {
  const [stretches, files] = await Promise.all([
    recordings.stretches(camera, from, to, losses),
    recordings.sizes(camera, from, to),
  ]);
  return stretches.map((stretch) => {
    const own = files.filter(
      (file) => file.source === stretch.source && file.from >= stretch.from && file.from < stretch.to,
    );
    return { ...stretch, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

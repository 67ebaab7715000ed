import { fragment } from '../recordings/fragment.ts';
import type { Sample, Track } from '../recordings/samples.ts';
import type { Stretch } from './joining.ts';
import type { Piece } from './pieces.ts';

/** A frame of nothing in AAC-LC with two channels, as the ladder's sound is made (ISO/IEC 14496-3, 4.4). */
const FRAME = Buffer.from([0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80]);
const FRAME_SAMPLES = 1_024;
/** Units a second of the ladder's sound, and the only track in its files. */
const TRACK: Track = { id: 1, kind: 'audio', timescale: 48_000 };
/** A sample that needs no other (ISO/IEC 14496-12, 8.8.3.1). */
const INDEPENDENT = 0x0200_0000;

/**
 * Makes silence that follows the ladder's AAC.
 * @param stretch where it begins, and what it is not to overrun
 * @returns undefined where there is no room for a whole frame
 */
export function silence({ fromS, toS }: Stretch): Piece | undefined {
  const dts = Math.round(fromS * TRACK.timescale);
  const frames = Math.floor((toS * TRACK.timescale - dts) / FRAME_SAMPLES);
  if (frames < 1) return undefined;
  const samples = Array.from(
    { length: frames },
    (_, n): Sample => ({
      ...{ track: TRACK, dts: dts + n * FRAME_SAMPLES, duration: FRAME_SAMPLES, shownAfter: 0 },
      ...{ flags: INDEPENDENT, isKey: true, at: 0, bytes: FRAME.length },
    }),
  );
  const data = Buffer.concat(samples.map(() => FRAME));
  return {
    fromS,
    toS: fromS + (frames * FRAME_SAMPLES) / TRACK.timescale,
    media: fragment(1, [{ samples, data }], 0),
  };
}

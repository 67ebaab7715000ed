import type { Rung } from '../../bus/events/rendition.ts';
import { type LadderFault, type RungWish, rungsWished, wishNamed } from '../../machines/policy/wished-rungs.ts';
import type { LadderInput } from './camera-input.ts';
import type { Settings } from './declaration.ts';
import type { SettingPath } from './parse.ts';
import type { FaultAt } from './reading.ts';

type Declared = NonNullable<Exclude<Settings['cameras'][string], string>['ladder']>[number];

/** What the file calls each figure of a rung. */
const NAMED: Record<LadderFault['of'], string> = {
  height: 'height',
  bitrate_bps: 'bitrate_kbps',
  max_bps: 'max_bitrate_kbps',
  buffer_bits: 'buffer_kbits',
};

const inBits = (name: keyof RungWish, kilobits: number | undefined): Partial<RungWish> =>
  kilobits === undefined ? {} : { [name]: kilobits * 1_000 };

function wishOf(rung: Declared): RungWish {
  if (typeof rung === 'string') return wishNamed(rung);
  const { height, bitrate_kbps, max_bitrate_kbps, buffer_kbits } = rung;
  return {
    height,
    ...inBits('bitrate_bps', bitrate_kbps),
    ...inBits('max_bps', max_bitrate_kbps),
    ...inBits('buffer_bits', buffer_kbits),
  };
}

/** The ladder that the file gives a camera, best first. @param at where in the file */
export function ladderOfFile(declared: readonly Declared[], at: SettingPath, fault: FaultAt): Rung[] {
  const { rungs, faults } = rungsWished(declared.map(wishOf));
  for (const { index, of, message } of faults) fault([...at, index, NAMED[of]], message);
  return rungs;
}

/** The ladder that a caller of the API gives a camera, and what is wrong with it, in a sentence. */
export function ladderOfInput(input: LadderInput): { rungs: Rung[]; fault: string | undefined } {
  const { rungs, faults } = rungsWished(input.map((rung) => (typeof rung === 'string' ? wishNamed(rung) : rung)));
  const told = faults.map(({ index, of, message }) => `ladder[${index}].${of}: ${message}`);
  return { rungs, fault: told.length > 0 ? told.join('; ') : undefined };
}

import type { Rung } from '../../bus/events/rendition.ts';
import { RUNGS } from './ladder.ts';

/** A rung as somebody asks for it; of what is not said, the usual. */
export interface RungWish {
  height: number;
  bitrate_bps?: number;
  max_bps?: number;
  buffer_bits?: number;
}

/** What is wrong with a ladder, and where in it. */
export interface LadderFault {
  index: number;
  of: keyof RungWish;
  message: string;
}

/** Unless somebody says otherwise, an encoder goes so far beyond its bit rate, and so far ahead of it. */
const USUAL = { maxShare: 1.2, bufferS: 0.6 };

const usualOf = (height: number): Rung | undefined => RUNGS.find((rung) => rung.height === height);

/** What a rung that is known by its name alone asks for. */
export const wishNamed = (name: string): RungWish => ({ height: Number.parseInt(name, 10) });

/** The rung that is asked for; its bit rate is no number where nobody said one, and there is no usual one. */
function rungWished({ height, bitrate_bps: said, max_bps, buffer_bits }: RungWish): Rung {
  const bitrate_bps = said ?? usualOf(height)?.bitrate_bps ?? Number.NaN;
  return {
    ...{ name: `${height}p`, height, bitrate_bps },
    max_bps: max_bps ?? Math.round(bitrate_bps * USUAL.maxShare),
    buffer_bits: buffer_bits ?? Math.round(bitrate_bps * USUAL.bufferS),
  };
}

const inKbps = (bps: number): string => `${Math.round(bps / 1_000)} kb/s`;

/** What no grammar can tell of one rung among the others of its ladder. */
function faultOf(rung: Rung, index: number, all: readonly Rung[]): Omit<LadderFault, 'index'> | undefined {
  const { name, height, bitrate_bps, max_bps } = rung;
  if (Number.isNaN(bitrate_bps)) {
    const known = RUNGS.map((usual) => usual.height).join(', ');
    return { of: 'bitrate_bps', message: `is missing for ${name}: only rungs of ${known} lines have a usual one` };
  }
  if (max_bps < bitrate_bps) {
    return { of: 'max_bps', message: `${inKbps(max_bps)} is less than the ${inKbps(bitrate_bps)} that ${name} has` };
  }
  const twice = all.slice(0, index).some((one) => one.name === name && JSON.stringify(one) !== JSON.stringify(rung));
  if (twice) return { of: 'height', message: `${name} is here twice, with other figures: keep one of the two` };
  const above = all.find((one) => one.height > height && one.bitrate_bps <= bitrate_bps);
  if (!above) return undefined;
  const message = `${inKbps(bitrate_bps)} for ${name} is not less than the ${inKbps(above.bitrate_bps)} of ${above.name}`;
  return { of: 'bitrate_bps', message: `${message}: nobody would gain by going down to it` };
}

const byHeight = (rungs: readonly Rung[]): Rung[] => rungs.toSorted((a, b) => b.height - a.height);

/** The rungs that somebody asks for, best first and each once, and what is wrong with them. */
export function rungsWished(wishes: readonly RungWish[]): { rungs: Rung[]; faults: LadderFault[] } {
  const all = wishes.map(rungWished);
  const faults = all.flatMap((rung, index) => {
    const fault = faultOf(rung, index, all);
    return fault ? [{ index, ...fault }] : [];
  });
  return { rungs: byHeight(all.filter(({ name }, at) => all.findIndex((one) => one.name === name) === at)), faults };
}

/** A ladder with all usual rungs that have a place in it: larger than what takes less, smaller than what takes more. */
export function withUsual(own: readonly Rung[]): Rung[] {
  const hasPlace = (usual: Rung) =>
    own.every(
      ({ height, bitrate_bps }) =>
        height !== usual.height &&
        bitrate_bps !== usual.bitrate_bps &&
        height > usual.height === bitrate_bps > usual.bitrate_bps,
    );
  return byHeight([...own, ...RUNGS.filter(hasPlace)]);
}

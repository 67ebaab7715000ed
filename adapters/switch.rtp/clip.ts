import type { NalFormat } from './nal.ts';

/** Fits an Ethernet frame with room for tunnels. */
const MAX_PAYLOAD_BYTES = 1_400;

/** NAL units of an Annex B stream, without their start codes. */
function unitsOf(annexB: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let from = annexB.indexOf('000001', 0, 'hex');
  while (from >= 0) {
    const next = annexB.indexOf('000001', from + 3, 'hex');
    let end = next < 0 ? annexB.length : next;
    while (end > from + 3 && annexB[end - 1] === 0) end -= 1;
    if (end > from + 3) units.push(annexB.subarray(from + 3, end));
    from = next;
  }
  return units;
}

/** The payloads of RTP packets that carry one NAL unit. */
function payloadsOf(format: NalFormat, nal: Buffer): Buffer[] {
  if (nal.length <= MAX_PAYLOAD_BYTES) return [nal];
  const payloads: Buffer[] = [];
  for (let at = format.headerBytes; at < nal.length; at += MAX_PAYLOAD_BYTES) {
    const end = Math.min(nal.length, at + MAX_PAYLOAD_BYTES);
    const header = format.fragmentOf(nal, at === format.headerBytes, end === nal.length);
    payloads.push(Buffer.concat([header, nal.subarray(at, end)]));
  }
  return payloads;
}

/** A picture of a clip, ready to be put into RTP packets. */
export interface ClipPicture {
  key: boolean;
  payloads: Buffer[];
}

/**
 * Reads a clip whose pictures are set apart by delimiters, up to a bound; it begins with its first key frame.
 * @param annexB the file's bytes
 */
export function readClip(format: NalFormat, annexB: Buffer): ClipPicture[] {
  const pictures: ClipPicture[] = [];
  for (const nal of unitsOf(annexB)) {
    const type = format.typeOf(nal);
    if (type === format.delimiter) {
      pictures.push({ key: false, payloads: [] });
      continue;
    }
    const picture = pictures.at(-1);
    if (!picture) continue;
    if (format.isKey(type)) picture.key = true;
    picture.payloads.push(...payloadsOf(format, nal));
  }
  const first = pictures.findIndex(({ key }) => key);
  return first < 0 ? [] : pictures.slice(first).filter(({ payloads }) => payloads.length > 0);
}

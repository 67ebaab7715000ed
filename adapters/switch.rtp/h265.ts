import { type BitReader, readBits, withoutEmulation } from './bits.ts';
import type { NalFormat, PictureSize } from './nal.ts';

/** Random access points: BLA, IDR and CRA pictures. */
const FIRST_KEY = 16;
const LAST_KEY = 21;
const VPS = 32;
const SPS = 33;
const PPS = 34;
const DELIMITER = 35;
const AGGREGATE = 48;
const FRAGMENT = 49;

/** Up to here types are pieces of pictures. */
const LAST_SLICE = 31;
/** Those that are in use. */
const isTravelling = (type: number) =>
  type <= 9 || (type >= FIRST_KEY && type <= LAST_KEY) || (type >= VPS && type <= 40);

const MAX_PPS_ID = 63;
const MAX_SPS_ID = 15;
/** What stands in each VPS behind its first two bytes. */
const VPS_MARK = 0xffff;

/** H.265 in RTP (RFC 7798), without the DONL fields that only interleaved sending has. */
export const h265: NalFormat = {
  headerBytes: 2,
  typeOf: (nal) => ((nal[0] ?? 0) >> 1) & 0x3f,
  isHeader(nal) {
    const [first = 0, second = 0] = nal;
    // Not forbidden, of the one layer that everybody shows, and of a temporal one, which are counted from one.
    return (first & 0x81) === 0 && second >> 3 === 0 && (second & 7) !== 0 && isTravelling(first >> 1);
  },
  isSlice: (type) => type <= LAST_SLICE,
  isKey: (type) => type >= FIRST_KEY && type <= LAST_KEY,
  setOrder: [VPS, SPS, PPS],
  sizeSet: SPS,
  aggregateType: AGGREGATE,
  fragmentType: FRAGMENT,
  fragmentHeader: (payload) => {
    const header = payload[2] ?? 0;
    const type = header & 0x3f;
    return {
      start: (header & 0x80) !== 0,
      end: (header & 0x40) !== 0,
      nalHeader: Buffer.of(((payload[0] ?? 0) & 0x81) | (type << 1), payload[1] ?? 0),
      type,
    };
  },
  fragmentOf: (nal, start, end) => {
    const type = ((nal[0] ?? 0) >> 1) & 0x3f;
    const flags = (start ? 0x80 : 0) | (end ? 0x40 : 0);
    return Buffer.of(((nal[0] ?? 0) & 0x81) | (FRAGMENT << 1), nal[1] ?? 0, flags | type);
  },
  delimiter: DELIMITER,
  setParameters: ['sprop-vps', 'sprop-sps', 'sprop-pps'],
  pictureSize,
  isSet(set) {
    const reader = readBits(withoutEmulation(set.subarray(2)));
    if (h265.typeOf(set) === VPS) {
      reader.bits(16);
      return reader.bits(16) === VPS_MARK && !reader.overrun();
    }
    return reader.unsigned() <= MAX_PPS_ID && reader.unsigned() <= MAX_SPS_ID && !reader.overrun();
  },
};

/** profile_tier_level (H.265 §7.3.3): skipped. */
function skipProfile(reader: BitReader, subLayers: number) {
  reader.bits(48);
  reader.bits(48); // general profile 88 bits, level 8 bits
  const present: [boolean, boolean][] = [];
  for (let layer = 0; layer < subLayers; layer += 1) present.push([reader.flag(), reader.flag()]);
  if (subLayers > 0) for (let layer = subLayers; layer < 8; layer += 1) reader.bits(2);
  for (const [profile, level] of present) {
    if (profile) for (let index = 0; index < 11; index += 1) reader.bits(8);
    if (level) reader.bits(8);
  }
}

/** Reads an SPS (H.265 §7.3.2.2.1) up to the picture's size. */
function pictureSize(sps: Buffer): PictureSize | undefined {
  const reader = readBits(withoutEmulation(sps.subarray(2)));
  reader.bits(4);
  const subLayers = reader.bits(3);
  reader.flag();
  skipProfile(reader, subLayers);
  reader.unsigned(); // id
  const chroma = reader.unsigned();
  const separatePlanes = chroma === 3 && reader.flag();
  let width = reader.unsigned();
  let height = reader.unsigned();
  if (reader.flag()) {
    const planes = separatePlanes ? 0 : chroma;
    const cropX = planes === 1 || planes === 2 ? 2 : 1;
    const cropY = planes === 1 ? 2 : 1;
    width -= cropX * (reader.unsigned() + reader.unsigned());
    height -= cropY * (reader.unsigned() + reader.unsigned());
  }
  return reader.overrun() ? undefined : { width, height };
}

import { readBits, withoutEmulation } from './bits.ts';
import type { NalFormat, PictureSize } from './nal.ts';

const SLICE = 1;
const IDR = 5;
const SEI = 6;
const SPS = 7;
const PPS = 8;
const DELIMITER = 9;
const FILLER = 12;
/** Of scalable streams, which begin with a picture that everybody shows. */
const PREFIX = 14;
const SUBSET_SPS = 15;
const EXTENSION = 20;
const STAP_A = 24;
const FU_A = 28;

/** Profiles whose SPS carries chroma format and scaling lists. */
const HIGH_PROFILES = new Set([44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244]);

/** What travels in modes 0 and 1, and is in use: data partitions (2 to 4) belong to a profile that nothing shows. */
const TRAVELS = new Set([SLICE, IDR, SEI, SPS, PPS, DELIMITER, FILLER, PREFIX, SUBSET_SPS, EXTENSION]);
/** By the standard; the header tells whether others refer to it. */
const NEVER_REFERRED_TO = new Set([SEI, DELIMITER, FILLER]);
/** By the first byte: whether a unit may begin with it. */
const HEADERS = Uint8Array.from({ length: 256 }, (_, header) => {
  const type = header & 0x1f;
  const isForbidden = (header & 0x80) !== 0;
  const isReferredTo = (header & 0x60) !== 0;
  return !isForbidden && TRAVELS.has(type) && !(isReferredTo && NEVER_REFERRED_TO.has(type)) ? 1 : 0;
});

const MAX_PPS_ID = 255;
const MAX_SPS_ID = 31;

/** H.264 in RTP (RFC 6184), packetization modes 0 and 1. */
export const h264: NalFormat = {
  headerBytes: 1,
  typeOf: (nal) => (nal[0] ?? 0) & 0x1f,
  isHeader: (nal) => HEADERS[nal[0] ?? 0] === 1,
  isSlice: (type) => type === SLICE || type === IDR,
  isKey: (type) => type === IDR,
  setOrder: [SPS, PPS],
  sizeSet: SPS,
  aggregateType: STAP_A,
  fragmentType: FU_A,
  fragmentHeader: (payload) => {
    const indicator = payload[0] ?? 0;
    const header = payload[1] ?? 0;
    return {
      start: (header & 0x80) !== 0,
      end: (header & 0x40) !== 0,
      nalHeader: Buffer.of((indicator & 0xe0) | (header & 0x1f)),
      type: header & 0x1f,
    };
  },
  fragmentOf: (nal, start, end) => {
    const header = nal[0] ?? 0;
    return Buffer.of((header & 0xe0) | FU_A, (start ? 0x80 : 0) | (end ? 0x40 : 0) | (header & 0x1f));
  },
  delimiter: DELIMITER,
  setParameters: ['sprop-parameter-sets'],
  pictureSize,
  isSet(pps) {
    const reader = readBits(withoutEmulation(pps.subarray(1)));
    return reader.unsigned() <= MAX_PPS_ID && reader.unsigned() <= MAX_SPS_ID && !reader.overrun();
  },
};

function skipScalingLists(reader: ReturnType<typeof readBits>, count: number) {
  for (let list = 0; list < count; list += 1) {
    if (!reader.flag()) continue;
    let last = 8;
    let next = 8;
    for (let index = 0; index < (list < 6 ? 16 : 64); index += 1) {
      if (next !== 0) next = (last + reader.signed() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

/** Reads an SPS (H.264 §7.3.2.1.1) up to the picture's size. */
function pictureSize(sps: Buffer): PictureSize | undefined {
  const reader = readBits(withoutEmulation(sps.subarray(1)));
  const profile = reader.bits(8);
  reader.bits(16); // constraints and level
  reader.unsigned(); // id
  let chroma = 1;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chroma = reader.unsigned();
    if (chroma === 3) separatePlanes = reader.flag();
    reader.unsigned(); // luma depth
    reader.unsigned(); // chroma depth
    reader.flag();
    if (reader.flag()) skipScalingLists(reader, chroma === 3 ? 12 : 8);
  }
  reader.unsigned(); // frame number length
  const orderType = reader.unsigned();
  if (orderType === 0) reader.unsigned();
  if (orderType === 1) {
    reader.flag();
    reader.signed();
    reader.signed();
    const cycle = reader.unsigned();
    if (cycle > 255) return undefined;
    for (let index = 0; index < cycle; index += 1) reader.signed();
  }
  reader.unsigned(); // reference frames
  reader.flag();
  const widthInBlocks = reader.unsigned() + 1;
  const mapHeight = reader.unsigned() + 1;
  const framesOnly = reader.flag();
  if (!framesOnly) reader.flag();
  reader.flag(); // direct 8x8
  const fieldFactor = framesOnly ? 1 : 2;
  let width = widthInBlocks * 16;
  let height = mapHeight * 16 * fieldFactor;
  if (reader.flag()) {
    const planes = separatePlanes ? 0 : chroma;
    const cropX = planes === 1 || planes === 2 ? 2 : 1;
    const cropY = (planes === 1 ? 2 : 1) * fieldFactor;
    width -= cropX * (reader.unsigned() + reader.unsigned());
    height -= cropY * (reader.unsigned() + reader.unsigned());
  }
  return reader.overrun() ? undefined : { width, height };
}

import { formatParameter, type MediaTrack } from '../rtsp/sdp.ts';
import { h264 } from './h264.ts';
import { h265 } from './h265.ts';
import { isWellBuilt, type NalFormat, type NalPiece, type PictureSize, piecesOf } from './nal.ts';
import { payloadOf, timestampOf } from './rtp.ts';

/** The video codecs that a program path carries, by RTP encoding name. */
const FORMATS: Record<string, NalFormat> = { H264: h264, H265: h265 };

/** How a codec's NAL units look, or undefined when it is none that we carry. */
export const formatOf = (encoding: string): NalFormat | undefined => FORMATS[encoding];

/** What one packet of a video track means for the picture. */
export interface Sight {
  /** First packet of a new access unit, that is of a new picture. */
  newUnit: boolean;
  /** It belongs to a picture that decoding can start with. */
  key: boolean;
  /** The first packet of such a picture: whoever joins may start here. */
  keyStart: boolean;
  /** The picture needs parameter sets that its source did not send with it: put them before this packet. */
  missingSets: Buffer[];
  /** It can be what its codec says. */
  proper: boolean;
  /** All parameter sets that decoding needs are known by now. */
  setsKnown: boolean;
  pieces: NalPiece[];
}

/** Reads a video track packet by packet. */
export interface VideoReader {
  /** Undefined for what is not a proper packet: it is to be dropped. */
  read(frame: Buffer): Sight | undefined;
  size(): PictureSize | undefined;
}

const MAX_SETS_PER_TYPE = 8;
const MAX_SET_BYTES = 16 * 1024;
const MAX_SIDE_PIXELS = 16_384;
const NONE: Buffer[] = [];

/** A broken parameter set may claim anything. */
const sensible = (size: PictureSize | undefined): PictureSize | undefined =>
  size && [size.width, size.height].every((side) => side > 0 && side <= MAX_SIDE_PIXELS) ? size : undefined;

function setsFromFormat(track: MediaTrack, format: NalFormat): Buffer[] {
  return format.setParameters
    .flatMap((name) => (formatParameter(track, name) ?? '').split(','))
    .map((text) => Buffer.from(text, 'base64'))
    .filter((set) => set.length > format.headerBytes && set.length <= MAX_SET_BYTES)
    .filter((set) => format.setOrder.includes(format.typeOf(set)));
}

/** A reader for a track, or undefined when its codec is none that we carry. */
export function createVideoReader(track: MediaTrack): VideoReader | undefined {
  const format = formatOf(track.encoding);
  if (!format) return undefined;
  const sets = new Map<number, Buffer[]>();
  let size: PictureSize | undefined;
  let unitTimestamp: number | undefined;
  let unitIsKey = false;
  let unitSets = new Set<number>();
  let unitHasSlice = false;

  /** Sets that come with one picture replace those of their type from before. @returns false for what can be none */
  const learn = (type: number, set: Buffer, fresh: boolean): boolean => {
    const known = sets.get(type) ?? [];
    const same = known.some((one) => one.equals(set));
    const isSize = type === format.sizeSet;
    const told = isSize && !same ? sensible(format.pictureSize(set)) : undefined;
    if (!same && !(isSize ? told : format.isSet(set))) return false;
    if (fresh && !(same && known.length === 1)) sets.set(type, [Buffer.from(set)]);
    else if (!same && known.length < MAX_SETS_PER_TYPE) sets.set(type, [...known, Buffer.from(set)]);
    if (told) size = told;
    return true;
  };
  for (const set of setsFromFormat(track, format)) learn(format.typeOf(set), set, false);

  const opensKey = new Set([format.setOrder[0], format.sizeSet]);
  const known = () => format.setOrder.flatMap((type) => sets.get(type) ?? []);
  /** The first bit of a slice tells whether its picture begins with it. */
  const beginsPicture = ({ header, bytes }: NalPiece) => ((bytes[header ? 0 : format.headerBytes] ?? 0) & 0x80) !== 0;

  return {
    size: () => size,
    read(frame) {
      const payload = payloadOf(frame);
      if (!payload) return undefined;
      const timestamp = timestampOf(frame);
      const newUnit = timestamp !== unitTimestamp;
      if (newUnit) {
        unitTimestamp = timestamp;
        unitIsKey = false;
        unitHasSlice = false;
        unitSets = new Set();
      }
      const wasKey = unitIsKey;
      let missingSets = NONE;
      const pieces = piecesOf(format, payload);
      let proper = isWellBuilt(format, payload, pieces);
      for (const piece of pieces) {
        if (piece.first && piece.last && format.setOrder.includes(piece.type) && piece.bytes.length <= MAX_SET_BYTES) {
          const isSet = proper && learn(piece.type, piece.bytes, !unitSets.has(piece.type));
          proper &&= isSet;
          if (isSet) unitSets.add(piece.type);
          // These come with key pictures only, and before them.
          if (isSet && opensKey.has(piece.type)) unitIsKey = true;
        }
        if (!format.isSlice(piece.type)) continue;
        const begins = proper && piece.first && !unitHasSlice && beginsPicture(piece);
        // Whose beginning was lost may be well all the same.
        if (piece.first && !unitHasSlice && !begins) proper = false;
        unitHasSlice = true;
        if (!format.isKey(piece.type)) continue;
        if (begins) unitIsKey = true;
        if (!unitIsKey || !piece.first || format.setOrder.every((type) => unitSets.has(type))) continue;
        missingSets = known();
        for (const type of format.setOrder) unitSets.add(type);
      }
      const setsKnown = format.setOrder.every((type) => sets.has(type));
      return { newUnit, key: unitIsKey, keyStart: unitIsKey && !wasKey, missingSets, proper, setsKnown, pieces };
    },
  };
}

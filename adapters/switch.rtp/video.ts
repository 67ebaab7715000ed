import { formatParameter, type MediaTrack } from '../rtsp/sdp.ts';
import { h264 } from './h264.ts';
import { h265 } from './h265.ts';
import { type NalFormat, type NalPiece, type PictureSize, piecesOf } from './nal.ts';
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
    .filter((set) => set.length > format.headerBytes && set.length <= MAX_SET_BYTES);
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

  /** Sets that come with one picture replace those of their type from before. */
  const learn = (type: number, set: Buffer, fresh: boolean) => {
    const known = sets.get(type) ?? [];
    const same = known.some((one) => one.equals(set));
    if (fresh && !(same && known.length === 1)) sets.set(type, [Buffer.from(set)]);
    else if (!same && known.length < MAX_SETS_PER_TYPE) sets.set(type, [...known, Buffer.from(set)]);
    if (type === format.sizeSet && !(same && size)) size = sensible(format.pictureSize(set));
  };
  for (const set of setsFromFormat(track, format)) learn(format.typeOf(set), set, false);

  const known = () => format.setOrder.flatMap((type) => sets.get(type) ?? []);

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
        unitSets = new Set();
      }
      const wasKey = unitIsKey;
      let missingSets = NONE;
      const pieces = piecesOf(format, payload);
      for (const piece of pieces) {
        if (piece.first && piece.last && format.setOrder.includes(piece.type) && piece.bytes.length <= MAX_SET_BYTES) {
          learn(piece.type, piece.bytes, !unitSets.has(piece.type));
          unitSets.add(piece.type);
          // Parameter sets come with key pictures only, and before them.
          if (piece.type === format.sizeSet) unitIsKey = true;
        }
        if (!format.isKey(piece.type)) continue;
        unitIsKey = true;
        if (!piece.first || format.setOrder.every((type) => unitSets.has(type))) continue;
        missingSets = known();
        for (const type of format.setOrder) unitSets.add(type);
      }
      return { newUnit, key: unitIsKey, keyStart: unitIsKey && !wasKey, missingSets, pieces };
    },
  };
}

/** The size of a picture in pixels, cropping applied. */
export interface PictureSize {
  width: number;
  height: number;
}

/** What H.264 and H.265 do alike when they travel in RTP, each with its own numbers. */
export interface NalFormat {
  headerBytes: number;
  typeOf(nal: Buffer): number;
  /** Whether a NAL unit that travels in RTP may have this header. */
  isHeader(nal: Buffer): boolean;
  /** Whether a NAL unit of this type is a piece of a picture, which begins with the number of its first block. */
  isSlice(type: number): boolean;
  /** Whether a NAL unit of this type belongs to a picture that decoding can start with. */
  isKey(type: number): boolean;
  /** Types of the parameter sets, in the order in which they are sent. */
  setOrder: readonly number[];
  /** The parameter set that tells the picture's size. */
  sizeSet: number;
  /** The type of packet that holds several whole NAL units. */
  aggregateType: number;
  /** The type of packet that holds a piece of one. */
  fragmentType: number;
  /** Reads a fragment packet: which piece it is, and the header of the NAL unit it is a piece of. */
  fragmentHeader(payload: Buffer): { start: boolean; end: boolean; nalHeader: Buffer; type: number };
  /** What stands before a piece of a NAL unit in a fragment packet. */
  fragmentOf(nal: Buffer, start: boolean, end: boolean): Buffer;
  /** The type that only says that a new picture begins. */
  delimiter: number;
  /** The SDP format parameters that hold parameter sets, base64, comma-separated. */
  setParameters: readonly string[];
  pictureSize(set: Buffer): PictureSize | undefined;
  /** Whether a parameter set other than that of the size can be one. */
  isSet(set: Buffer): boolean;
}

/** A NAL unit, or a piece of one, as found in an RTP payload. */
export interface NalPiece {
  type: number;
  /** First piece of its unit; a whole unit is both first and last. */
  first: boolean;
  last: boolean;
  /** The unit's bytes in this packet. For a first piece of several, `header` has to be put before them. */
  bytes: Buffer;
  header?: Buffer;
}

/** The NAL units and pieces in an RTP payload; what is cut short is left out. They share the payload's memory. */
export function piecesOf(format: NalFormat, payload: Buffer): NalPiece[] {
  const { headerBytes } = format;
  if (payload.length <= headerBytes) return [];
  const type = format.typeOf(payload);
  if (type === format.fragmentType) {
    if (payload.length <= headerBytes + 1) return [];
    const fragment = format.fragmentHeader(payload);
    const bytes = payload.subarray(headerBytes + 1);
    const piece = { type: fragment.type, first: fragment.start, last: fragment.end, bytes };
    return [fragment.start ? { ...piece, header: fragment.nalHeader } : piece];
  }
  if (type !== format.aggregateType) return [{ type, first: true, last: true, bytes: payload }];
  const pieces: NalPiece[] = [];
  let offset = headerBytes;
  while (offset + 2 < payload.length) {
    const end = offset + 2 + payload.readUInt16BE(offset);
    const bytes = payload.subarray(offset + 2, end);
    if (end > payload.length || bytes.length <= headerBytes) break;
    pieces.push({ type: format.typeOf(bytes), first: true, last: true, bytes });
    offset = end;
  }
  return pieces;
}

/** Whether an RTP payload is built as it may be: of units that may travel so, none cut short. */
export function isWellBuilt(format: NalFormat, payload: Buffer, pieces: readonly NalPiece[]): boolean {
  const [piece] = pieces;
  if (!piece) return false;
  const type = format.typeOf(payload);
  if (type === format.fragmentType) {
    return !(piece.first && piece.last) && format.isHeader(format.fragmentHeader(payload).nalHeader);
  }
  if (type !== format.aggregateType) return format.isHeader(payload);
  const bytes = pieces.reduce((sum, { bytes }) => sum + 2 + bytes.length, format.headerBytes);
  return bytes === payload.length && pieces.every(({ bytes }) => format.isHeader(bytes));
}

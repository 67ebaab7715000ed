/** One box of an ISO base media file (ISO/IEC 14496-12, 4.2), by where it lies in its bytes. */
export interface Box {
  type: string;
  /** Where it begins. */
  at: number;
  /** Where its content begins. */
  content: number;
  /** Where the next one begins. */
  end: number;
}

/** The length of a box's head: size and type. */
export const HEAD_BYTES = 8;

/** The boxes that lie wholly within `bytes[from, to)`; what is cut off at the end is not yet there. */
export function boxesIn(bytes: Buffer, from = 0, to = bytes.length): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + HEAD_BYTES <= to; ) {
    const end = at + bytes.readUInt32BE(at);
    if (end < at + HEAD_BYTES || end > to) break;
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), at, content: at + HEAD_BYTES, end });
    at = end;
  }
  return boxes;
}

/** The first box under a path of types, for instance `['mdia', 'mdhd']`. */
export function boxAt(bytes: Buffer, path: readonly string[], from = 0, to = bytes.length): Box | undefined {
  const [type, ...rest] = path;
  const found = boxesIn(bytes, from, to).find((box) => box.type === type);
  return found && rest.length > 0 ? boxAt(bytes, rest, found.content, found.end) : found;
}

/** A box around its content. */
export function box(type: string, ...content: Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, HEAD_BYTES);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content], length);
}

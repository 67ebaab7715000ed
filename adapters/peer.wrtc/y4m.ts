/** A picture as I420: all of Y, then U, then V, in a buffer that holds nothing else. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

const MAGIC = 'YUV4MPEG2';
const FRAME = 'FRAME';
const NEWLINE = 0x0a;
/** Longer lines are no headers: what came is not what was asked for. */
const MAX_LINE_BYTES = 1_024;

/** Thrown when a stream is no YUV4MPEG2 any more. */
export class NotY4m extends Error {
  override name = 'NotY4m';
}

/** Bytes of an I420 picture; width and height are even. */
export const i420Bytes = (width: number, height: number): number => (width * height * 3) / 2;

/**
 * Cuts a YUV4MPEG2 stream into pictures. `deliver` gets the same buffer every time: whoever keeps a picture copies it.
 * @returns takes the next bytes. @throws NotY4m
 */
export function createPictureCutter(deliver: (picture: Picture) => void): (chunk: Buffer) => void {
  let line = '';
  let picture: Picture | undefined;
  /** Bytes of the picture that is being filled; undefined while a header is read. */
  let filled: number | undefined;

  const endLine = () => {
    const [word = '', ...fields] = line.split(' ');
    line = '';
    if (word === FRAME && picture) {
      filled = 0;
      return;
    }
    const sizeOf = (letter: string) => Number(fields.find((field) => field.startsWith(letter))?.slice(1));
    const [width, height] = [sizeOf('W'), sizeOf('H')];
    if (word !== MAGIC || !(width > 0 && height > 0))
      throw new NotY4m(`"${word.slice(0, 40)}" is no header of YUV4MPEG2`);
    picture = { width, height, data: new Uint8ClampedArray(i420Bytes(width, height)) };
  };

  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (picture && filled !== undefined) {
        const part = chunk.subarray(at, at + picture.data.length - filled);
        picture.data.set(part, filled);
        at += part.length;
        filled += part.length;
        if (filled < picture.data.length) return;
        filled = undefined;
        deliver(picture);
        continue;
      }
      const end = chunk.indexOf(NEWLINE, at);
      line += chunk.toString('latin1', at, end < 0 ? chunk.length : end);
      if (line.length > MAX_LINE_BYTES) throw new NotY4m('a header without an end');
      if (end < 0) return;
      at = end + 1;
      endLine();
    }
  };
}

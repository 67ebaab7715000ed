/**
 * IVF, the plainest container: one header, then frames with their size and time. In a raw H.264 stream FFmpeg can't
 * know that a picture is complete before the next one starts, which for key frames is seconds later.
 */
const FOURCC: Record<string, string> = { H264: 'H264', H265: 'HEVC' };

/** Whether a codec, by RTP encoding name, can be put into IVF. */
export const fitsIvf = (codec: string): boolean => codec in FOURCC;

/** The file header; times are in milliseconds. */
export function ivfHeader(codec: string): Buffer {
  const header = Buffer.alloc(32);
  header.write('DKIF', 0, 'latin1');
  header.writeUInt16LE(header.length, 6);
  header.write(FOURCC[codec] ?? '', 8, 'latin1');
  // The decoder takes the picture's size from the stream; it only must not be zero here.
  header.writeUInt16LE(16, 12);
  header.writeUInt16LE(16, 14);
  header.writeUInt32LE(1000, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

/** One frame. */
export function ivfFrame(bytes: Buffer, timeMs: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(bytes.length, 0);
  header.writeBigUInt64LE(BigInt(Math.round(timeMs)), 4);
  return Buffer.concat([header, bytes]);
}

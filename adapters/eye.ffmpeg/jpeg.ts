const START = Buffer.of(0xff, 0xd8, 0xff);
const END = Buffer.of(0xff, 0xd9);
const MAX_JPEG_BYTES = 4 * 1024 * 1024;

/**
 * Cuts a stream of JPEG pictures into pictures. Inside the coded data 0xFF is always followed by 0x00 or a restart
 * marker, so the end marker can't occur there, and FFmpeg writes no thumbnails.
 */
export function createJpegCutter(deliver: (jpeg: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const start = pending.indexOf(START);
      const end = start < 0 ? -1 : pending.indexOf(END, start + START.length);
      if (end < 0) break;
      deliver(Buffer.from(pending.subarray(start, end + END.length)));
      pending = pending.subarray(end + END.length);
    }
    if (pending.length > MAX_JPEG_BYTES) pending = Buffer.alloc(0);
  };
}

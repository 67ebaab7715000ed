import { readdirSync } from 'node:fs';
import path from 'node:path';
import { bytesOf } from './pieces.ts';

const LEFT = /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m;
const LISTED = /^#EXT-X-DISCONTINUITY$/gm;

/**
 * How many starts of a ladder there were, by the playlists that they left: each began with a discontinuity. So the count
 * goes on over the end of a gateway too, and is the same in all rungs (RFC 8216, 6.2.2 and 6.2.4).
 */
export function startsBefore(folder: string): number {
  const counts = readdirSync(folder)
    .filter((file) => file.endsWith('.m3u8'))
    .map((file) => {
      const playlist = bytesOf(path.join(folder, file))?.toString('utf8') ?? '';
      return Number(LEFT.exec(playlist)?.[1] ?? 0) + (playlist.match(LISTED)?.length ?? 0);
    });
  return Math.max(0, ...counts);
}

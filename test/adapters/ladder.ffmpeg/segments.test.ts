import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { PIECES } from '../../../adapters/ladder.ffmpeg/arguments.ts';
import { dropPieces, sweepPlaylists } from '../../../adapters/ladder.ffmpeg/folder.ts';
import { joinSegments } from '../../../adapters/ladder.ffmpeg/segments.ts';
import { box } from '../../../adapters/recordings/boxes.ts';

/** Thousandths of a second. */
const INIT = box(
  'moov',
  box('trak', box('mdia', box('mdhd', Buffer.from('000000000000000000000000000003e800000000', 'hex')))),
);
const PIECE_S = 2;

/** A piece as FFmpeg writes it, of which only its time is read. */
function piece(number: number): Buffer {
  const tfdt = Buffer.alloc(8);
  tfdt.writeUInt32BE(number * PIECE_S * 1_000, 4);
  return Buffer.concat([box('moof', box('traf', box('tfdt', tfdt))), box('mdat', Buffer.from('media'))]);
}

describe('the playlists of a ladder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-segments-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** One start of a ladder. @returns has each rung get one more segment, and gives what a playlist says then */
  const start = (startedMs: number, rungs: string[]) => {
    dropPieces(folder);
    const pieces = path.join(folder, PIECES);
    mkdirSync(pieces);
    const segments = joinSegments({ pieces, folder, rungs, startedMs, told: { targetS: 2 } });
    let made = 0;
    return (rung: string) => {
      for (const name of rungs) {
        writeFileSync(path.join(pieces, `${name}_${startedMs}.mp4`), INIT);
        writeFileSync(path.join(pieces, `${name}_${made}.m4s`), piece(made));
        writeFileSync(path.join(pieces, `${name}.m3u8`), `#EXTINF:${PIECE_S}.000000,\n${name}_${made}.m4s\n`);
      }
      made++;
      segments.join();
      const playlist = readFileSync(path.join(folder, `${rung}.m3u8`), 'utf8');
      const numberOf = (tag: string) => Number(new RegExp(`^#EXT-X-${tag}-SEQUENCE:(\\d+)$`, 'm').exec(playlist)?.[1]);
      return {
        media: numberOf('MEDIA'),
        before: numberOf('DISCONTINUITY'),
        listed: playlist.match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0,
      };
    };
  };
  const BEGAN_MS = 1_795_660_000_000;

  it('count the starts: a player that goes on over three of them never sees the number go down (RFC 8216, 6.2.2)', () => {
    const seen = [0, 1, 2].flatMap((number) => {
      const more = start(BEGAN_MS + number * 60_000, ['720p', '360p']);
      // The first one leaves the playlist with the seventh.
      return [1, 2, 3, 4, 5, 6, 7].map(() => more('360p'));
    });
    const numbers = seen.map(({ before, listed }) => `${before}+${listed}`);
    const each = (number: number) => [...Array(6).fill(`${number}+1`), `${number + 1}+0`];
    expect(numbers).to.deep.equal([0, 1, 2].flatMap(each));
    expect(seen.map(({ media }) => media)).to.deep.equal(seen.map(({ media }) => media).toSorted((a, b) => a - b));
  });

  it('have one number in every rung, one that only the last start makes included', () => {
    const first = start(BEGAN_MS, ['720p', '360p']);
    expect([first('720p').before, first('360p').before]).to.deep.equal([0, 0]);
    const second = start(BEGAN_MS + 60_000, ['360p']);
    expect(second('360p').before).to.equal(1);
    sweepPlaylists(folder, Date.now());
    second('360p');
    const third = start(BEGAN_MS + 120_000, ['720p', '360p']);
    expect([third('720p').before, third('360p').before]).to.deep.equal([2, 2]);
  });
});

import { expect } from 'chai';
import { type PlaylistAnswer, type Stale, watchPlaylists } from '../../../adapters/browser/player/stale-playlist.ts';

/** What a player finds that is answered within 50 ms, by when it asked (ms) and what the answer was stamped. */
function found(answers: [askedMs: number, stamp: string | null, url?: string][], targetS = 2): (Stale | undefined)[] {
  const judge = watchPlaylists();
  return answers.map(([askedMs, stamp, url = '480p.m3u8']) => {
    const answer: PlaylistAnswer = { url, stamp, askedMs, answeredMs: askedMs + 50, targetS };
    return judge(answer);
  });
}

describe('a player of HLS', () => {
  it('notices a copy that a cache keeps for longer than half a segment beyond the second that it may', () => {
    const told = found([...[0, 1_000, 2_000].map((at): [number, string] => [at, 'a']), [3_000, 'a']]);
    expect(told).to.deep.equal([undefined, undefined, undefined, { heldMs: 2_950, allowedMs: 2_000 }]);
  });

  it('takes no offence at a cache that counts in whole seconds, or at a slow answer', () => {
    expect(found([0, 1_900].map((at) => [at, 'a']))).to.deep.equal([undefined, undefined]);
    const judge = watchPlaylists();
    const first = { url: 'x', stamp: 'a', askedMs: 0, answeredMs: 5_000, targetS: 2 };
    expect(judge(first)).to.equal(undefined);
    expect(judge({ ...first, askedMs: 6_900, answeredMs: 9_000 })).to.equal(undefined);
  });

  it('compares each playlist with itself alone, and nothing that says no time', () => {
    expect(found([0, 3_000, 6_000].map((at) => [at, String(at)])).filter(Boolean)).to.deep.equal([]);
    expect(found([0, 3_000, 6_000].map((at) => [at, null])).filter(Boolean)).to.deep.equal([]);
    const both = found([
      [0, 'a', '480p.m3u8'],
      [3_000, 'a', '360p.m3u8'],
    ]);
    expect(both).to.deep.equal([undefined, undefined]);
  });

  it('tells of it once a minute while it lasts', () => {
    const times = Array.from({ length: 125 }, (_, second): [number, string] => [second * 1_000, 'a']);
    expect(found(times).filter(Boolean)).to.have.length(3);
  });
});

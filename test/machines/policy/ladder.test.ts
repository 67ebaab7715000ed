import { expect } from 'chai';
import type { Measured } from '../../../bus/events/rendition.ts';
import {
  planLadder,
  RUNGS,
  rungInstead,
  rungsNamed,
  rungsOffered,
  USUAL_RUNGS,
} from '../../../machines/policy/ladder.ts';

const camera: Measured = {
  ...{ codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000, reordered: false },
  ...{ bitrate_bps: 2_900_000, audio: false },
};
const usual = rungsNamed(USUAL_RUNGS);
const plan = (changes: Partial<Measured> = {}, rungs = usual) => planLadder({ ...camera, ...changes }, rungs);
const inShort = (changes: Partial<Measured> = {}, rungs = usual) =>
  plan(changes, rungs).rungs.map(({ name, width, how }) => `${name} ${width} ${how}`);

describe('the ladder of a camera', () => {
  it('copies the top rung when the source is one already, and encodes the rest', () => {
    expect(inShort()).to.deep.equal(['720p 1280 copied', '480p 854 encoded', '360p 640 encoded']);
    expect(plan().why).to.not.have.property('rejected');
  });

  const reasons: [string, Partial<Measured>, RegExp][] = [
    ['another codec', { codec: 'hevc' }, /hevc/],
    ['B-frames', { reordered: true }, /B-frames/],
    ['key frames further apart than a segment', { gop_ms: 4_000 }, /4000 ms/],
    ['more bits than the rung is for', { bitrate_bps: 6_000_000 }, /6000 kb/],
    ['another height', { width: 1920, height: 1080 }, /1080 lines/],
  ];
  for (const [what, changes, text] of reasons) {
    it(`encodes every rung of a source with ${what}, and says why`, () => {
      const { rungs, why } = plan(changes);
      expect(rungs.map(({ how }) => how)).to.deep.equal(['encoded', 'encoded', 'encoded']);
      expect(why.rejected?.[0]).to.include({ option: 'copy 720p' });
      expect(why.rejected?.[0]?.because).to.match(text);
    });
  }

  it('has a player whose rung is made no more go on with the best that is no higher, or else the lowest', () => {
    const { rungs } = plan({ height: 480, width: 854 });
    const instead = (lines: number) => rungInstead(lines, rungs)?.name;
    expect([1080, 720, 480, 400, 180].map(instead)).to.deep.equal(['480p', '480p', '480p', '360p', '360p']);
    expect(rungInstead(720, [])).to.equal(undefined);
  });

  for (const [what, wish, expected] of [
    ['every rung', {}, ['720p', '480p', '360p']],
    ['the one that somebody chose alone', { quality: '480p' }, ['480p']],
    ['every one where none is called what was chosen', { quality: 'auto' }, ['720p', '480p', '360p']],
    ['the ceiling first, and those below, to which it can go down', { maxQuality: '480p' }, ['480p', '360p']],
    ['what is below a ceiling that is not made', { maxQuality: '500p' }, ['480p', '360p']],
    ['the lowest where all are above the ceiling', { maxQuality: '240p' }, ['360p']],
    ['every one where the ceiling is no rung of a ladder', { maxQuality: 'source' }, ['720p', '480p', '360p']],
    ['the one that was chosen though it is above a ceiling', { quality: '720p', maxQuality: '480p' }, ['720p']],
  ] as const) {
    it(`offers a player of HLS ${what}`, () => {
      expect(rungsOffered(plan().rungs, wish).map(({ name }) => name)).to.deep.equal(expected);
    });
  }

  it('scales nothing up: higher rungs are left out, and a tiny source is its own only rung', () => {
    expect(inShort({ width: 640, height: 480 })).to.deep.equal(['480p 640 encoded', '360p 480 encoded']);
    expect(inShort({ width: 320, height: 181, bitrate_bps: 300_000 })).to.deep.equal(['180p 318 encoded']);
    expect(plan({ width: 640, height: 480 }).why.rejected?.map(({ option }) => option)).to.include('720p');
  });

  it('has even sizes, the best first, in whatever order they were named', () => {
    const rungs = planLadder({ ...camera, width: 1279, height: 719 }, [...RUNGS].reverse()).rungs;
    expect(rungs.map(({ height }) => height)).to.deep.equal([480, 360]);
    expect(rungs.every(({ width, height }) => width % 2 === 0 && height % 2 === 0)).to.equal(true);
  });

  it('has the bit rates that the product names', () => {
    expect(RUNGS.filter(({ height }) => height <= 720).map((rung) => Object.values(rung).slice(2))).to.deep.equal([
      [2_000_000, 2_400_000, 1_200_000],
      [1_000_000, 1_200_000, 600_000],
      [500_000, 600_000, 300_000],
    ]);
  });
});

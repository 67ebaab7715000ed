import { expect } from 'chai';
import { createGop } from '../../../adapters/switch.rtp/gop.ts';
import { makeRtp } from '../../../adapters/switch.rtp/rtp.ts';
import type { Sight } from '../../../adapters/switch.rtp/video.ts';

const sight = (keyStart: boolean): Sight => ({
  newUnit: true,
  key: keyStart,
  keyStart,
  missingSets: [],
  ...{ proper: true, setsKnown: true },
  pieces: [],
});
const frame = (timestamp: number, bytes = 100) =>
  makeRtp(Buffer.alloc(bytes), { channel: 0, payloadType: 96, sequence: 1, timestamp: timestamp >>> 0, ssrc: 1 });

describe('what a source has sent since its last key frame', () => {
  /** Pictures at 30 a second with a key frame each so many. */
  const feed = (count: number, keyEvery: number, bytes?: number) => {
    const gop = createGop();
    for (let index = 0; index < count; index += 1)
      gop.add(frame(index * 3_000, bytes), sight(index % keyEvery === 0), index * 33);
    return gop;
  };

  it('begins with it, and is thrown away at the next', () => {
    const gop = feed(75, 60);
    expect(gop.packets()).to.have.length(15);
    expect(gop.packets()[0]?.timestamp).to.equal(180_000);
    expect(gop.ready()).to.equal(true);
  });

  it('is nothing before the first one', () => {
    const gop = createGop();
    gop.add(frame(0), sight(false), 0);
    expect(gop.ready()).to.equal(false);
  });

  it('keeps its own numbers when the packet is given others', () => {
    const gop = createGop();
    const packet = frame(5);
    gop.add(packet, sight(true), 0);
    packet.writeUInt32BE(77, 8);
    expect(gop.packets()[0]?.timestamp).to.equal(5);
  });

  it('is not kept where key frames are a minute apart, or big: then it says so until one run fits again', () => {
    for (const gop of [feed(400, 1_800), feed(100, 1_800, 60_000)]) {
      expect([gop.ready(), gop.isLong()]).to.deep.equal([false, true]);
      gop.add(frame(0), sight(true), 60_000);
      expect([gop.ready(), gop.isLong()], 'a new one has only begun').to.deep.equal([true, true]);
      gop.add(frame(90_000), sight(true), 61_000);
      expect([gop.ready(), gop.isLong()]).to.deep.equal([true, false]);
    }
  });

  it('ends where the camera jumps in time', () => {
    const gop = feed(10, 60);
    gop.add(frame(3_600 * 90_000), sight(false), 340);
    expect(gop.ready()).to.equal(false);
  });
});

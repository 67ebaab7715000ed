import { expect } from 'chai';
import { keepPace } from '../../../adapters/switch.rtp/pace.ts';
import { until } from '../../fixtures/process.ts';

describe('the pace of a burst', () => {
  it('spares a relay more than it can hold at once, and keeps what is live behind it in order', async () => {
    const sent: number[] = [];
    let flushes = 0;
    const note = (frame: Buffer) => void sent.push(frame.readUInt16BE(0));
    const startedAt = performance.now();
    const pace = keepPace({ video: note, other: note }, () => (flushes += 1));
    const frame = (index: number) => {
      const made = Buffer.alloc(2);
      made.writeUInt16BE(index);
      return made;
    };
    for (let index = 0; index < 1_500; index += 1) pace.video(frame(index), index === 0);
    const tookMs = performance.now() - startedAt;
    expect(sent.length, '600 at once and ten a millisecond').to.be.within(600, 601 + tookMs * 10);
    pace.other(frame(1_500));
    pace.video(frame(1_501), false);
    await until('everything', () => sent.length === 1_502, 2_000, 5);
    expect(sent).to.deep.equal(Array.from({ length: 1_502 }, (_, index) => index));
    expect(flushes, 'each part is sent as it comes').to.be.above(1);
    pace.close();
  });
});

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

  it('goes no faster than a narrow line takes it, until it has caught up with live', async () => {
    const sent: { bits: number; atMs: number }[] = [];
    const note = ({ length }: Buffer) => void sent.push({ bits: length * 8, atMs: performance.now() });
    const pace = keepPace({ video: note, other: note }, () => {});
    pace.easeIn(800_000);
    const beganAt = performance.now();
    // 320 kilobits, of which an empty queue takes 80 at once.
    for (let index = 0; index < 40; index += 1) pace.video(Buffer.alloc(1_000), index === 0);
    expect(sent.length * 8_000).to.be.within(80_000, 100_000);
    await until('everything', () => sent.length === 40, 2_000, 5);
    for (const [index, { atMs }] of sent.entries()) {
      expect(index * 8_000, 'never ahead of the line').to.be.at.most(80_000 + (atMs - beganAt) * 800 + 8_000);
    }
    for (let index = 0; index < 100; index += 1) pace.video(Buffer.alloc(1_000), false);
    expect(sent, 'then what is live at once').to.have.length(140);
    pace.close();
  });

  it('leaves out what waits where another picture begins', async () => {
    const sent: number[] = [];
    const note = (frame: Buffer) => void sent.push(frame.readUInt16BE(0));
    const pace = keepPace({ video: note, other: note }, () => {});
    const send = (mark: number) => {
      const made = Buffer.alloc(1_000);
      made.writeUInt16BE(mark);
      pace.video(made, false);
    };
    pace.easeIn(800_000);
    for (let index = 0; index < 40; index += 1) send(1);
    const before = sent.length;
    pace.forget();
    send(2);
    await until('the other', () => sent.includes(2), 2_000, 5);
    expect(sent).to.have.length(before + 1);
    pace.close();
  });
});

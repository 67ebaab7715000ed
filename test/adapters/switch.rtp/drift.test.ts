import { expect } from 'chai';
import type { MediaTrack } from '../../../adapters/rtsp/sdp.ts';
import { createDrift } from '../../../adapters/switch.rtp/drift.ts';
import { makeRtp, timestampOf } from '../../../adapters/switch.rtp/rtp.ts';
import { createStream } from '../../../adapters/switch.rtp/stream.ts';

const VIDEO: MediaTrack = { media: 'video', encoding: 'H264', payloadType: 96, clockRate: 90_000, control: '' };
const AUDIO: MediaTrack = { media: 'audio', encoding: 'PCMU', payloadType: 0, clockRate: 8_000, control: '' };
const HOUR_MS = 3_600_000;
const START = { keyStart: false, missingSets: [] };
const PAYLOAD = Buffer.from('picture');
const frameOf = (timestamp: number, sequence: number, payloadType: number) =>
  makeRtp(PAYLOAD, { channel: 0, payloadType, sequence: sequence & 0xffff, timestamp: timestamp >>> 0, ssrc: 99 });

/** Up to 12 ms, without chance. */
const jitterMs = (index: number) => (index * 7) % 13;
const most = (figures: number[]) => figures.reduce((one, other) => Math.max(one, other));
const least = (figures: number[]) => figures.reduce((one, other) => Math.min(one, other));

describe('a source whose clock is not ours', () => {
  for (const [how, rate] of [
    ['slower', 0.9995],
    ['faster', 1.0005],
  ] as const) {
    it(`is followed while it runs ${how}, unnoticed, so that the next source begins without a jump`, () => {
      const sent: Record<'video' | 'audio', { out: number; atMs: number }[]> = { video: [], audio: [] };
      let nowMs = 0;
      const noted = (kind: 'video' | 'audio') => (frame: Buffer) =>
        void sent[kind].push({ out: timestampOf(frame), atMs: nowMs });
      const stream = createStream('cam_1', [VIDEO, AUDIO], { video: noted('video'), other: noted('audio') });
      const stored = (timestamp: number) => ({ frame: frameOf(timestamp, 1, 96), timestamp, sequence: 1, sets: [] });
      stream.begin([VIDEO, AUDIO], [stored(0)], 0);
      sent.video.shift(); // what goes before the first picture, with its time
      // Pictures every 40 ms and sound every 20, by the source's clock.
      for (let index = 1; (index * 20) / rate < HOUR_MS; index += 1) {
        nowMs = (index * 20) / rate + jitterMs(index);
        if (index % 2 === 0) stream.video(frameOf(index * 20 * 90, 1 + index / 2, 96), START, nowMs);
        stream.audio(frameOf(index * 160, index, 0), nowMs);
      }
      const apartMs = HOUR_MS * Math.abs(1 - rate);
      expect(apartMs, 'left alone').to.be.closeTo(1_800, 1);
      for (const [kind, ticksAMs, intervalMs, stepMs] of [
        ['video', 90, 40, 1],
        ['audio', 8, 20, 15],
      ] as const) {
        const of = sent[kind];
        const [first] = of;
        const lates = of.map(({ out, atMs }) => atMs - ((out - (first?.out ?? 0)) >>> 0) / ticksAMs);
        expect(most(lates) - least(lates), `${kind}, with its jitter`).to.be.below(50);
        const steps = of.slice(1).map(({ out }, index) => ((out - (of[index]?.out ?? 0)) | 0) / ticksAMs);
        expect(most(steps), kind).to.be.at.most(intervalMs + stepMs + 0.1);
        expect(least(steps), kind).to.be.at.least(intervalMs - stepMs - 0.1);
      }
      const before = sent.video.at(-1);
      nowMs += 100;
      stream.begin([VIDEO], [stored(777)], nowMs);
      const jumpMs = (((sent.video.at(-1)?.out ?? 0) - (before?.out ?? 0)) | 0) / 90 - (nowMs - (before?.atMs ?? 0));
      expect(Math.abs(jumpMs)).to.be.below(25);
    }).timeout(20_000);
  }

  it('is told from one that only jitters, and from one that begins to count anew', () => {
    const drift = createDrift();
    const told: number[] = [];
    for (let index = 0; index < 3_000; index += 1) told.push(drift.seen(index * 3_600, index * 40 + jitterMs(index)));
    for (let index = 3_000; index < 6_000; index += 1) {
      told.push(drift.seen((index * 3_600 + 0x7fff0000) >>> 0, index * 40 + jitterMs(index)));
    }
    expect(told.filter((ms) => ms !== 0)).to.deep.equal([]);
  });
});

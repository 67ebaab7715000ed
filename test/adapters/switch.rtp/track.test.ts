import { expect } from 'chai';
import fc from 'fast-check';
import type { MediaTrack } from '../../../adapters/rtsp/sdp.ts';
import { makeRtp, sequenceOf, timestampOf } from '../../../adapters/switch.rtp/rtp.ts';
import { createTrackWriter } from '../../../adapters/switch.rtp/track.ts';

const VIDEO: MediaTrack = { media: 'video', encoding: 'H264', payloadType: 96, clockRate: 90_000, control: '' };
/** The timestamps wrap soon. */
const NUMBERS = { ssrc: 7, firstTimestamp: 0xffff0000 };
const PAYLOAD = Buffer.from('picture');

const incoming = (sequence: number, timestamp: number, payloadType = 103) =>
  makeRtp(PAYLOAD, { channel: 4, payloadType, sequence: sequence & 0xffff, timestamp: timestamp >>> 0, ssrc: 99 });
const forward = (later: number, earlier: number) => (later - earlier) | 0;

describe('one unbroken track from changing sources', () => {
  it('keeps sequence and time of a source that flows, over both wraps', () => {
    const writer = createTrackWriter(1, VIDEO, 0, NUMBERS);
    let previous: Buffer | undefined;
    for (let index = 0; index < 200; index += 1) {
      const frame = incoming(65_500 + index, 0xffffff00 + index * 3_000);
      writer.rewrite(frame, index * 33);
      expect([frame[1], (frame[5] ?? 0) & 0x7f]).to.deep.equal([2, 96]);
      if (previous) {
        expect((sequenceOf(frame) - sequenceOf(previous)) & 0xffff).to.equal(1);
        expect(forward(timestampOf(frame), timestampOf(previous))).to.equal(3_000);
      }
      previous = frame;
    }
  });

  it('goes on after an outage with the time that really passed', () => {
    const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
    const before = incoming(10, 1_000);
    writer.rewrite(before, 500);
    writer.restart();
    const after = incoming(40_000, 4_000_000_000);
    writer.rewrite(after, 3_500);
    expect((sequenceOf(after) - sequenceOf(before)) & 0xffff).to.equal(1);
    expect(forward(timestampOf(after), timestampOf(before))).to.equal(3 * 90_000);
  });

  it('does the same when a camera restarts its numbers without a word', () => {
    const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
    const before = incoming(10, 1_000);
    writer.rewrite(before, 0);
    const after = incoming(11, 2_000_000_000);
    writer.rewrite(after, 1_000);
    expect(forward(timestampOf(after), timestampOf(before))).to.equal(90_000);
  });

  it('shows what was lost on the way in as lost', () => {
    const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
    const before = incoming(10, 0);
    writer.rewrite(before, 0);
    const after = incoming(15, 3_000);
    writer.rewrite(after, 33);
    expect((sequenceOf(after) - sequenceOf(before)) & 0xffff).to.equal(5);
  });

  it('makes room for parameter sets', () => {
    const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
    const first = incoming(1, 0);
    writer.rewrite(first, 0);
    const second = incoming(2, 3_000);
    const inserted = writer.insertBefore(second, Buffer.from('set'), 33);
    writer.rewrite(second, 33);
    expect([inserted, second].map((frame) => (sequenceOf(frame) - sequenceOf(first)) & 0xffff)).to.deep.equal([1, 2]);
    expect(timestampOf(inserted)).to.equal(timestampOf(second));
    expect(inserted.subarray(16).toString()).to.equal('set');
  });

  it('puts a picture that waited for the change of source at the time it came, so that those after it are not late', () => {
    const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
    const before = incoming(1, 0);
    writer.rewrite(before, 1_000);
    const waiting = { frame: incoming(500, 90_000), timestamp: 90_000, sequence: 500, sets: [] };
    const [shown = before] = writer.burst([waiting], 1_120);
    const next = incoming(501, 93_000);
    writer.rewrite(next, 1_120 + 1_000 / 30);
    expect(forward(timestampOf(shown), timestampOf(before))).to.equal(120 * 90);
    expect(forward(timestampOf(next), timestampOf(shown))).to.equal(3_000);
  });

  it('reports the wall clock of its timestamps', () => {
    const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
    const early = writer.report(500, 0);
    const frame = incoming(1, 0);
    writer.rewrite(frame, 1_000);
    const report = writer.report(1_500, Date.UTC(2030, 0, 1) + 250);
    expect([report[1], report[5], report.readUInt16BE(2)]).to.deep.equal([1, 200, report.length - 4]);
    expect(forward(timestampOf(frame), early.readUInt32BE(20)), 'before the first packet too').to.equal(45_000);
    expect(report.readUInt32BE(8)).to.equal(frame.readUInt32BE(12));
    expect(report.readUInt32BE(12)).to.equal((Date.UTC(2030, 0, 1) / 1000 + 2_208_988_800) >>> 0);
    expect(report.readUInt32BE(16)).to.equal(2 ** 30);
    expect(forward(report.readUInt32BE(20), timestampOf(frame))).to.equal(45_000);
    expect([report.readUInt32BE(24), report.readUInt32BE(28)]).to.deep.equal([1, PAYLOAD.length]);
  });

  it('never lets time stand still or go back over restarts, whatever the source claims', () => {
    const step = fc.record({
      restart: fc.boolean(),
      ticks: fc.nat(0xffffffff),
      sequence: fc.nat(0xffff),
      ms: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const writer = createTrackWriter(0, VIDEO, 0, NUMBERS);
        let atMs = 0;
        let latest: number | undefined;
        for (const { restart, ticks, sequence, ms } of steps) {
          atMs += ms;
          if (restart) writer.restart();
          const frame = incoming(sequence, ticks);
          writer.rewrite(frame, atMs);
          if (restart && latest !== undefined) expect(forward(timestampOf(frame), latest)).to.be.above(0);
          const out = timestampOf(frame);
          if (latest === undefined || forward(out, latest) > 0) latest = out;
        }
      }),
    );
  });
});

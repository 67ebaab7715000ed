import { expect } from 'chai';
import fc from 'fast-check';
import type { MediaTrack } from '../../../adapters/rtsp/sdp.ts';
import { h264 } from '../../../adapters/switch.rtp/h264.ts';
import { h265 } from '../../../adapters/switch.rtp/h265.ts';
import { createKeyFrameCollector } from '../../../adapters/switch.rtp/key-frame.ts';
import { makeRtp, markerOf } from '../../../adapters/switch.rtp/rtp.ts';
import { createVideoReader } from '../../../adapters/switch.rtp/video.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const SPS = hex('6742c01fd9005005bb011000000300100000030320f1832480');
const PPS = hex('68cb83cb20');
const VPS5 = hex('40010c01ffff016000000300900000030000030078959809');
const SPS5 = hex('420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84');
const PPS5 = hex('4401c172b46240');

const track = (encoding: string, format?: string): MediaTrack => ({
  media: 'video',
  encoding,
  payloadType: 96,
  clockRate: 90_000,
  control: '',
  ...(format ? { format } : {}),
});
const reader = (of: MediaTrack) => createVideoReader(of) ?? expect.fail('not a codec that we carry');
const base64 = (...sets: Buffer[]) => sets.map((set) => set.toString('base64')).join(',');

let sequence = 0;
const packet = (timestamp: number, payload: Buffer, marker = false) => {
  sequence = (sequence + 1) & 0xffff;
  const frame = makeRtp(payload, { channel: 0, payloadType: 96, sequence, timestamp, ssrc: 1 });
  if (marker) frame[5] = (frame[5] ?? 0) | 0x80;
  return frame;
};
const aggregate = (...nals: Buffer[]) =>
  Buffer.concat([Buffer.of(24), ...nals.flatMap((nal) => [Buffer.of(nal.length >> 8, nal.length & 255), nal])]);
const fragments = (nal: Buffer, bytes: number) => {
  const pieces: Buffer[] = [];
  for (let at = 1; at < nal.length; at += bytes) {
    const flags = (at === 1 ? 0x80 : 0) | (at + bytes >= nal.length ? 0x40 : 0);
    const header = Buffer.of(((nal[0] ?? 0) & 0xe0) | 28, flags | ((nal[0] ?? 0) & 0x1f));
    pieces.push(Buffer.concat([header, nal.subarray(at, at + bytes)]));
  }
  return pieces;
};

describe('looking into a video stream', () => {
  it('tells the size of the picture from its parameter set', () => {
    const sizes: [typeof h264, string, string][] = [
      [h264, SPS.toString('hex'), '1280x720'],
      [h264, '67640028acd940780227e5c044000003000400000300c83c60c658', '1920x1080'],
      [h264, '67640028acd94078044fde0220000003002000000643e2c5b2c0', '1920x1080'],
      [h264, '674d400ceca0a0cfcf80880000030008000003019078a14cb0', '320x180'],
      [h264, '677a0020bcd94056061e6f011000000300100000030320f1831960', '1366x768'],
      [h265, SPS5.toString('hex'), '1920x1080'],
      [h265, '42010101600000030090000003000003003fa00502016965959a4932bc05a02000000300200000030321', '640x360'],
    ];
    for (const [format, sps, expected] of sizes) {
      const size = format.pictureSize(hex(sps));
      expect(`${size?.width}x${size?.height}`).to.equal(expected);
    }
  });

  it('sees where a picture starts that decoding can begin with, however it is packed', () => {
    const idr = Buffer.concat([Buffer.of(0x65), Buffer.alloc(50, 0x88)]);
    const [first, second] = fragments(idr, 40) as [Buffer, Buffer];
    const starts = (payloads: Buffer[]) => {
      const video = reader(track('H264'));
      video.read(packet(1, Buffer.of(0x41, 1, 2)));
      return payloads.map((payload) => video.read(packet(2, payload))?.keyStart);
    };
    expect(starts([idr])).to.deep.equal([true]);
    expect(starts([first, second])).to.deep.equal([true, false]);
    expect(starts([SPS, PPS, first, second])).to.deep.equal([true, false, false, false]);
    expect(starts([aggregate(SPS, PPS), idr])).to.deep.equal([true, false]);
    expect(starts([Buffer.of(0x41, 9), Buffer.of(0x41, 9)])).to.deep.equal([false, false]);
  });

  it('offers the parameter sets of the description when the stream does not carry them', () => {
    const format = `packetization-mode=1; sprop-parameter-sets=${base64(SPS, PPS)}`;
    const video = reader(track('H264', format));
    expect(video.size()).to.deep.equal({ width: 1280, height: 720 });
    const idr = Buffer.of(0x65, 0x88, 2, 3);
    expect(video.read(packet(1, idr))?.missingSets).to.deep.equal([SPS, PPS]);
    expect(video.read(packet(1, idr))?.missingSets, 'second slice').to.deep.equal([]);
    video.read(packet(2, aggregate(SPS, PPS)));
    expect(video.read(packet(2, idr))?.missingSets, 'sent in band').to.deep.equal([]);
  });

  it('does the same for H.265', () => {
    const format = `sprop-vps=${base64(VPS5)}; sprop-sps=${base64(SPS5)}; sprop-pps=${base64(PPS5)}`;
    const video = reader(track('H265', format));
    expect(video.size()).to.deep.equal({ width: 1920, height: 1080 });
    const fragment = Buffer.of(49 << 1, 1, 0x80 | 19, 0x80, 2, 3);
    const sight = video.read(packet(1, fragment));
    expect(sight).to.include({ key: true, keyStart: true });
    expect(sight?.missingSets).to.deep.equal([VPS5, SPS5, PPS5]);
    expect(video.read(packet(2, Buffer.of(1 << 1, 1, 9)))).to.include({ key: false, newUnit: true });
  });

  it('follows a picture that changes its size', () => {
    const video = reader(track('H264', `sprop-parameter-sets=${base64(SPS, PPS)}`));
    video.read(packet(1, hex('674d400ceca0a0cfcf80880000030008000003019078a14cb0')));
    expect(video.size()).to.deep.equal({ width: 320, height: 180 });
    const [sps] = video.read(packet(2, Buffer.of(0x65, 0x88)))?.missingSets ?? [];
    expect(sps?.[1], 'the old one is forgotten').to.equal(0x4d);
  });

  it('puts a key frame together from its packets, with its parameter sets', () => {
    const idr = Buffer.concat([Buffer.of(0x65), Buffer.alloc(100, 0x88)]);
    const video = reader(track('H264', `sprop-parameter-sets=${base64(SPS, PPS)}`));
    const seen: Buffer[] = [];
    const collector = createKeyFrameCollector((annexB) => seen.push(annexB));
    const show = (timestamp: number, atMs: number) => {
      const pieces = fragments(idr, 30);
      for (const [index, piece] of pieces.entries()) {
        const frame = packet(timestamp, piece, index === pieces.length - 1);
        collector.see(video.read(frame) ?? expect.fail('not read'), markerOf(frame), atMs);
      }
    };
    show(1, 0);
    show(2, 1_000);
    show(3, 2_000);
    const code = Buffer.of(0, 0, 0, 1);
    expect(seen, 'one each 1.5 s').to.have.length(2);
    expect(seen[0]).to.deep.equal(Buffer.concat([code, SPS, code, PPS, code, idr]));
  });

  it('sees none in a picture whose beginning was lost, nor in parameter sets that can be none', () => {
    const idr = Buffer.concat([Buffer.of(0x65), Buffer.alloc(50, 0x88)]);
    const [, second] = fragments(idr, 40) as [Buffer, Buffer];
    const later = Buffer.concat([Buffer.of(0x65), Buffer.alloc(50, 0x44)]);
    const video = reader(track('H264', `sprop-parameter-sets=${base64(SPS, PPS)}`));
    expect(video.read(packet(1, second))).to.include({ keyStart: false, proper: true });
    expect(video.read(packet(1, later)), 'its second slice').to.include({ keyStart: false, proper: true });
    expect(video.read(packet(2, later)), 'a picture begins with its first slice').to.include({ proper: false });
    const broken = Buffer.concat([Buffer.of(0x67), Buffer.alloc(20, 0)]);
    expect(video.read(packet(3, broken))).to.include({ keyStart: false, proper: false });
    expect(video.read(packet(3, idr))?.missingSets, 'what was known holds').to.deep.equal([SPS, PPS]);
  });

  it('survives any packet', () => {
    const payload = fc.oneof(
      fc.uint8Array({ minLength: 0, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.concat([Buffer.of(0x67), bytes])),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.concat([Buffer.of(0x42, 1), bytes])),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.concat([Buffer.of(24), bytes])),
    );
    const raw = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.concat([Buffer.of(0x24, 0, 0, 0), bytes]));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(payload, raw), { maxLength: 20 }),
        fc.constantFrom('H264', 'H265'),
        (all, codec) => {
          const video = reader(track(codec));
          const collector = createKeyFrameCollector(() => {});
          for (const [index, bytes] of all.entries()) {
            const frame = bytes[0] === 0x24 ? bytes : packet(index >> 1, bytes);
            const sight = video.read(frame);
            if (sight) collector.see(sight, markerOf(frame), index * 1_000);
            expect(sight?.missingSets.length ?? 0).to.be.at.most(24);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

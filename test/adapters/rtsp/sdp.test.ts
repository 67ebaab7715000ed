import { expect } from 'chai';
import fc from 'fast-check';
import {
  announcement,
  controlAddress,
  formatParameter,
  type MediaTrack,
  parseSdp,
} from '../../../adapters/rtsp/sdp.ts';

const CAMERA = [
  'v=0',
  'o=- 1 1 IN IP4 10.0.0.7',
  's=Camera',
  'a=control:*',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0LAH9kA,aMuDyyA=; profile-level-id=42C01F',
  'a=control:trackID=0',
  'm=audio 0 RTP/AVP 8',
  'a=control:trackID=1',
  'm=application 0 RTP/AVP 107',
  'a=rtpmap:107 vnd.onvif.metadata/90000',
].join('\r\n');

describe('session descriptions', () => {
  it('tells what a camera sends, static payload types included', () => {
    const [video, audio, ...others] = parseSdp(CAMERA);
    expect(video).to.include({ media: 'video', encoding: 'H264', payloadType: 96, clockRate: 90_000 });
    expect(video && formatParameter(video, 'sprop-parameter-sets')).to.equal('Z0LAH9kA,aMuDyyA=');
    expect(audio).to.include({ media: 'audio', encoding: 'PCMA', payloadType: 8, clockRate: 8_000 });
    expect(others).to.deep.equal([]);
  });

  it('announces what it was told', () => {
    const track = fc.record({
      media: fc.constantFrom('video' as const, 'audio' as const),
      encoding: fc.constantFrom('H264', 'H265', 'MPEG4-GENERIC', 'OPUS', 'PCMA'),
      payloadType: fc.integer({ min: 96, max: 127 }),
      clockRate: fc.integer({ min: 8_000, max: 96_000 }),
      channels: fc.constantFrom(1, 2),
      format: fc.constantFrom('packetization-mode=1', 'sprop-vps=QAE=; x=1', 'config=1190'),
      control: fc.constant(''),
    });
    fc.assert(
      fc.property(fc.array(track, { maxLength: 4 }), fc.string(), (tracks: MediaTrack[], name) => {
        const read = parseSdp(announcement(name, tracks));
        expect(read).to.deep.equal(tracks.map((one, index) => ({ ...one, control: `trackID=${index}` })));
      }),
    );
  });

  it('finds the control address of a track', () => {
    expect(controlAddress('rtsp://h/a/', 'trackID=0')).to.equal('rtsp://h/a/trackID=0');
    expect(controlAddress('rtsp://h/a', '*')).to.equal('rtsp://h/a');
    expect(controlAddress('rtsp://h/a', 'rtsp://h/b')).to.equal('rtsp://h/b');
  });

  it('survives any text', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom(...CAMERA.split('\r\n')), fc.constant('a=rtpmap:96 H264/0'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const tracks = parseSdp(lines.join('\n'));
        expect(tracks.length).to.be.at.most(16);
        for (const track of tracks) expect(track.clockRate).to.be.above(0);
      }),
      { numRuns: 500 },
    );
  });
});

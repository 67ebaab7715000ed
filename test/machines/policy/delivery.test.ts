import { expect } from 'chai';
import { type Device, deliver, type Ways } from '../../../machines/policy/delivery.ts';
import { rungsNamed, USUAL_RUNGS } from '../../../machines/policy/ladder.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36';
const TABLET = 'Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36';
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36';

const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';

const ways: Ways = {
  webrtc: { quality: '720p', bitrateBps: 2_000_000, codec: 'H264' },
  hls: rungsNamed(USUAL_RUNGS),
};

const h265: Partial<Ways> = { webrtc: { ...ways.webrtc, codec: 'H265' } };
const its480p: Partial<Ways> = { webrtc: { quality: '480p', bitrateBps: 1_000_000, codec: 'H264' } };

const room = { quality: 'adaptive', bitrateBps: 600_000, room: true, because: '1 of 8 peers are taken' };
const full = { ...room, room: false, because: 'all 8 adaptive peers are taken' };

describe('the way to watch', () => {
  const table: [string, Partial<Device>, Partial<Ways>, string][] = [
    ['a desktop', {}, {}, 'webrtc 720p 2000000'],
    ['a desktop on a fast network', { networkKbps: 5_000 }, {}, 'webrtc 720p 2000000'],
    ['a desktop on just enough', { networkKbps: 1_000 }, {}, 'webrtc 720p 2000000'],
    ['a desktop on a slow network', { networkKbps: 999 }, {}, 'hls 480p 1000000'],
    ['an iPhone', { userAgent: IPHONE }, {}, 'hls 480p 1000000'],
    ['an Android phone', { userAgent: ANDROID }, {}, 'hls 480p 1000000'],
    ['a phone on a fast network', { userAgent: ANDROID, networkKbps: 50_000 }, {}, 'hls 480p 1000000'],
    ['an Android tablet', { userAgent: TABLET }, {}, 'webrtc 720p 2000000'],
    ['a browser that says it is no phone', { userAgent: ANDROID, mobile: false }, {}, 'webrtc 720p 2000000'],
    ['a browser that says it is one', { mobile: true }, {}, 'hls 480p 1000000'],
    ['a browser that spares data', { savesData: true }, {}, 'hls 480p 1000000'],
    ['a browser without H.264', { h264: false }, {}, 'hls 720p 2000000'],
    ['a browser that takes no H.265, of a camera that has nothing else', {}, h265, 'hls 720p 2000000'],
    ['a browser that takes it', { h265: true }, h265, 'webrtc 720p 2000000'],
    ['who wants WebRTC of it', { protocol: 'webrtc' }, h265, 'hls 720p 2000000'],
    ['who wants a rung of it, all of which are H.264', { quality: '480p' }, its480p, 'webrtc 480p 1000000'],
    ['a phone that wants WebRTC', { userAgent: IPHONE, protocol: 'webrtc' }, {}, 'webrtc 720p 2000000'],
    ['a desktop that wants HLS', { protocol: 'hls' }, {}, 'hls 720p 2000000'],
    ['a desktop that wants HLS in 360p', { protocol: 'hls', quality: '360p' }, {}, 'hls 360p 500000'],
    ['who wants WebRTC without H.264', { protocol: 'webrtc', h264: false }, {}, 'hls 720p 2000000'],
    ['a phone, of a camera without 480p', { mobile: true }, { hls: rungsNamed(['720p', '360p']) }, 'hls 360p 500000'],
    ['a phone, of a camera with 720p only', { mobile: true }, { hls: rungsNamed(['720p']) }, 'hls 720p 2000000'],
    ['a browser without H.264, by a peer', { h264: false }, { adaptive: room }, 'webrtc adaptive 600000'],
    ['a browser without H.264, when all are taken', { h264: false }, { adaptive: full }, 'hls 720p 2000000'],
    ['the same, that wants HLS', { h264: false, protocol: 'hls' }, { adaptive: room }, 'hls 720p 2000000'],
    ['a network that carries no rung', { networkKbps: 400 }, { adaptive: room }, 'webrtc adaptive 600000'],
    [
      'who wants a rung over WebRTC all the same',
      { networkKbps: 300, protocol: 'webrtc', quality: '720p' },
      { adaptive: room },
      'webrtc 720p 2000000',
    ],
    ['who wants a rung on it', { networkKbps: 300, quality: '360p' }, { adaptive: room }, 'hls 360p 500000'],
    ['who wants what is no rung', { networkKbps: 300, quality: '9p' }, { adaptive: room }, 'webrtc adaptive 600000'],
    ['such a network, when all are taken', { networkKbps: 400 }, { adaptive: full }, 'hls 480p 1000000'],
    ['a phone on such a network', { mobile: true, networkKbps: 400 }, { adaptive: room }, 'webrtc adaptive 600000'],
    ['a network that just carries the lowest', { networkKbps: 500 }, { adaptive: room }, 'hls 480p 1000000'],
    ['a slow network that carries one', { networkKbps: 700 }, { adaptive: room }, 'hls 480p 1000000'],
    ['who asks for a peer', { quality: 'adaptive' }, { adaptive: room }, 'webrtc adaptive 600000'],
    ['a device that says nothing', { userAgent: '' }, {}, 'webrtc 720p 2000000'],
  ];
  for (const [who, device, changes, expected] of table) {
    it(`of ${who} is ${expected}, with the reason and what was rejected`, () => {
      const { protocol, quality, bitrateBps, why } = deliver(
        { userAgent: DESKTOP, ...device },
        { ...ways, ...changes },
      );
      expect(`${protocol} ${quality} ${bitrateBps}`).to.equal(expected);
      expect(why.rejected?.[0]?.option).to.equal(protocol === 'hls' ? 'webrtc' : 'hls');
      expect(why.rejected?.[0]?.because).to.match(/\w/);
      expect(why.text).to.include(quality);
    });
  }

  describe('over HLS', () => {
    const made: Ways = { ...ways, lowLatency: true };
    const latencies: [string, Partial<Device>, Ways, 'low' | 'usual'][] = [
      ['an iPhone', { userAgent: IPHONE }, made, 'low'],
      ['an iPhone, where no relay makes it', { userAgent: IPHONE }, ways, 'usual'],
      ['an iPhone on a slow network', { userAgent: IPHONE, networkKbps: 900 }, made, 'usual'],
      ['an iPhone that spares data', { userAgent: IPHONE, savesData: true }, made, 'usual'],
      ['an iPhone whose script plays HLS', { userAgent: IPHONE, native: false }, made, 'usual'],
      ['Safari on a Mac that wants HLS', { userAgent: SAFARI, protocol: 'hls' }, made, 'low'],
      ['a browser that says it plays HLS itself', { native: true, protocol: 'hls' }, made, 'low'],
      ['an Android phone', { userAgent: ANDROID }, made, 'usual'],
      ['a desktop that wants HLS', { protocol: 'hls' }, made, 'usual'],
      ['who asks for it, on any network', { protocol: 'hls', latency: 'low', networkKbps: 900 }, made, 'low'],
      ['who asks for it in vain', { protocol: 'hls', latency: 'low' }, ways, 'usual'],
    ];
    for (const [who, device, there, expected] of latencies) {
      it(`the latency of ${who} is ${expected}, and whoever could expect the other is told why`, () => {
        const { latency, why } = deliver({ userAgent: DESKTOP, ...device }, there);
        expect(latency).to.equal(expected);
        expect(why.text.startsWith('Low-latency')).to.equal(expected === 'low');
        const about = why.rejected?.find(({ option }) => option.endsWith('hls'));
        const isTold = expected === 'low' || /iPhone(?! whose)|asks/.test(who);
        expect(about?.option).to.equal(isTold ? (expected === 'low' ? 'plain hls' : 'low-latency hls') : undefined);
      });
    }

    it('is a matter of HLS alone', () => {
      expect(deliver({ userAgent: SAFARI, latency: 'low' }, made)).to.include({ protocol: 'webrtc' });
      expect(deliver({ userAgent: SAFARI }, made)).to.not.have.property('latency');
    });
  });

  it('tells that all adaptive peers are taken', () => {
    const { why } = deliver({ userAgent: DESKTOP, h264: false }, { ...ways, adaptive: full });
    expect(why.rejected).to.deep.include({ option: 'adaptive', because: full.because });
  });

  it('tells that a quality is not to be had', () => {
    const { quality, why } = deliver({ userAgent: DESKTOP, quality: '9p' }, ways);
    expect(quality).to.equal('720p');
    expect(why.rejected?.map(({ option }) => option)).to.include('9p');
  });
});

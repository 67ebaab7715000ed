import { expect } from 'chai';
import { bounded, candidatesOf, type Reach, reachable, takesVp8 } from '../../../adapters/peer.wrtc/sdp.ts';

const candidate = (address: string, transport = 'udp') =>
  `a=candidate:1 1 ${transport} 2122 ${address} 5000 typ host generation 0`;
const sdp = (...lines: string[]) =>
  ['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', ...lines, ''].join('\r\n');
const addressesIn = (text: string) => [...text.matchAll(/2122 (\S+) 5000/g)].map(([, address]) => address);

const loopback: Reach = { address: '127.0.0.1', hosts: [] };
const everywhere: Reach = { address: '0.0.0.0', hosts: ['203.0.113.7'] };
const one: Reach = { address: '10.0.0.5', hosts: [] };
const all = ['127.0.0.1', '::1', '10.0.0.5', '192.168.1.9'].map((address) => candidate(address));

describe('where an adaptive peer is reached', () => {
  it('is told as the installation offers media, over UDP alone', () => {
    const answer = sdp(...all, candidate('10.0.0.5', 'tcp'));
    expect(addressesIn(reachable(answer, loopback))).to.deep.equal(['127.0.0.1']);
    expect(addressesIn(reachable(answer, one))).to.deep.equal(['10.0.0.5']);
    expect(addressesIn(reachable(answer, everywhere))).to.deep.equal([
      ...['10.0.0.5', '203.0.113.7', '192.168.1.9', '203.0.113.7'],
    ]);
  });

  it('leads nowhere else from loopback, whatever the viewer offers', () => {
    expect(addressesIn(bounded(sdp(...all), loopback, 1_000))).to.deep.equal(['127.0.0.1', '::1']);
    expect(addressesIn(bounded(sdp(...all), one, 1_000))).to.have.length(4);
    const fragment = ['a=ice-ufrag:x', 'm=video 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:1', ...all, ''].join('\r\n');
    expect(candidatesOf(fragment, loopback).map(({ sdpMid }) => sdpMid)).to.deep.equal(['1', '1']);
    expect(candidatesOf(fragment, one)).to.have.length(4);
    expect(candidatesOf(fragment, one)[0]?.candidate).to.match(/^candidate:1 1 udp/);
  });

  it('bounds what video is sent, before the attributes of its section', () => {
    const lines = bounded(sdp('b=AS:9', 'a=mid:0', 'a=recvonly', 'm=audio 9 X 0', 'a=mid:1'), loopback, 700).split(
      '\r\n',
    );
    expect(lines).to.deep.equal([
      ...['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'b=AS:700', 'a=mid:0', 'a=recvonly'],
      ...['m=audio 9 X 0', 'a=mid:1', ''],
    ]);
  });

  it('is for browsers that take VP8', () => {
    expect(takesVp8(sdp('a=rtpmap:96 VP8/90000'))).to.equal(true);
    expect(takesVp8(sdp('a=rtpmap:96 H264/90000'))).to.equal(false);
  });
});

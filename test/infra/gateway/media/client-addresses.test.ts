import { expect } from 'chai';
import { clientAddresses } from '../../../../infra/gateway/media/client-addresses.ts';
import { relayReaches } from '../../../../infra/gateway/media/relay-reach.ts';
import type { Group, RelayPlace } from '../../../../infra/group.ts';

const place = (more: Partial<RelayPlace>): RelayPlace => ({
  ...{ id: 'intake-b', role: 'intake', region: 'hcm', weight: 1, embedded: true, host: '0.0.0.0' },
  ...{ api: 1, metrics: 2, rtsp: 3, srt: 4, whep: 5, webrtcUdp: 6, hls: 7, rtmp: 8 },
  ...more,
});
const on = { host: 'b', address: '10.0.0.2', publicHost: 'b.example.com' };
const addresses = (...relays: RelayPlace[]) =>
  clientAddresses(relayReaches({ relays, remoteRelays: [] } as unknown as Group));
const published = (relay: RelayPlace) => addresses(relay).publishAt(relay.id, 'gate', '0', 'called.example.com');

describe('where a camera is published', () => {
  it('is at the name of the intake’s own host, whichever gateway is asked', () => {
    expect(published(place({ on }))).to.deep.equal({
      ...{ relay: 'intake-b', path: 'in/gate/0' },
      rtsp: { host: 'b.example.com', port: 3 },
      rtmp: { host: 'b.example.com', port: 8 },
      srt: { host: 'b.example.com', port: 4 },
    });
  });

  it('is there over TLS where there is a certificate, without SRT, which has none', () => {
    expect(published(place({ on, rtsps: 10, rtmps: 11 }))).to.deep.equal({
      ...{ relay: 'intake-b', path: 'in/gate/0' },
      rtsp: { host: 'b.example.com', port: 10, tls: true },
      rtmp: { host: 'b.example.com', port: 11, tls: true },
    });
  });

  it('is where one machine is called, or listens; its SRT beside TLS for this machine alone', () => {
    expect(published(place({}))?.rtmp).to.deep.equal({ host: 'called.example.com', port: 8 });
    expect(published(place({ host: '192.0.2.7' }))?.rtmp).to.deep.equal({ host: '192.0.2.7', port: 8 });
    const { rtmp, srt } = published(place({ rtsps: 10, rtmps: 11 })) ?? {};
    expect([rtmp, srt]).to.deep.equal([
      { host: 'called.example.com', port: 11, tls: true },
      { host: '127.0.0.1', port: 4 },
    ]);
  });

  it('is nowhere at a delivery relay, or at one that is not there', () => {
    const at = addresses(place({ id: 'relay-b', role: 'delivery', on }));
    expect(at.publishAt('relay-b', 'gate', '0', 'x')).to.equal(undefined);
    expect(at.publishAt('intake-b', 'gate', '0', 'x')).to.equal(undefined);
  });
});

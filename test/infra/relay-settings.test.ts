import { expect } from 'chai';
import { pulsePath } from '../../adapters/pulse.rtsp.ts';
import { isId } from '../../bus/identity.ts';
import type { RelayPlace } from '../../infra/group.ts';
import { relaySettings } from '../../infra/launcher/relay-settings.ts';

const place = (role: RelayPlace['role'], host: string): RelayPlace => ({
  ...{ id: 'relay-1', role, region: 'hcm', weight: 1, embedded: true, host },
  ...{ api: 1, metrics: 2, rtsp: 3, srt: 4, whep: 5, webrtcUdp: 6, hls: 7, rtmp: 8 },
});
const settings = (role: RelayPlace['role'], host: string, publicHosts: string[] = []) =>
  relaySettings(place(role, host), { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts, origins: [] });

describe('the settings of a relay', () => {
  it('keep its API, metrics and signalling on loopback wherever media listens', () => {
    for (const host of ['127.0.0.1', '0.0.0.0', '192.0.2.7', '2001:db8::7']) {
      const { apiAddress, metricsAddress, webrtcAddress } = settings('delivery', host);
      expect([apiAddress, metricsAddress, webrtcAddress]).to.deep.equal(['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:5']);
    }
  });

  it('let gateways and switchers of other hosts in where those reach this one, and nowhere else', () => {
    const on = { host: 'a', address: '10.0.0.1', publicHost: 'a.example.com' };
    const options = { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts: [], origins: [] };
    const intake = relaySettings({ ...place('intake', '0.0.0.0'), on }, options);
    expect(intake).to.include({ apiAddress: '10.0.0.1:1', rtspAddress: '0.0.0.0:3', metricsAddress: '127.0.0.1:2' });
    expect(intake).to.include({ rtmpAddress: '0.0.0.0:8', srtAddress: '0.0.0.0:4', webrtcAddress: '10.0.0.1:5' });
    const delivery = relaySettings({ ...place('delivery', '0.0.0.0'), on }, options);
    expect(delivery).to.include({ apiAddress: '10.0.0.1:1', webrtcAddress: '10.0.0.1:5', rtspAddress: '0.0.0.0:3' });
    expect(delivery).to.include({ authMethod: 'jwt' });
    const low = relaySettings({ ...place('delivery', '0.0.0.0'), on }, { ...options, hlsSecret: 's' });
    expect(low).to.include({ hlsAddress: '10.0.0.1:7', hlsCDNSecret: 's' });
  });

  it('take publishers of other hosts over TLS where there is a certificate; what is in the clear is for switchers', () => {
    const on = { host: 'a', address: '10.0.0.1', publicHost: 'a.example.com' };
    const tls = { certFile: '/c.pem', keyFile: '/k.pem' };
    const options = { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts: [], origins: [], tls };
    const intake = relaySettings({ ...place('intake', '0.0.0.0'), on, rtsps: 10, rtmps: 11 }, options);
    expect(intake).to.include({ rtspsAddress: '0.0.0.0:10', rtmpsAddress: '0.0.0.0:11', rtspAddress: '10.0.0.1:3' });
    expect(intake).to.include({ rtmpAddress: '127.0.0.1:8', srtAddress: '127.0.0.1:4' });
  });

  it('make low-latency HLS on loopback, for the gateway alone, and none without its secret or at an intake', () => {
    const options = { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts: [], origins: [], hlsSecret: 's' };
    const made = { hls: true, hlsAddress: '127.0.0.1:7', hlsVariant: 'lowLatency', hlsCDNSecret: 's' };
    expect(relaySettings(place('delivery', '0.0.0.0'), options)).to.include(made);
    expect(relaySettings(place('intake', '0.0.0.0'), options)).to.include({ hls: false });
    expect(settings('delivery', '0.0.0.0')).to.include({ hls: false });
  });

  it('offer media where viewers and publishers can reach it', () => {
    expect(settings('delivery', '192.0.2.7')).to.include({
      rtspAddress: '192.0.2.7:3',
      srtAddress: '192.0.2.7:4',
      srt: true,
      webrtcLocalUDPAddress: '192.0.2.7:6',
    });
    expect(settings('delivery', '2001:db8::7')).to.include({ rtspAddress: '[2001:db8::7]:3' });
    expect(settings('intake', '192.0.2.7')).to.include({
      rtspAddress: '192.0.2.7:3',
      srtAddress: '192.0.2.7:4',
      rtmpAddress: '192.0.2.7:8',
      webrtc: true,
      webrtcLocalUDPAddress: '192.0.2.7:6',
      srt: true,
      rtmp: true,
    });
  });

  it('offer RTSP over TLS alone where there is a certificate, no SRT, and all that is in the clear to this machine', () => {
    const tls = { certFile: '/c.pem', keyFile: '/k.pem' };
    const options = { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts: [], origins: [], tls };
    expect(relaySettings({ ...place('delivery', '0.0.0.0'), rtsps: 10 }, options)).to.include({
      rtspEncryption: 'optional',
      rtspAddress: '127.0.0.1:3',
      rtspsAddress: '0.0.0.0:10',
      srt: false,
      rtspServerCert: '/c.pem',
      rtspServerKey: '/k.pem',
    });
    const intake = relaySettings(place('intake', '0.0.0.0'), options);
    expect(intake).to.not.have.property('rtspsAddress');
    expect(intake).to.include({ rtspAddress: '127.0.0.1:3', rtmpAddress: '127.0.0.1:8', srtAddress: '127.0.0.1:4' });
    const taking = relaySettings({ ...place('intake', '0.0.0.0'), rtsps: 10, rtmps: 11 }, options);
    expect(taking).to.include({ rtspsAddress: '0.0.0.0:10', rtmpsAddress: '0.0.0.0:11', rtmpServerCert: '/c.pem' });
    expect(taking).to.include({ rtspAddress: '127.0.0.1:3', rtmpAddress: '127.0.0.1:8', srtAddress: '127.0.0.1:4' });
    // Its media is encrypted, and its signalling is the gateway's.
    expect(intake).to.include({ webrtcAddress: '127.0.0.1:5', webrtcLocalUDPAddress: '0.0.0.0:6' });
  });

  it('tell browsers addresses that lead here: the public ones too, all of this machine when it listens on all', () => {
    const told = (host: string, publicHosts: string[]) => {
      const { webrtcIPsFromInterfaces, webrtcAdditionalHosts } = settings('delivery', host, publicHosts);
      return [webrtcIPsFromInterfaces, webrtcAdditionalHosts];
    };
    expect(told('127.0.0.1', [])).to.deep.equal([false, ['127.0.0.1']]);
    expect(told('192.0.2.7', ['203.0.113.5'])).to.deep.equal([false, ['192.0.2.7', '203.0.113.5']]);
    expect(told('0.0.0.0', ['203.0.113.5'])).to.deep.equal([true, ['203.0.113.5']]);
  });

  it('let viewers whose network takes no UDP come over TCP, at the same number, where the operator says so', () => {
    expect(settings('delivery', '192.0.2.7')).to.not.have.property('webrtcLocalTCPAddress');
    const options = { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts: [], origins: [], iceTcp: true };
    const { webrtcLocalTCPAddress } = relaySettings(place('delivery', '192.0.2.7'), options);
    expect(webrtcLocalTCPAddress).to.equal('192.0.2.7:6');
  });

  it('take no program from a switcher at a delivery relay that pulls: it is given a path for each', () => {
    const options = { jwksPort: 9, issuer: 'i', audience: 'a', publicHosts: [], origins: [] };
    const { paths } = relaySettings({ ...place('delivery', '127.0.0.1'), pull: [] }, options);
    expect(Object.keys(paths as object).some((name) => new RegExp(name.slice(1)).test('cam_001'))).to.equal(false);
    expect(paths).to.deep.equal(relaySettings(place('intake', '127.0.0.1'), options).paths);
  });

  it('take exactly the ids of cameras as program paths, and none but the pulse at an intake', () => {
    const patterns = Object.keys(settings('delivery', '127.0.0.1').paths as object);
    const [pattern = ''] = patterns;
    const pulse = patterns.find((name) => name.includes('pulse/')) ?? '';
    const program = new RegExp(pattern.slice(1));
    for (const name of ['cam_001', 'a', 'in/cam_001/0', '../cam', 'Cam', '', 'x'.repeat(65), 'x'.repeat(64)]) {
      expect(program.test(name), name).to.equal(isId(name));
    }
    expect(Object.keys(settings('intake', '127.0.0.1').paths as object)).to.deep.equal([pulse]);
    expect(new RegExp(pulse.slice(1)).test(pulsePath('gw-1'))).to.equal(true);
    expect(new RegExp(pulse.slice(1)).test('pulse')).to.equal(false);
  });
});

import { expect } from 'chai';
import { interfaceOf } from '../../adapters/devices.onvif.ts';
import { foundDevice } from '../../adapters/onvif/found.ts';
import { reachable } from '../../adapters/onvif/profiles.ts';
import { devicesContract } from '../contracts/devices.ts';
import { DOME, fakeDevices } from '../fakes/devices.ts';

describe('cameras on the network, without one', () => {
  devicesContract(async () => ({
    devices: fakeDevices([DOME]),
    dome: { url: DOME.found.url, username: DOME.username, password: DOME.password },
    close: async () => {},
  }));
});

describe('what cameras answer', () => {
  const answer = (fields: object) => ({ probeMatches: { probeMatch: fields } });

  it('is taken at the address that answered, of all that a camera names', () => {
    const XAddrs = 'http://203.0.113.9/onvif/device_service http://10.0.0.7:8080/onvif/device_service';
    expect(foundDevice(answer({ XAddrs }), '10.0.0.7')?.url).to.equal('http://10.0.0.7:8080/onvif/device_service');
    expect(foundDevice(answer({ XAddrs }), '10.0.0.8')?.url).to.equal('http://203.0.113.9/onvif/device_service');
  });

  it('is no camera where it names no address that could be asked', () => {
    for (const XAddrs of [undefined, '', 7, 'file:///etc/passwd', 'http://user:pass@10.0.0.7/', 'http://[/', {}]) {
      expect(foundDevice(answer({ XAddrs }), '10.0.0.7'), String(XAddrs)).to.equal(undefined);
    }
    for (const nothing of [undefined, {}, { probeMatches: '' }, answer([])]) {
      expect(foundDevice(nothing, '10.0.0.7')).to.equal(undefined);
    }
  });

  it('never sends us, or our password, to another host', () => {
    const device = 'http://10.0.0.7/onvif/device_service';
    expect(reachable('rtsp://192.168.1.2:554/main?a=1', device)).to.equal('rtsp://10.0.0.7:554/main?a=1');
    expect(reachable('rtsp://user:pass@192.168.1.2/main', device)).to.equal('rtsp://10.0.0.7/main');
    for (const bad of ['http://10.0.0.7/x', 'file:///etc/passwd', 'rtsp://', 7, undefined]) {
      expect(reachable(bad, device), String(bad)).to.equal(undefined);
    }
  });

  it('is asked for only by interfaces that were named', () => {
    const of = (address: string) => ({ address, family: 'IPv4' }) as never;
    const all = { lo: [of('127.0.0.1')], eth0: [of('10.0.0.2'), of('10.9.0.2')] };
    expect(interfaceOf('10.0.0.2', all)).to.equal('eth0');
    expect(() => interfaceOf('10.9.0.2', all)).to.throw('write 10.0.0.2');
    expect(() => interfaceOf('10.0.0.3', all)).to.throw('no address 10.0.0.3');
  });
});

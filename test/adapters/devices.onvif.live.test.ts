import { expect } from 'chai';
import { onvifDevices } from '../../adapters/devices.onvif.ts';
import { openOnvifThread } from '../../adapters/onvif/thread.ts';
import { devicesContract } from '../contracts/devices.ts';
import { type OnvifDevice, startOnvifDevice } from '../fixtures/onvif-device.ts';
import { rejection } from '../fixtures/records.ts';

const LOGIN = { username: 'operator', password: 'correct[horse]&<>' };
const start = (ptz = true) =>
  startOnvifDevice({
    ...LOGIN,
    urn: 'urn:uuid:dome',
    // As devices behind NAT do, it names an address that nobody else reaches.
    streams: { main: 'rtsp://10.99.0.1:8554/main', sub: 'rtsp://10.99.0.1:8554/sub' },
    ptz,
  });

describe('cameras on the network, one of them real in all but its lens', function () {
  this.timeout(20_000);
  devicesContract(async () => {
    const device = await start();
    const thread = openOnvifThread();
    return {
      devices: onvifDevices(thread),
      dome: { url: device.url, ...LOGIN },
      async close() {
        thread.close();
        await device.close();
      },
    };
  });
});

describe('a device that answers something else', function () {
  this.timeout(20_000);
  let device: OnvifDevice;
  const thread = openOnvifThread();
  const devices = onvifDevices(thread);
  before(async () => {
    device = await start(false);
  });
  after(async () => {
    thread.close();
    await device.close();
  });

  const soap = (body: string) =>
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${body}</s:Body></s:Envelope>`;

  it('is told as no ONVIF device, ends nobody, and is asked again as soon as it does better', async () => {
    const target = { url: device.url, ...LOGIN };
    const answers = [
      ...['', 'garbage', '<a/>', '<a><b></a>', soap(''), soap('<GetSystemDateAndTimeResponse/>')],
      soap('<GetServicesResponse><Service><Namespace>x</Namespace></Service></GetServicesResponse>'),
      soap('<GetServicesResponse/><GetCapabilitiesResponse/><GetProfilesResponse/>'),
      `<!DOCTYPE a [<!ENTITY b "${'c'.repeat(1000)}">]><a>${'&b;'.repeat(1000)}</a>`,
    ];
    for (const answer of answers) {
      device.spoil(answer);
      const error = (await rejection(devices.look(target))) as Error & { reason: string };
      expect(error.reason, answer.slice(0, 80)).to.equal('unsupported');
      // Other tests have cameras on this network, too.
      const found = await devices.find(['127.0.0.1'], 100);
      expect(
        found.filter(({ url }) => url === device.url),
        answer.slice(0, 80),
      ).to.deep.equal([]);
    }
    device.spoil(undefined);
    expect((await devices.look(target)).model).to.equal('Dome 1');
  });

  it('is told as fixed where it has no motor', async () => {
    const target = { url: device.url, ...LOGIN };
    expect(await devices.look(target)).to.not.have.property('ptz');
    expect(((await rejection(devices.presets(target))) as Error & { reason: string }).reason).to.equal('no-ptz');
  });
});

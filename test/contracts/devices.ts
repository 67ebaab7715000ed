import { expect } from 'chai';
import type { Devices } from '../../adapters/devices.onvif.ts';
import type { Target } from '../../adapters/onvif/talk.ts';
import { rejection } from '../fixtures/records.ts';

/** Devices with one dome called North gate, a main and a sub-stream and two presets, on loopback. */
export interface DevicesUnderTest {
  devices: Devices;
  /** The dome, and who may ask it. */
  dome: Required<Target>;
  close(): Promise<void>;
}

const failing = async (work: Promise<unknown>): Promise<string> =>
  ((await rejection(work)) as Error & { reason: string }).reason;

/** What everything that finds and asks cameras promises. */
export function devicesContract(make: () => Promise<DevicesUnderTest>): void {
  let devices: Devices;
  let dome: Required<Target>;
  let close: () => Promise<void>;
  before(async () => {
    ({ devices, dome, close } = await make());
  });
  after(() => close());

  it('finds a camera under the name that it was given, at the address that answered', async () => {
    const [found, ...others] = await devices.find(['127.0.0.1'], 500);
    expect(others).to.deep.equal([]);
    expect(found).to.include({ from: '127.0.0.1', name: 'North gate', hardware: 'Dome 1', url: dome.url });
  });

  it('does not look where this machine is not', async () => {
    expect(await failing(devices.find(['198.51.100.7'], 100))).to.equal('discovery');
  });

  it('tells the streams of a camera, the main one first, without a login in their addresses', async () => {
    const { manufacturer, model, profiles, ptz } = await devices.look(dome);
    expect([manufacturer, model]).to.deep.equal(['Testing', 'Dome 1']);
    expect(profiles.map(({ name, width, height, codec }) => [name, width, height, codec])).to.deep.equal([
      ['Main', 640, 360, 'H264'],
      ['Sub', 320, 180, 'H264'],
    ]);
    for (const { url } of profiles) expect(new URL(url).hostname).to.equal('127.0.0.1');
    expect(profiles.map(({ url }) => url).join()).to.not.include('@');
    expect(ptz).to.be.a('string');
  });

  it('tells the positions that a camera remembers', async () => {
    expect(await devices.presets(dome)).to.deep.equal([
      { token: '1', name: 'Gate' },
      { token: '2', name: 'Car park' },
    ]);
  });

  it('tells a wrong password from none, and from nobody there, and repeats none of them', async () => {
    const { url, username } = dome;
    for (const [target, reason] of [
      [{ url, username, password: 'wr0ng' }, 'unauthorized'],
      [{ url }, 'unauthorized'],
      [{ ...dome, url: 'http://127.0.0.1:9/onvif/device_service' }, 'refused'],
    ] as const) {
      const error = await rejection(devices.look(target));
      expect((error as Error & { reason: string }).reason).to.equal(reason);
      expect(error.message).to.not.match(/wr0ng/).and.not.include(dome.password);
    }
  });
}

import type { Devices } from '../../adapters/devices.onvif.ts';
import { DeviceFailed } from '../../adapters/onvif/fault.ts';
import type { Device, FoundDevice, Preset, Target } from '../../adapters/onvif/talk.ts';

/** A device as a fake knows it. */
export interface FakeDevice {
  found: FoundDevice;
  device: Device;
  presets: Preset[];
  username: string;
  password: string;
}

/** A dome that can be moved. */
export const DOME: FakeDevice = {
  found: {
    urn: 'urn:uuid:dome',
    url: 'http://127.0.0.1:8899/onvif/device_service',
    from: '127.0.0.1',
    name: 'North gate',
    hardware: 'Dome 1',
  },
  device: {
    manufacturer: 'Testing',
    model: 'Dome 1',
    profiles: [
      { token: 'main', name: 'Main', url: 'rtsp://127.0.0.1:8554/main', codec: 'H264', width: 640, height: 360 },
      { token: 'sub', name: 'Sub', url: 'rtsp://127.0.0.1:8554/sub', codec: 'H264', width: 320, height: 180 },
    ],
    ptz: 'main',
  },
  presets: [
    { token: '1', name: 'Gate' },
    { token: '2', name: 'Car park' },
  ],
  username: 'operator',
  password: 'correct[horse]',
};

/** Devices without a network. */
export function fakeDevices(present: FakeDevice[]): Devices {
  const admitted = ({ url, username, password }: Target): FakeDevice => {
    const one = present.find(({ found }) => found.url === url);
    if (!one) throw new DeviceFailed('refused', 'nothing listens at this address and port');
    if (username === undefined) throw new DeviceFailed('unauthorized', 'it wants a user and a password');
    if (username !== one.username || password !== one.password) {
      throw new DeviceFailed('unauthorized', 'it does not accept this user and password');
    }
    return one;
  };
  return {
    async find(on) {
      const foreign = on.find((address) => !address.startsWith('127.'));
      if (foreign) throw new DeviceFailed('discovery', `this machine has no address ${foreign}: correct discovery.on`);
      return present.map(({ found }) => found);
    },
    look: async (target) => admitted(target).device,
    async presets(target) {
      const { device, presets } = admitted(target);
      if (device.ptz === undefined) throw new DeviceFailed('no-ptz', 'none of its profiles can be moved');
      return presets;
    },
  };
}

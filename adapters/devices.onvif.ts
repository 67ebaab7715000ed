import { networkInterfaces } from 'node:os';
import { DeviceFailed } from './onvif/fault.ts';
import type { Device, FoundDevice, Preset, Target } from './onvif/talk.ts';
import type { OnvifThread } from './onvif/thread.ts';

/** Cameras on the network that tell what they have to offer. Failures are thrown as DeviceFailed. */
export interface Devices {
  /**
   * Asks who is there; takes `withinMs`, as the question goes to everybody.
   * @param on addresses of this machine: the question leaves by their interfaces and by no other
   */
  find(on: readonly string[], withinMs: number): Promise<FoundDevice[]>;
  /** What a device offers: its streams, and whether it can be moved. */
  look(target: Target): Promise<Device>;
  /** The positions that it remembers. */
  presets(target: Target): Promise<Preset[]>;
}

const LOOK_WITHIN_MS = 12_000;
/** The thread may have to start first. */
const BEYOND_MS = 3_000;

/** The interface that has an address, under the name that the system gives it. */
export function interfaceOf(address: string, all = networkInterfaces()): string {
  for (const [name, addresses = []] of Object.entries(all)) {
    const own = addresses.filter(({ family }) => family === 'IPv4').map((one) => one.address);
    // The library sends from the first.
    if (own[0] === address) return name;
    if (own.includes(address)) {
      throw new DeviceFailed('discovery', `${address} is not the first address of ${name}: write ${own[0]}`);
    }
  }
  throw new DeviceFailed('discovery', `this machine has no address ${address}: correct discovery.on`);
}

/** ONVIF devices: WS-Discovery, and their profiles over SOAP. */
export function onvifDevices(thread: OnvifThread): Devices {
  return {
    async find(on, withinMs) {
      // A name that no interface has would be searched on the default route: never ask the library for one.
      const interfaces = [...new Set(on.map((address) => interfaceOf(address)))];
      const found = await Promise.all(
        interfaces.map((name) => thread.call('find', withinMs + BEYOND_MS, { interface: name, withinMs })),
      );
      const one = new Map(found.flat().map((device) => [device.urn, device]));
      return [...one.values()].sort((a, b) => a.from.localeCompare(b.from, 'en', { numeric: true }));
    },
    look: (target) => thread.call('look', LOOK_WITHIN_MS, target),
    presets: (target) => thread.call('presets', LOOK_WITHIN_MS, target),
  };
}

import type { Login } from '../../adapters/secrets.files.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Rung } from '../../bus/events/rendition.ts';
import { type Id, id } from '../../bus/identity.ts';
import { BadAddress, loginOf, parseCameraAddress, parseDeviceAddress } from './address.ts';
import type { Findings } from './complete.ts';
import type { Settings } from './declaration.ts';
import { durationMs } from './durations.ts';
import { ladderOfFile } from './ladders.ts';
import type { Config, DeviceAddress, RecordSettings } from './model.ts';
import type { FaultAt } from './reading.ts';
import { bytesIn } from './sizes.ts';

/** What the file says about cameras. */
type ReadCameras = Pick<Config, 'cameras' | 'ladders' | 'records' | 'devices' | 'logins'>;

/** The cameras of the file, and what of them cells don't know: ladders, recordings, ONVIF addresses, logins. */
export function resolveCameras(settings: Settings, fault: FaultAt, { warnings }: Findings): ReadCameras {
  const cameras = new Map<Id, CameraSettings>();
  const ladders = new Map<Id, Rung[]>();
  const records = new Map<Id, RecordSettings>();
  const devices = new Map<Id, DeviceAddress>();
  const logins = new Map<string, Login>();
  for (const [name, camera] of Object.entries(settings.cameras)) {
    const short = typeof camera === 'string';
    const addresses = short ? [camera] : camera.sources;
    const sources = addresses.flatMap((address, index) => {
      try {
        return [splitSource(id(name), index, address, logins)];
      } catch (error) {
        if (!(error instanceof BadAddress)) throw error;
        fault(short ? ['cameras', name] : ['cameras', name, 'sources', index], error.message);
        return [];
      }
    });
    cameras.set(id(name), {
      name: short ? name : (camera.name ?? name),
      zone: short ? 'default' : camera.zone,
      sources,
      keep: short ? 'warm' : (camera.keep ?? 'warm'),
      eye: short ? true : camera.eye,
      ...handBack(short ? DEFAULT_HAND_BACK : camera.hand_back),
    });
    if (short) continue;
    if (camera.onvif) {
      try {
        devices.set(id(name), splitDevice(id(name), camera.onvif, logins));
      } catch (error) {
        if (!(error instanceof BadAddress)) throw error;
        fault(['cameras', name, 'onvif'], error.message);
      }
    }
    if (camera.ladder) ladders.set(id(name), ladderOfFile(camera.ladder, ['cameras', name, 'ladder'], fault));
    else if (camera.keep === 'warm')
      warnings.push({ path: ['cameras', name, 'keep'], part: 'value', message: NO_LADDER });
    if (camera.record) {
      const { keep, max_bytes: most } = camera.record;
      records.set(id(name), { keepMs: durationMs(keep), ...(most === undefined ? {} : { maxBytes: bytesIn(most) }) });
    }
  }
  return { cameras, ladders, records, devices, logins };
}

/** Who writes out what holds anyway may expect more of it. */
const NO_LADDER =
  'keeps the camera connected, which it is anyway, but no ladder, as none is named: lower rungs are made while somebody ' +
  'watches. Add ladder: [720p, 480p, 360p] to have them made always, or leave keep out';

const DEFAULT_HAND_BACK = '10s';

/** How long a better source must be steady: nothing said where it is as long as by default. */
function handBack(text: string): Pick<CameraSettings, 'hand_back_ms'> {
  if (text === DEFAULT_HAND_BACK) return {};
  return { hand_back_ms: text === 'never' ? text : durationMs(text) };
}

/** A source as cells know it; the login, if any, goes into `logins` under a reference that stays the same. */
export function splitSource(
  camera: Id,
  index: number,
  text: string,
  logins: Map<string, Login>,
): CameraSettings['sources'][number] {
  const address = parseCameraAddress(text);
  const login = loginOf(address);
  const source = { id: id(String(index)), url: address.url };
  if (!login) return source;
  const credential = `${camera}-${index}`;
  logins.set(credential, login);
  return { ...source, credential };
}

/** The same for its ONVIF address. @throws BadAddress */
export function splitDevice(camera: Id, text: string, logins: Map<string, Login>): DeviceAddress {
  const address = parseDeviceAddress(text);
  const login = loginOf(address);
  if (!login) return { url: address.url };
  const credential = `${camera}-onvif`;
  logins.set(credential, login);
  return { url: address.url, credential };
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { freshlyRead, replaceFile, whileLocked } from '../../adapters/files.ts';
import type { Login, Secrets } from '../../adapters/secrets.files.ts';
import { type CameraSettings, CameraSettingsSchema, type Source } from '../../bus/events/camera.ts';
import { type Id, IdSchema, id } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { BadAddress } from './address.ts';
import type { Config, DeviceAddress } from './model.ts';
import { splitDevice, splitSource } from './resolve.ts';

const { name, zone, keep, eye, hand_back_ms } = CameraSettingsSchema.properties;

/** What a caller of the API may say about a camera; addresses may still carry a login here. */
export const cameraInput = shape(
  'camera',
  Type.Object(
    {
      name: Type.Optional(name),
      zone: Type.Optional(zone),
      sources: Type.Optional(
        Type.Array(
          Type.String({ minLength: 1, maxLength: 2048, description: 'rtsp:// or rtsps:// address, or publish:' }),
          {
            minItems: 1,
            maxItems: 8,
          },
        ),
      ),
      keep: Type.Optional(keep),
      eye: Type.Optional(eye),
      hand_back_ms,
      onvif: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
    },
    { additionalProperties: false },
  ),
);
export type CameraInput = Of<typeof cameraInput>;

const DeviceSchema = Type.Object({ url: Type.String(), credential: Type.Optional(Type.String()) });
const overlayFile = shape(
  'camera overlay',
  Type.Object({
    version: Type.Literal(1),
    cameras: Type.Record(IdSchema, CameraSettingsSchema),
    devices: Type.Optional(Type.Record(IdSchema, DeviceSchema)),
  }),
);
/** What the file holds. */
interface Kept {
  cameras: Map<Id, CameraSettings>;
  /** Of those that can be moved. */
  devices: Map<Id, DeviceAddress>;
}

/** Where a camera was configured, and so where it is changed. */
export type Origin = 'yaml' | 'api';

/** A camera of the installation, wherever it was configured. */
export interface PlacedCamera {
  settings: CameraSettings;
  origin: Origin;
  /** Where it is moved. */
  device?: DeviceAddress;
}

/** Why the overlay refuses a change. */
export type OverlayFault = 'exists' | 'from-file' | 'not-found' | 'address';

/** A change that can't be made; `reason` is a code, the message tells what to do instead. */
export class OverlayRefused extends Error {
  override name = 'OverlayRefused';
  readonly reason: OverlayFault;
  constructor(reason: OverlayFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The cameras that were added over the API: kept in the data folder, beside the configuration file. */
export interface Overlay {
  cameras(): ReadonlyMap<Id, CameraSettings>;
  devices(): ReadonlyMap<Id, DeviceAddress>;
  /** @throws OverlayRefused when the id is taken or an address is none */
  add(camera: Id, input: CameraInput, config: Config): CameraSettings;
  /** Changes what is given, keeps the rest. @throws OverlayRefused */
  change(camera: Id, input: CameraInput, config: Config): CameraSettings;
  /** @throws OverlayRefused */
  remove(camera: Id, config: Config): void;
}

/**
 * Opens the overlay of a data folder. Several gateways share it: each sees at once what another has changed.
 * @param state the data folder; cameras go to its `cameras.json`, passwords to the secret store
 * @throws Error when `cameras.json` holds something else: starting without its cameras would hide the loss
 */
export function openOverlay(state: string, secrets: Secrets): Overlay {
  const file = path.join(state, 'cameras.json');
  const present = freshlyRead(file, () => readOverlay(file));
  present();
  /** Does one change to what stands there now. */
  const change = <T>(make: (cameras: Map<Id, CameraSettings>, devices: Map<Id, DeviceAddress>) => T): T =>
    whileLocked(file, () => {
      const cameras = new Map(present().cameras);
      const devices = new Map(present().devices);
      const made = make(cameras, devices);
      const moved = devices.size > 0 ? { devices: Object.fromEntries(devices) } : {};
      const kept = { version: 1, cameras: Object.fromEntries(cameras), ...moved };
      replaceFile(file, `${JSON.stringify(kept, null, 2)}\n`);
      return made;
    });
  const place = (cameras: Map<Id, CameraSettings>, camera: Id, settings: CameraSettings): CameraSettings => {
    cameras.set(camera, settings);
    return settings;
  };
  return {
    cameras: () => present().cameras,
    devices: () => present().devices,
    add: (camera, input, config) =>
      change((cameras, devices) => {
        if (config.cameras.has(camera) || cameras.has(camera)) {
          throw new OverlayRefused('exists', `there is a camera ${camera} already`);
        }
        if (!input.sources) throw new OverlayRefused('address', 'a camera needs at least one source');
        const { sources, device } = splitAddresses(camera, input.sources, input.onvif, secrets);
        if (device) devices.set(camera, device);
        const { name = camera, zone = 'default', keep = 'warm', eye = true, hand_back_ms } = input;
        const handBack = hand_back_ms === undefined ? {} : { hand_back_ms };
        return place(cameras, camera, { name, zone, sources, keep, eye, ...handBack });
      }),
    change: (camera, input, config) =>
      change((cameras, devices) => {
        const known = overlaid(cameras, camera, config);
        const { sources: given, onvif, ...others } = input;
        const { sources, device } = splitAddresses(camera, given ?? [], onvif, secrets);
        if (device) devices.set(camera, device);
        return place(cameras, camera, { ...known, ...others, sources: given ? sources : known.sources });
      }),
    remove: (camera, config) =>
      change((cameras, devices) => {
        overlaid(cameras, camera, config);
        cameras.delete(camera);
        devices.delete(camera);
      }),
  };
}

/**
 * Every camera there is, with the logins of the file's cameras put into the secret store. Where the file and the API
 * both name one, the API's stays: reloading the file never takes it away. A changed password shows as another
 * `credential`, and so as a change of the camera.
 */
export function cameraSettings(
  config: Config,
  overlay: Pick<Overlay, 'cameras' | 'devices'>,
  secrets: Pick<Secrets, 'keep'>,
): Map<Id, PlacedCamera> {
  const all = new Map<Id, PlacedCamera>();
  const overlaid = overlay.cameras();
  for (const [camera, configured] of config.cameras) {
    if (overlaid.has(camera)) continue;
    const sources = configured.sources.map((source) => keepLogin(source, config.logins, secrets));
    const device = config.devices.get(camera);
    const moved = device && { device: keepLogin(device, config.logins, secrets) };
    all.set(camera, { settings: { ...configured, sources }, origin: 'yaml', ...moved });
  }
  const devices = overlay.devices();
  for (const [camera, settings] of overlaid) {
    const device = devices.get(camera);
    all.set(camera, { settings, origin: 'api', ...(device ? { device } : {}) });
  }
  return all;
}

/**
 * Removes the logins that no camera refers to. Call it once the cells know their new settings.
 * @param afterMs where hosts share logins, one may be here before the camera that needs it
 */
export function forgetUnusedLogins(cameras: ReadonlyMap<Id, PlacedCamera>, secrets: Secrets, afterMs = 0): void {
  const all = [...cameras.values()].flatMap(({ settings, device }) => [
    ...settings.sources,
    ...(device ? [device] : []),
  ]);
  const used = new Set(all.map((one) => one.credential));
  for (const reference of secrets.references()) {
    if (!used.has(reference) && (secrets.ageMs(reference) ?? 0) >= afterMs) secrets.forget(reference);
  }
}

function keepLogin<Place extends Source | DeviceAddress>(
  source: Place,
  logins: ReadonlyMap<string, Login>,
  secrets: Pick<Secrets, 'keep'>,
): Place {
  const login = source.credential === undefined ? undefined : logins.get(source.credential);
  return login && source.credential ? { ...source, credential: secrets.keep(source.credential, login) } : source;
}

function overlaid(cameras: Map<Id, CameraSettings>, camera: Id, config: Config): CameraSettings {
  const known = cameras.get(camera);
  if (known) return known;
  if (config.cameras.has(camera)) {
    throw new OverlayRefused('from-file', `${camera} is configured in ${path.basename(config.file)}: change it there`);
  }
  throw new OverlayRefused('not-found', `there is no camera ${camera}`);
}

/** Takes addresses apart, all before the first login is kept: a refused camera leaves nothing behind. */
function splitAddresses(camera: Id, addresses: string[], onvif: string | undefined, secrets: Secrets) {
  const logins = new Map<string, Login>();
  try {
    const sources = addresses.map((address, index) => splitSource(camera, index, address, logins));
    const device = onvif === undefined ? undefined : splitDevice(camera, onvif, logins);
    return {
      sources: sources.map((source) => keepLogin(source, logins, secrets)),
      device: device && keepLogin(device, logins, secrets),
    };
  } catch (error) {
    if (error instanceof BadAddress) throw new OverlayRefused('address', error.message);
    throw error;
  }
}

function readOverlay(file: string): Kept {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { cameras: new Map(), devices: new Map() };
    throw error;
  }
  try {
    const { cameras, devices = {} } = overlayFile.parse(JSON.parse(text));
    return {
      cameras: new Map(Object.entries(cameras).map(([camera, settings]) => [id(camera), settings])),
      devices: new Map(Object.entries(devices).map(([camera, device]) => [id(camera), device])),
    };
  } catch (error) {
    throw new Error(`${file} can't be read (${(error as Error).message}): repair it, or move it away to start without`);
  }
}

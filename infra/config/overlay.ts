import path from 'node:path';
import { freshlyRead, replaceFile, whileLocked } from '../../adapters/files.ts';
import type { Login, Secrets } from '../../adapters/secrets.files.ts';
import type { CameraSettings, Source } from '../../bus/events/camera.ts';
import type { Rung } from '../../bus/events/rendition.ts';
import type { Id } from '../../bus/identity.ts';
import { BadAddress } from './address.ts';
import type { CameraInput, LadderInput, RecordInput } from './camera-input.ts';
import { splitDevice, splitSource } from './cameras.ts';
import { ladderOfInput } from './ladders.ts';
import type { Config, DeviceAddress, RecordSettings } from './model.ts';
import { copyOf, type Kept, readKept, textOf } from './overlay-file.ts';

/** What is kept of a camera beside its settings; null: no more. */
interface Parts {
  device: DeviceAddress | undefined;
  ladder: LadderInput | null | undefined;
  record: RecordInput | null | undefined;
}

/** Where a camera was configured, and so where it is changed. */
export type Origin = 'yaml' | 'api';

/** A camera of the installation, wherever it was configured. */
export interface PlacedCamera {
  settings: CameraSettings;
  origin: Origin;
  /** Where it is moved. */
  device?: DeviceAddress;
  /** Its own rungs, best first; absent: it has the usual ones. */
  ladder?: Rung[];
  /** Absent: it is recorded during emergencies alone. */
  record?: RecordSettings;
}

/** Why the overlay refuses a change. */
export type OverlayFault = 'exists' | 'from-file' | 'not-found' | 'address' | 'ladder';

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
  ladders(): ReadonlyMap<Id, Rung[]>;
  records(): ReadonlyMap<Id, RecordSettings>;
  /** @throws OverlayRefused when the id is taken, an address is none, or a ladder makes no sense */
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
  const present = freshlyRead(file, () => readKept(file));
  present();
  /** Does one change to what stands there now. */
  const change = <T>(make: (kept: Kept) => T): T =>
    whileLocked(file, () => {
      const next = copyOf(present());
      const made = make(next);
      replaceFile(file, textOf(next));
      return made;
    });
  const place = (
    kept: Kept,
    camera: Id,
    settings: CameraSettings,
    { device, ladder, record }: Parts,
  ): CameraSettings => {
    kept.cameras.set(camera, settings);
    if (device) kept.devices.set(camera, device);
    if (ladder) kept.ladders.set(camera, ladder);
    if (ladder === null) kept.ladders.delete(camera);
    if (record) kept.records.set(camera, record);
    if (record === null) kept.records.delete(camera);
    return settings;
  };
  return {
    cameras: () => present().cameras,
    devices: () => present().devices,
    ladders: () => new Map([...present().ladders].map(([camera, ladder]) => [camera, ladderOfInput(ladder).rungs])),
    records: () => new Map([...present().records].map(([camera, record]) => [camera, recordSettings(record)])),
    add: (camera, input, config) =>
      change((kept) => {
        if (config.cameras.has(camera) || kept.cameras.has(camera)) {
          throw new OverlayRefused('exists', `there is a camera ${camera} already`);
        }
        if (!input.sources) throw new OverlayRefused('address', 'a camera needs at least one source');
        checkLadder(input);
        const { sources, device } = splitAddresses(camera, input.sources, input.onvif, secrets);
        const { name = camera, zone = 'default', keep = 'warm', eye = true, hand_back_ms, ladder, record } = input;
        const handBack = hand_back_ms === undefined ? {} : { hand_back_ms };
        return place(kept, camera, { name, zone, sources, keep, eye, ...handBack }, { device, ladder, record });
      }),
    change: (camera, input, config) =>
      change((kept) => {
        const known = overlaid(kept.cameras, camera, config);
        checkLadder(input);
        const { sources: given, onvif, ladder, record, ...others } = input;
        const { sources, device } = splitAddresses(camera, given ?? [], onvif, secrets);
        const settings = { ...known, ...others, sources: given ? sources : known.sources };
        return place(kept, camera, settings, { device, ladder, record });
      }),
    remove: (camera, config) =>
      change((kept) => {
        overlaid(kept.cameras, camera, config);
        for (const part of Object.values<Map<Id, unknown>>({ ...kept })) part.delete(camera);
      }),
  };
}

/** Before anything is kept: a refused camera leaves nothing behind. */
function checkLadder({ ladder }: CameraInput): void {
  const fault = ladder ? ladderOfInput(ladder).fault : undefined;
  if (fault) throw new OverlayRefused('ladder', fault);
}

const recordSettings = ({ keep_ms: keepMs, max_bytes: maxBytes }: RecordInput): RecordSettings => ({
  keepMs,
  ...(maxBytes === undefined ? {} : { maxBytes }),
});

/**
 * Every camera there is, with the logins of the file's cameras put into the secret store. Where the file and the API
 * both name one, the API's stays: reloading the file never takes it away. A changed password shows as another
 * `credential`, and so as a change of the camera.
 */
export function cameraSettings(
  config: Config,
  overlay: Pick<Overlay, 'cameras' | 'devices' | 'ladders' | 'records'>,
  secrets: Pick<Secrets, 'keep'>,
): Map<Id, PlacedCamera> {
  const all = new Map<Id, PlacedCamera>();
  const overlaid = overlay.cameras();
  const partsOf = (camera: Id, { devices, ladders, records }: Pick<Config, 'devices' | 'ladders' | 'records'>) => {
    const [device, ladder, record] = [devices.get(camera), ladders.get(camera), records.get(camera)];
    return { ...(device ? { device } : {}), ...(ladder ? { ladder } : {}), ...(record ? { record } : {}) };
  };
  for (const [camera, configured] of config.cameras) {
    if (overlaid.has(camera)) continue;
    const sources = configured.sources.map((source) => keepLogin(source, config.logins, secrets));
    const { device, ...parts } = partsOf(camera, config);
    const moved = device && { device: keepLogin(device, config.logins, secrets) };
    all.set(camera, { settings: { ...configured, sources }, origin: 'yaml', ...moved, ...parts });
  }
  const added = { devices: overlay.devices(), ladders: overlay.ladders(), records: overlay.records() };
  for (const [camera, settings] of overlaid) {
    all.set(camera, { settings, origin: 'api', ...partsOf(camera, added) });
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

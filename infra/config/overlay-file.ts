import { readFileSync } from 'node:fs';
import Type from 'typebox';
import { type CameraSettings, CameraSettingsSchema } from '../../bus/events/camera.ts';
import { type Id, IdSchema, id } from '../../bus/identity.ts';
import { shape } from '../../bus/shape.ts';
import { type LadderInput, LadderSchema, type RecordInput, RecordSchema } from './camera-input.ts';
import type { DeviceAddress } from './model.ts';

const DeviceSchema = Type.Object({ url: Type.String(), credential: Type.Optional(Type.String()) });
const overlayFile = shape(
  'camera overlay',
  Type.Object({
    version: Type.Literal(1),
    cameras: Type.Record(IdSchema, CameraSettingsSchema),
    devices: Type.Optional(Type.Record(IdSchema, DeviceSchema)),
    ladders: Type.Optional(Type.Record(IdSchema, LadderSchema)),
    records: Type.Optional(Type.Record(IdSchema, RecordSchema)),
  }),
);

/** What the file of cameras that were added over the API holds. */
export interface Kept {
  cameras: Map<Id, CameraSettings>;
  /** Of those that can be moved. */
  devices: Map<Id, DeviceAddress>;
  /** Of those that have a ladder of their own. */
  ladders: Map<Id, LadderInput>;
  /** Of those that are recorded. */
  records: Map<Id, RecordInput>;
}

/** The same, to be changed. */
export const copyOf = ({ cameras, devices, ladders, records }: Kept): Kept => ({
  ...{ cameras: new Map(cameras), devices: new Map(devices) },
  ...{ ladders: new Map(ladders), records: new Map(records) },
});

/** What is kept, as the file holds it. */
export function textOf({ cameras, ...parts }: Kept): string {
  const filled = Object.entries(parts).filter(([, part]) => part.size > 0);
  const kept = {
    ...{ version: 1, cameras: Object.fromEntries(cameras) },
    ...Object.fromEntries(filled.map(([name, part]) => [name, Object.fromEntries<unknown>(part)])),
  };
  return `${JSON.stringify(kept, null, 2)}\n`;
}

/** Reads it. @throws Error when it holds something else: starting without its cameras would hide the loss */
export function readKept(file: string): Kept {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { cameras: new Map(), devices: new Map(), ladders: new Map(), records: new Map() };
    }
    throw error;
  }
  try {
    const { cameras, devices = {}, ladders = {}, records = {} } = overlayFile.parse(JSON.parse(text));
    return { cameras: byId(cameras), devices: byId(devices), ladders: byId(ladders), records: byId(records) };
  } catch (error) {
    throw new Error(`${file} can't be read (${(error as Error).message}): repair it, or move it away to start without`);
  }
}

const byId = <T>(parts: { [camera: string]: T }): Map<Id, T> =>
  new Map(Object.entries(parts).map(([camera, part]) => [id(camera), part]));

import { CAMERA_VERSION } from './events/camera.ts';
import { RELAY_VERSION } from './events/relay.ts';
import { RENDITION_VERSION } from './events/rendition.ts';
import { VIEWER_VERSION } from './events/viewer.ts';
import type { JournalRecord } from './ports.ts';
import type { Kind } from './subjects.ts';

/** The present version of each machine. */
export const VERSIONS: Record<Kind, number> = {
  camera: CAMERA_VERSION,
  viewer: VIEWER_VERSION,
  relay: RELAY_VERSION,
  rendition: RENDITION_VERSION,
};

/** One step up: from a version to the next. Keyed `kind@from`. There are none while every machine is at version 1. */
const steps: Record<string, (record: JournalRecord) => JournalRecord> = {};

/** Thrown when a record is newer than this program. */
export class NewerRecord extends Error {
  override name = 'NewerRecord';
}

/**
 * Brings an old record up to the present version, one version at a time.
 * @throws NewerRecord when it was written by a later program: update this one before reading it
 */
export function upcast(record: JournalRecord): JournalRecord {
  const present = VERSIONS[record.kind];
  if (record.version > present) {
    throw new NewerRecord(
      `record ${record.id} of ${record.kind} ${record.cell} has version ${record.version}, this program knows ${present}`,
    );
  }
  let current = record;
  while (current.version < present) {
    const step = steps[`${current.kind}@${current.version}`];
    if (!step) throw new Error(`no step from version ${current.version} of ${current.kind}`);
    current = step(current);
  }
  return current;
}

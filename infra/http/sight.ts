import type { CellView } from '../../actors/cells.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { access, isAtLeast, type Place, type Rights } from '../../machines/policy/access.ts';
import { mayAlarm } from '../../machines/policy/alarm-rights.ts';
import type { ZoneNow } from './hearing.ts';
import { CELLS } from './message-roles.ts';
import {
  alarmOf,
  broadcastOf,
  cameraOf,
  incidentOf,
  ptzOf,
  recordingOf,
  renditionOf,
  soundOf,
  viewerOf,
} from './views.ts';

/** The camera that a cell is, or that it shows; undefined for what belongs to no single one. */
export function placeOfCell(view: CellView): Place | undefined {
  switch (view.kind) {
    case 'camera':
      return { camera: view.id, zone: cameraOf(view).settings?.zone ?? '' };
    case 'viewer': {
      const { camera, zone } = viewerOf(view);
      return { camera, zone };
    }
    case 'rendition':
      return { camera: view.id, zone: renditionOf(view).zone };
    case 'recording':
      return { camera: view.id, zone: recordingOf(view).zone };
    case 'sound':
      return { camera: view.id, zone: soundOf(view).zone };
    case 'ptz':
      return { camera: view.id, zone: ptzOf(view).zone };
    case 'broadcast': {
      const { camera, zone } = broadcastOf(view);
      return { camera, zone };
    }
    case 'alarm': {
      const { cameras, zone } = alarmOf(view);
      return cameras.length === 1 ? { camera: cameras[0] ?? '', zone } : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether somebody operates all that an incident is about: what it heard names whom it lets in. */
function runs(caller: Rights, view: CellView, zoneNow: ZoneNow): boolean {
  const { cameras, zone } = incidentOf(view);
  return cameras.every((camera) => access(caller, { camera, zone: zoneNow(camera) ?? zone }, 'operate').allowed);
}

/**
 * Whether a person may know all of a cell, by its row in message-roles.ts: of a camera that has been moved to another
 * zone since, only where they may see both.
 * @param zoneNow where cameras are now
 */
export function mayTouch(caller: LoginClaims, view: CellView, zoneNow: ZoneNow): boolean {
  const sight = CELLS[view.kind];
  switch (sight) {
    case 'operator':
      return isAtLeast(caller.role, 'operator');
    case 'concerned':
      return isAtLeast(caller.role, 'operator') && runs(caller, view, zoneNow);
    case 'alarm': {
      const alarm = alarmOf(view);
      return mayAlarm(caller, alarm, 'hear', alarm.about.kind === 'incident' ? zoneNow : undefined);
    }
    default: {
      if (sight === 'own' && viewerOf(view).subject?.sub === caller.sub) return true;
      const place = placeOfCell(view);
      if (!place) return false;
      const zones = new Set([place.zone, zoneNow(place.camera) ?? place.zone]);
      const action = sight === 'watch' ? 'watch' : 'operate';
      return [...zones].every((zone) => access(caller, { ...place, zone }, action).allowed);
    }
  }
}

const SECRETIVE = new Set(['url', 'address', 'credential', 'person']);
const NETWORK_ADDRESS =
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|\[?(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{0,4}\]?(?::\d{1,5})?/gi;
const HIDDEN = '…';

/** Addresses that stand in a value: of sources, and of people. */
function addressesIn(value: unknown, found = new Set<string>()): Set<string> {
  if (value === null || typeof value !== 'object') return found;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && inner !== '' && SECRETIVE.has(key)) {
      found.add(inner);
      if (URL.canParse(inner)) found.add(new URL(inner).hostname);
    }
    addressesIn(inner, found);
  }
  found.delete('');
  return found;
}

function without(value: unknown, hidden: readonly string[]): unknown {
  if (typeof value === 'string') {
    const known = hidden.reduce((text, one) => text.replaceAll(one, HIDDEN), value);
    return known.replace(NETWORK_ADDRESS, HIDDEN);
  }
  if (Array.isArray(value)) return value.map((inner) => without(inner, hidden));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => !SECRETIVE.has(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, without(inner, hidden)]));
}

/** The value without addresses of sources and of people. */
export function withoutAddresses<T>(value: T): T {
  const found = [...addressesIn(value)].sort((a, b) => b.length - a.length);
  return without(value, found) as T;
}

/** Addresses of sources and of people are for those who operate the camera. @param place absent: it is about no camera */
export const readsAddresses = (caller: LoginClaims, place: Place | undefined): boolean =>
  !place || access(caller, place, 'operate').allowed;

/** What a person may read of what a cell knew or said: all, or all but addresses. */
export const redacted = <T>(caller: LoginClaims, place: Place | undefined, value: T): T =>
  readsAddresses(caller, place) ? value : withoutAddresses(value);

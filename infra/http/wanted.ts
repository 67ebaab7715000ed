import type { Envelope } from '../../bus/envelope.ts';
import { inZone } from '../../machines/policy/access.ts';
import { placeIn } from './hearing.ts';

/** Which events a subscriber wants; empty lists want all. */
export interface Wanted {
  types: string[];
  cameras: string[];
  zones: string[];
}

/** Whether an event is among those wanted. A type may be `camera.live`, `camera`, `camera.*`, with or without prefix. */
export function isWanted(wanted: Wanted, envelope: Envelope): boolean {
  const type = envelope.type.replace(/^signalbox\./, '');
  const isType = (one: string) => {
    const stem = one.replace(/^signalbox\./, '').replace(/\.\*$/, '');
    return type === stem || type.startsWith(`${stem}.`);
  };
  if (wanted.types.length && !wanted.types.some(isType)) return false;
  if (!wanted.cameras.length && !wanted.zones.length) return true;
  const place = placeIn(envelope);
  if (!place) return false;
  if (wanted.cameras.length && !wanted.cameras.includes(place.camera)) return false;
  return !wanted.zones.length || wanted.zones.some((pattern) => inZone(place.zone, pattern));
}

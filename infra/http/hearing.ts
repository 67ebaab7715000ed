import type { Envelope } from '../../bus/envelope.ts';
import type { Trouble } from '../../bus/events/alarm.ts';
import { isId } from '../../bus/identity.ts';
import { access, isAtLeast } from '../../machines/policy/access.ts';
import { mayAlarm } from '../../machines/policy/alarm-rights.ts';
import type { Caller } from './door.ts';
import { sightOfFact } from './message-roles.ts';
import type { HttpServices } from './services.ts';
import { zoneOf } from './views.ts';

/** The camera and zone that an event is about, if it is about one. */
export function placeIn({ subject, data }: Envelope): { camera: string; zone: string } | undefined {
  const [kind, id = ''] = subject.split('/');
  const zone = typeof data.zone === 'string' ? data.zone : '';
  if (['camera', 'rendition', 'recording', 'ptz', 'sound'].includes(kind ?? '')) return { camera: id, zone };
  if (kind === 'viewer' || kind === 'broadcast')
    return { camera: typeof data.camera === 'string' ? data.camera : '', zone };
  if (kind === 'alarm' && Array.isArray(data.cameras) && data.cameras.length === 1)
    return { camera: String(data.cameras[0]), zone };
  return undefined;
}

/** In which zone a camera is now; undefined where it is not here. */
export type ZoneNow = (camera: string) => string | undefined;

/** Where cameras are, by the cells that live. */
export const zonesBy =
  ({ cells }: Pick<HttpServices, 'cells'>): ZoneNow =>
  (camera) => {
    const view = isId(camera) ? cells.view({ kind: 'camera', id: camera }) : undefined;
    return view && zoneOf(view);
  };

/** Whether an incident is about a camera that somebody may watch; the zone it was declared for need not be theirs. */
function concerns(caller: Caller, { data }: Envelope, zoneNow: ZoneNow): boolean {
  const cameras = Array.isArray(data.cameras) ? data.cameras : [];
  const zone = typeof data.zone === 'string' ? data.zone : '';
  return cameras.some(
    (camera) => access(caller, { camera: String(camera), zone: zoneNow(String(camera)) ?? zone }, 'watch').allowed,
  );
}

/** Whether somebody may know of an event where it was, by its row in message-roles.ts. */
function maySee(caller: Caller, envelope: Envelope, zoneNow: ZoneNow = () => undefined): boolean {
  const sight = sightOfFact(envelope.type.replace(/^signalbox\./, ''));
  switch (sight) {
    case undefined:
      return false;
    case 'operator':
      return isAtLeast(caller.role, 'operator');
    case 'concerned':
      return concerns(caller, envelope, zoneNow);
    case 'alarm': {
      const { about, cameras } = envelope.data as Partial<Trouble>;
      // Whom it concerns can't be told of one that is damaged.
      if (!about || !Array.isArray(cameras)) return false;
      const trouble = envelope.data as Trouble;
      return mayAlarm(caller, trouble, 'hear', about.kind === 'incident' ? zoneNow : undefined);
    }
    default: {
      if (sight === 'own' && envelope.data.subject === caller.sub) return true;
      const place = placeIn(envelope);
      return place !== undefined && access(caller, place, sight === 'watch' ? 'watch' : 'operate').allowed;
    }
  }
}

/**
 * Whether somebody may hear of an event: as things were, and of a camera that has been moved to another zone since, only
 * where they may see both.
 * @param zoneNow where cameras are now
 */
export function mayHear(caller: Caller, envelope: Envelope, zoneNow: ZoneNow): boolean {
  if (!maySee(caller, envelope, zoneNow)) return false;
  const place = placeIn(envelope);
  const zone = place && zoneNow(place.camera);
  if (!place || zone === undefined || zone === place.zone) return true;
  return maySee(caller, { ...envelope, data: { ...envelope.data, zone } });
}

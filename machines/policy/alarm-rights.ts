import type { Trouble } from '../../bus/events/alarm.ts';
import { type Action, access, isAtLeast, type Rights } from './access.ts';

/** What somebody wants with an alarm: know of it, or say that they take care of it. */
export type AlarmAction = 'hear' | 'acknowledge';

/**
 * Whether somebody may. Who may watch a camera knows that something is wrong with it, and whoever operates all that it is
 * about acknowledges it. Pushes and recordings are for who operates their camera, relays and gateways for operators.
 * @param zoneNow in which zone a camera is now; undefined where that is not known, or is the alarm's own
 */
export function mayAlarm(
  rights: Rights,
  { about, cameras, zone }: Pick<Trouble, 'about' | 'cameras' | 'zone'>,
  wanted: AlarmAction,
  zoneNow: (camera: string) => string | undefined = () => undefined,
): boolean {
  if (cameras.length === 0) return isAtLeast(rights.role, 'operator');
  const may = (action: Action) => (camera: string) =>
    access(rights, { camera, zone: zoneNow(camera) ?? zone }, action).allowed;
  if (wanted === 'acknowledge') return cameras.every(may('operate'));
  return cameras.some(may(about.kind === 'camera' || about.kind === 'incident' ? 'watch' : 'operate'));
}

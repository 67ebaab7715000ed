import type { Grant, Subject } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';

/**
 * What somebody wants to do with a camera: see its state and picture, see what was recorded of it, act upon its
 * sessions, move it, or change it.
 */
export const ACTIONS = ['watch', 'review', 'operate', 'move', 'administer'] as const;
export type Action = (typeof ACTIONS)[number];

/** The camera that it is about. */
export interface Place {
  camera: string;
  zone: string;
}

/** Whether something is allowed, and the sentence that says why or why not. */
export interface Verdict {
  allowed: boolean;
  why: Why;
}

/** The rights that a verified token carries. */
export type Rights = Pick<Subject, 'role' | 'cameras' | 'zones' | 'history'> & {
  /** Cameras that a running incident opens: for watching, and for looking back only where it says how far. */
  granted?: readonly Grant[];
};

const RANK: Record<Subject['role'], number> = { viewer: 0, operator: 1, admin: 2 };
const LEAST: Record<Action, Subject['role']> = {
  watch: 'viewer',
  review: 'viewer',
  operate: 'operator',
  move: 'operator',
  administer: 'admin',
};

/** Whether a role is at least another one: an admin is an operator, an operator is a viewer. */
export const isAtLeast = (role: Subject['role'], least: Subject['role']): boolean => RANK[role] >= RANK[least];

/**
 * Whether a zone lies within a pattern.
 *
 * `hcm/airport` is that zone alone. `hcm/*` is everything below `hcm`, at any depth, but not `hcm` itself. `*` is every
 * zone. A star stands only as the last segment; any other pattern is a name, and matches nothing else.
 */
export function inZone(zone: string, pattern: string): boolean {
  if (pattern === '*') return zone !== '';
  if (!pattern.endsWith('/*')) return zone !== '' && zone === pattern;
  const stem = pattern.slice(0, -1);
  return stem.length > 1 && zone.length > stem.length && zone.startsWith(stem);
}

/** The first of a person's rights that covers a camera, in words; undefined when none does. */
function coveredBy(rights: Rights, place: Place): string | undefined {
  if (rights.role === 'admin') return 'an administrator may see everything';
  if (rights.cameras.includes(place.camera)) return `the token names ${place.camera}`;
  const zone = rights.zones.find((pattern) => inZone(place.zone, pattern));
  return zone === undefined ? undefined : `zone ${place.zone} lies within ${zone}`;
}

/**
 * Decides whether somebody may do something with a camera: the role must suffice for the action, and the camera must
 * be named by the token or lie in one of its zones. Administrators act everywhere; operators only where they are named.
 */
export function access(rights: Rights, place: Place, action: Action): Verdict {
  const guard = { action, role: rights.role, camera: place.camera, zone: place.zone };
  const verdict = (allowed: boolean, reason: string, text: string): Verdict => ({
    allowed,
    why: { trigger: 'access', reason, text, guard },
  });
  if (!isAtLeast(rights.role, LEAST[action])) {
    return verdict(false, 'role', `to ${action} needs the role ${LEAST[action]}, and the token says ${rights.role}`);
  }
  const because = coveredBy(rights, place);
  if (because) return verdict(true, 'allowed', because);
  const grants = rights.granted?.filter(({ camera }) => camera === place.camera) ?? [];
  if (grants.length > 0) {
    if (action === 'watch') return verdict(true, 'granted', `a running incident opens ${place.camera}`);
    if (action === 'review') {
      if (grants.some(({ history }) => history)) {
        return verdict(
          true,
          'granted',
          `a running incident opens ${place.camera}, and some of what was recorded of it`,
        );
      }
      const text = `a running incident opens ${place.camera} as it is now, not what was recorded of it`;
      return verdict(false, 'granted-live', text);
    }
  }
  return verdict(false, 'not-yours', `the token names neither ${place.camera} nor a zone that holds ${place.zone}`);
}

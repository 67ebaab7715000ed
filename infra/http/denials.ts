import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import type { Subject } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';
import { newId } from '../../bus/identity.ts';
import { type Action, access, type Rights } from '../../machines/policy/access.ts';
import type { Requested } from '../../machines/policy/admission.ts';
import type { Refusal } from './errors.ts';
import type { HttpServices } from './services.ts';
import { limiter } from './socket.ts';
import { zoneOf } from './views.ts';

/** Who asks for which camera, and how. */
export interface Asking {
  claims: LoginClaims & Pick<Rights, 'granted'>;
  camera: CellView;
  protocol: Requested['protocol'];
  address: string;
}

/** Tells who was not let in. */
export interface Denials {
  /** A request was denied: it is counted, and told as `viewer.denied` unless it was just now. */
  note(asked: Requested, why: Why): void;
  /** The same where the door itself turns somebody away, for want of the right. */
  atDoor(asking: Asking, action: Action): void;
}

/** Of one person, one camera and one reason so often at most; whoever is turned away asks again. */
const AGAIN_MS = 10_000;
/** Of all together: a crowd must not fill the journal. What is not told is counted all the same. */
const PER_SECOND = 10;
const AT_ONCE = 100;

/** What a cell is told of a token's bearer; the token itself stays outside. */
const subjectOf = (claims: Asking['claims']): Subject => ({
  sub: claims.sub,
  ...(claims.name === undefined ? {} : { name: claims.name }),
  role: claims.role,
  cameras: claims.cameras,
  zones: claims.zones,
  ...(claims.history === undefined ? {} : { history: claims.history }),
  ...(claims.granted?.length ? { granted: [...claims.granted] } : {}),
  ...(claims.jti === undefined ? {} : { jti: claims.jti }),
  iat: claims.iat,
});

/** What a session is asked for, before it is known where it would be carried. */
export const requestOf = (
  { claims, camera, protocol, address }: Asking,
  { auth, limits }: HttpServices['config'],
  held = 0,
): Requested => ({
  type: 'viewer.requested',
  ...{ camera: camera.id, zone: zoneOf(camera), subject: subjectOf(claims), protocol, quality: '', address },
  // On the clock of the alarms: when the machine's is set by an hour, nobody's time runs out with it.
  expires_at: systemClock.now() + auth.streamTokenTtlMs,
  ...{ held, quota: limits.sessionsPerSubject, relay: '', standby: '' },
});

/** Why somebody was refused, as the refusal tells it. */
export const whyOf = ({ reason, message, more }: Refusal): Why => ({
  ...((more.why as Why | undefined) ?? { trigger: 'placement', text: message }),
  reason,
});

/** Tells of requests that were denied, each as a session that nobody was let into, and not of each in a flood of them. */
export function keepDenials(
  { cells, config, metrics, log }: Pick<HttpServices, 'cells' | 'config' | 'metrics' | 'log'>,
  nowMs: () => number = () => performance.now(),
): Denials {
  const toldAt = new Map<string, number>();
  const mayTell = limiter(PER_SECOND, AT_ONCE, nowMs);
  const isDue = (key: string): boolean => {
    const now = nowMs();
    for (const [old, at] of toldAt) {
      if (now - at < AGAIN_MS) break;
      toldAt.delete(old);
    }
    if (toldAt.has(key) || !mayTell()) return false;
    toldAt.set(key, now);
    return true;
  };
  const note: Denials['note'] = (asked, why) => {
    const { camera, subject } = asked;
    const isRight = why.trigger === 'access';
    metrics.admissions.inc({ result: isRight ? 'denied' : (why.reason ?? 'denied') });
    if (!isDue(`${camera} ${why.reason} ${subject.sub}`)) return;
    cells.create({ kind: 'viewer', id: newId('ses') }, { ...asked, refused: why }).catch((err: unknown) => {
      log.warn({ err, camera, sub: subject.sub, why }, 'that somebody was not let in could not be written down');
    });
  };
  return {
    note,
    atDoor(asking, action) {
      const { claims, camera } = asking;
      const { allowed, why } = access(claims, { camera: camera.id, zone: zoneOf(camera) }, action);
      if (!allowed) note(requestOf(asking, config), why);
    },
  };
}

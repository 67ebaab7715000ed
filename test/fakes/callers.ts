import type { LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import type { FakeGateway } from './http.ts';

/** Callers of every role, with cam_001 in hcm/center in or out of their rights. */
export const CALLERS = {
  'nobody at all': undefined,
  'a viewer of the camera': { sub: 'vera', role: 'viewer', cameras: ['cam_001'] },
  'a viewer of the zone': { sub: 'vito', role: 'viewer', zones: ['hcm/*'] },
  'a viewer elsewhere': { sub: 'vic', role: 'viewer', zones: ['hanoi/*'] },
  'an operator of the zone': { sub: 'olga', role: 'operator', zones: ['hcm/*'] },
  'an operator elsewhere': { sub: 'otto', role: 'operator', zones: ['hanoi/*'] },
  'an administrator': { sub: 'anna', role: 'admin' },
} as const;
export type Caller = (typeof CALLERS)[keyof typeof CALLERS];

export const RANK = { viewer: 0, operator: 1, admin: 2 };

/** Whether the camera is within somebody's rights, whatever their role lets them do with it. */
export const covers = (caller: NonNullable<Caller>): boolean =>
  caller.role === 'admin' || 'cameras' in caller || caller.zones.some((zone) => zone === 'hcm/*');

/** How a caller shows who it is. */
export const TRANSPORTS = ['bearer', 'cookie', 'service token'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** The token that a caller has: a person's, or that of a program with the same rights. */
export function tokenFor(gateway: FakeGateway, caller: NonNullable<Caller>, ofProgram: boolean): string {
  const { sub, role, cameras = [], zones = [] } = caller as Required<LoginGrant>;
  if (!ofProgram) return gateway.token({ sub, role, cameras, zones });
  const made = { name: sub, role, cameras, zones, by: 'test', expires_at: Date.now() + 60_000 };
  return gateway.services.serviceTokens.make(made).token;
}

/** The headers by which a caller shows who it is. */
export function shown(gateway: FakeGateway, caller: Caller, transport: Transport): Record<string, string> {
  if (!caller) return {};
  const token = tokenFor(gateway, caller, transport === 'service token');
  if (transport !== 'cookie') return { authorization: `Bearer ${token}` };
  // A browser says where its page is from.
  return { cookie: `signalbox-8080=${token}`, host: 'localhost:8080', origin: 'http://localhost:8080' };
}

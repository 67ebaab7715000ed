import type { HistoryWish } from '../../bus/events/history.ts';
import type { Subject } from '../../bus/events/viewer.ts';

/** Whom a rule is for, and what it grants. */
export interface ClaimRule {
  /** The claim that is looked at, such as `groups` or `email`; absent: everybody whom the provider vouches for. */
  claim?: string | undefined;
  /** What it must be, or, where it is a list, contain. */
  value?: string | undefined;
  role: Subject['role'];
  cameras: string[];
  zones: string[];
  /** How far back; the grant is made at each sign-in. */
  history?: HistoryWish;
}

/** Whether a claim says a value: as itself, or as one of a list. */
function says(claim: unknown, value: string): boolean {
  return Array.isArray(claim) ? claim.includes(value) : claim === value;
}

/**
 * What a provider's claims about somebody grant: the first rule that fits, whole. Rules are never added up, because a
 * role from one would reach the places of another.
 * @returns undefined when none fits: then nobody is let in
 */
export function grantByClaims(
  claims: Readonly<Record<string, unknown>>,
  rules: readonly ClaimRule[],
): Pick<ClaimRule, 'role' | 'cameras' | 'zones' | 'history'> | undefined {
  const rule = rules.find(
    ({ claim, value }) => claim === undefined || (Object.hasOwn(claims, claim) && says(claims[claim], value ?? '')),
  );
  if (!rule) return undefined;
  const { role, cameras, zones, history } = rule;
  return { role, cameras: [...cameras], zones: [...zones], ...(history ? { history } : {}) };
}

import type { Grants } from '../../bus/events/incident.ts';

/** A running incident as the rights see it. */
export interface Opening {
  cameras: readonly string[];
  grants: Grants;
}

/** Whether an incident lets somebody in: by name, or by role. */
const letsIn = ({ grants }: Opening, { sub, role }: { sub: string; role: string }): boolean =>
  grants.subjects.includes(sub) || (grants.roles as string[]).includes(role);

/**
 * The cameras that running incidents open to somebody, beyond their own rights.
 * @param incidents those that run now
 */
export function grantedCameras(incidents: readonly Opening[], who: { sub: string; role: string }): string[] {
  return [...new Set(incidents.filter((one) => letsIn(one, who)).flatMap(({ cameras }) => cameras))];
}

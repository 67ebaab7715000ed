import type { Grants } from '../../bus/events/incident.ts';
import type { Grant } from '../../bus/events/viewer.ts';

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
export function grantsTo(incidents: readonly Opening[], who: { sub: string; role: string }): Grant[] {
  const grants = incidents
    .filter((one) => letsIn(one, who))
    .flatMap(({ cameras, grants: { history } }) =>
      cameras.map((camera): Grant => ({ camera, ...(history ? { history } : {}) })),
    );
  // Several incidents may open a camera in the same way.
  return [...new Map(grants.map((grant) => [JSON.stringify(grant), grant])).values()];
}

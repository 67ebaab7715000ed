/** Whether a launcher may begin beside those that run on the same stores, and why not. */
export interface Joining {
  allowed: boolean;
  why: { reason: 'alone' | 'name-taken' | 'not-shared'; text: string };
}

/** What the decision is made from. */
export interface JoiningHost {
  /** The name of this host. */
  name: string;
  /** Another launcher that lives acts under the same name. */
  taken: boolean;
  /** Names of the other hosts that live. */
  others: readonly string[];
}

/**
 * One launcher to a name, and one name to a NATS: what gateways share besides NATS and Redis (people, signing keys,
 * added cameras, revocations) lies in the data folder of one machine, and orders to switchers go over its sockets. Two
 * hosts would each believe half of it, and both pull every camera.
 */
export function mayJoin({ name, taken, others }: JoiningHost): Joining {
  if (taken) {
    const text = `another launcher runs as host "${name}" on the same NATS: stop it, or give each its own name with the setting "host"`;
    return { allowed: false, why: { reason: 'name-taken', text } };
  }
  if (others.length > 0) {
    const text = `host ${others.map((one) => `"${one}"`).join(', ')} runs on the same NATS, and the gateways of an installation run on one machine: stop it first, or give this host a NATS of its own (another server, or another account)`;
    return { allowed: false, why: { reason: 'not-shared', text } };
  }
  return { allowed: true, why: { reason: 'alone', text: `no other host runs beside "${name}"` } };
}

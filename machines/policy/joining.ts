/** Whether a launcher may begin beside those that run on the same stores, and why not. */
export interface Joining {
  allowed: boolean;
  why: { reason: 'alone' | 'among-others' | 'name-taken' | 'not-shared'; text: string };
}

/** A host, and whether it is one of several that share what is not in the stores. */
export interface AnnouncedHost {
  name: string;
  shares: boolean;
}

/** What the decision is made from. */
export interface JoiningHost extends AnnouncedHost {
  /** Another launcher that lives acts under the same name. */
  taken: boolean;
  /** The other hosts that live. */
  others: readonly AnnouncedHost[];
}

const refused = (reason: Joining['why']['reason'], text: string): Joining => ({
  allowed: false,
  why: { reason, text },
});

/**
 * One launcher to a name; and several names to a NATS only where all of them share what gateways keep beside it
 * (people, signing keys, added cameras, revocations) and obey each other's gateways. Two hosts that do not would each
 * believe half of it, and both pull every camera.
 */
export function mayJoin({ name, shares, taken, others }: JoiningHost): Joining {
  if (taken || others.some((other) => other.name === name)) {
    const text = `another launcher runs as host "${name}" on the same NATS: stop it, or give each its own name with the setting "host"`;
    return refused('name-taken', text);
  }
  const alone = others.filter((other) => !(shares && other.shares));
  if (alone.length > 0) {
    const names = alone.map((other) => `"${other.name}"`).join(', ');
    const text = `host ${names} runs on the same NATS, and the two do not share people and keys: stop it first, or list both under "cluster" in the configuration of both, or give this host a NATS of its own (another server, or another account)`;
    return refused('not-shared', text);
  }
  if (others.length === 0)
    return { allowed: true, why: { reason: 'alone', text: `no other host runs beside "${name}"` } };
  const text = `${others.map((other) => other.name).join(', ')} run beside "${name}", and all of them share`;
  return { allowed: true, why: { reason: 'among-others', text } };
}

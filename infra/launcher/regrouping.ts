import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/model.ts';
import { watchConfig } from '../config/watch.ts';
import { type Group, runsHere } from '../group.ts';
import type { AnnouncedPlace } from './host.ts';
import type { Plan } from './plan.ts';
import type { RunningGroup } from './run-group.ts';

/** What of a group concerns this machine: its own processes, and where they listen. */
function ownPart(group: Group): object {
  const { cluster, relays } = group;
  const { hosts, ...own } = cluster ?? { hosts: {} as Record<string, object>, host: '' };
  return {
    ...group,
    cluster: { ...own, door: hosts[own.host] },
    relays: relays.filter((place) => runsHere(group, place)),
  };
}

/**
 * Whether hosts or their relays have come or gone, and nothing else: then the gateways alone have to know it, and every
 * other process of this machine goes on.
 */
export const othersChanged = (before: Group, after: Group): boolean =>
  !isDeepStrictEqual(before, after) && isDeepStrictEqual(ownPart(before), ownPart(after));

/** What following the file needs of the house. */
export interface RegroupingHouse {
  /** As it was at the start. */
  config: Config;
  plan: Plan;
  /** Plans anew, by a file that has changed. */
  planAgain(config: Config): Promise<Plan>;
  place: Pick<AnnouncedPlace, 'inTurn'>;
  running: Pick<RunningGroup, 'regroup'>;
  env: NodeJS.ProcessEnv;
  say(line: string): void;
}

/**
 * Follows the configuration file for hosts that come or go: gateways are started again with the new list, one host after
 * the other, while relays, switchers and pictures go on. All else that the file says is the gateways' to take, or takes
 * effect at the next start.
 */
export function followHosts(house: RegroupingHouse): { close(): void } {
  const { config, place, running, env, say } = house;
  let known = house.plan.group;
  let last = Promise.resolve();
  const regroup = async (changed: Config): Promise<void> => {
    const plan = await house.planAgain(changed);
    if (!othersChanged(known, plan.group)) return;
    known = plan.group;
    const hosts = Object.keys(plan.group.cluster?.hosts ?? {}).join(', ');
    say(`the hosts are ${hosts} now; gateways are started again in turn`);
    await place.inTurn(() => running.regroup(plan.gateways));
  };
  return watchConfig(
    config,
    env,
    ({ config: changed }) => {
      last = last
        .then(() => regroup(changed))
        .catch((error: Error) => say(`signalbox: the list of hosts could not be taken over: ${error.message}`));
    },
    () => {}, // the gateway says what is wrong with the file
  );
}

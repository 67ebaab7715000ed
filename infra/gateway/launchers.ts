import { readFileSync } from 'node:fs';
import type { SwitcherHost } from '../../adapters/switch.rtp/pool.ts';
import { switchersIn } from '../../adapters/switch.rtp/pool.ts';
import { throughDoor } from '../../bus/carriers/door.ts';
import type { Group } from '../group.ts';
import { type LauncherLink, openLauncherLink } from './launcher-link.ts';

/** The launchers of all hosts, as one gateway reaches them: its own over a socket, the others through their doors. */
export interface Launchers {
  own: LauncherLink;
  /** The one that runs the processes of a host; our own where there is but one. */
  of(host: string | undefined): LauncherLink;
  /** Ends the encoders of every host that nobody here hears of. @param spared those that somebody else does */
  sweepEncoders(spared: (name: string) => boolean): Promise<void>;
  /** The switchers of every host. */
  switchers: readonly SwitcherHost[];
  close(): void;
}

const ONLY_HOST = '';

/** The name under which the switchers of a host are known. */
export const switcherHost = (host: string | undefined): string => host ?? ONLY_HOST;

/**
 * Connects to every launcher.
 * @param epoch the fencing token under which this gateway acts
 */
export function openLaunchers({ links, cluster, node }: Group, epoch: () => number): Launchers {
  const own = openLauncherLink(links.launcher, node, epoch);
  const here = { name: switcherHost(cluster?.host), ...switchersIn(links.switchers) };
  const switchers: SwitcherHost[] = [{ ...here, ensureSwitchers: own.ensureSwitchers }];
  const others = new Map<string, LauncherLink>();
  const secret = cluster ? readFileSync(cluster.keyFile, 'utf8').trim() : '';
  for (const [name, place] of Object.entries(cluster?.hosts ?? {})) {
    if (name === cluster?.host) continue;
    const link = openLauncherLink(throughDoor(place, 'launcher.sock', secret), node, epoch);
    others.set(name, link);
    switchers.push({
      name,
      far: true,
      known: link.switchers,
      link: (switcher) => throughDoor(place, `${switcher}.sock`, secret),
      ensureSwitchers: link.ensureSwitchers,
    });
  }
  return {
    own,
    of: (host) => others.get(host ?? ONLY_HOST) ?? own,
    async sweepEncoders(spared) {
      // A machine that is gone has none.
      for (const link of others.values()) link.sweepEncoders(spared).catch(() => {});
      await own.sweepEncoders(spared);
    },
    switchers,
    close() {
      own.close();
      for (const link of others.values()) link.close();
    },
  };
}

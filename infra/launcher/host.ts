import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openPathSigner } from '../../adapters/hls-paths.hmac.ts';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { openSeal } from '../../adapters/seal.aes.ts';
import { openSharedFiles } from '../../adapters/shared.files.ts';
import { serveDoor } from '../../bus/carriers/door.ts';
import { natsBucket } from '../../bus/carriers/nats/bucket.ts';
import { connectNats, type NatsLink } from '../../bus/carriers/nats/connection.ts';
import { natsLeases } from '../../bus/carriers/nats/leases.ts';
import { natsIdentity } from '../gateway/carriers.ts';
import type { Group } from '../group.ts';
import { claimHost } from './host-claim.ts';
import { shareFiles } from './sharing.ts';
import { inTurn } from './turn.ts';

type Place = Pick<Group, 'node' | 'nats' | 'cluster' | 'state' | 'links'>;

/** This host among the others on the same NATS. */
export interface AnnouncedPlace {
  /** Does something that only one host may do at a time, when it is this one's turn. */
  inTurn(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const every = (ms: number, run: () => void): (() => void) => {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
};

/**
 * Announces this host at a NATS that others may use too, and stays announced. Where there are several hosts, what they
 * share is the same here once this resolves, and their gateways are let in.
 * @param say progress for a person
 * @param onLost another launcher acts under this name now
 * @param onWait NATS does not answer, and is tried again
 * @throws HostRefused, BrokenSeal; JournalAway when NATS does not answer
 */
export async function announceHost(
  group: Place,
  say: (line: string) => void,
  onLost: () => void,
  onWait: () => void,
): Promise<AnnouncedPlace> {
  const { node } = group;
  const link = await connectNats({ ...natsIdentity(group.nats), name: `${node}-launcher`, onWait });
  const open: { close(): unknown }[] = [link];
  const close = async () => {
    for (const one of open.toReversed()) await one.close();
  };
  try {
    const host = { name: node, shares: group.cluster !== undefined };
    const run = `${node}-${randomBytes(6).toString('hex')}`;
    const house = {
      ...{ nowMs: () => performance.now(), wait: (ms: number) => wait(ms), every, onLost },
      onFault: (error: unknown) => say(`signalbox: host ${node} could not be announced: ${(error as Error).message}`),
    };
    const leases = natsLeases(link);
    open.push(await claimHost(leases, host, run, house));
    if (group.cluster) open.push(await share(group, link, group.cluster.keyFile, say));
    if (group.cluster) open.push(await openDoor(group, group.cluster));
    return { inTurn: (work) => inTurn(leases, run, house, work), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function share({ state }: Place, link: NatsLink, keyFile: string, say: (line: string) => void) {
  const sharing = await shareFiles({
    bucket: natsBucket(link),
    seal: openSeal(keyFile),
    files: openSharedFiles(state),
    baseFile: path.join(state, 'shared.json'),
    every,
    remark: (text) => say(`signalbox: ${text}`),
  });
  await sharing.agree();
  // The first host makes the keys of all; of two that are first, one takes those of the other, before a gateway has them.
  openSigningKeys(path.join(state, 'keys'));
  openPathSigner(path.join(state, 'keys', 'hls.key'));
  await sharing.agree();
  return sharing;
}

function openDoor({ links }: Place, { host, hosts, keyFile }: NonNullable<Place['cluster']>) {
  const place = hosts[host];
  if (!place) throw new Error(`host ${host} is not among the hosts of the cluster`);
  return serveDoor(place, links.switchers, readFileSync(keyFile, 'utf8').trim());
}

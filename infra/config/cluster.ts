import ipaddr from 'ipaddr.js';
import type { Findings } from './complete.ts';
import type { Settings } from './declaration.ts';
import type { ClusterHost, Config } from './model.ts';
import { networkOf, PRIVATE } from './remote-relays.ts';

const DEFAULT_PORT = 9989;

/** Takes ADDRESS or ADDRESS:PORT apart. */
function placeOf(text: string): { address: string; port: number } {
  const [, address = '', port] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
  return { address: address.replace(/^\[|\]$/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) };
}

/** Why several machines can't be one installation as the settings stand, each with the setting to change. */
function* shortcomings({ cluster, host, nats, redis, media }: Settings): Generator<[path: string[], message: string]> {
  const names = Object.keys(cluster?.hosts ?? {});
  if (host === undefined || !names.includes(host)) {
    const known = names.length > 0 ? names.join(', ') : 'none is listed yet';
    yield [['host'], `says which of cluster.hosts this machine is (${known}); SIGNALBOX_HOST sets it, too`];
  }
  if (nats === 'embedded') yield [['nats'], 'is shared by all hosts: name its servers, { servers: [nats://…] }'];
  if (redis === 'embedded') yield [['redis'], 'is shared by all hosts: name its address, redis://HOST:PORT'];
  if (media.listen !== undefined && media.listen !== '0.0.0.0' && media.listen !== '::') {
    yield [
      ['media', 'listen'],
      'is 0.0.0.0 or left out with a cluster: then relays listen on the address of their host',
    ];
  }
}

/**
 * The machines of this installation; undefined for one machine. Relay tokens and camera pictures go between hosts over
 * HTTP and RTSP in the clear, so that their addresses belong to a private network.
 */
export function resolveCluster(
  settings: Settings,
  beside: (name: string) => string,
  { faults, warnings }: Findings,
): Config['cluster'] {
  const { cluster } = settings;
  if (!cluster) {
    const index = settings.relays.findIndex((relay) => relay.host !== undefined);
    const message = 'goes with "cluster", which lists the hosts';
    if (index >= 0) faults.push({ path: ['relays', index, 'host'], part: 'value', message });
    return undefined;
  }
  for (const [path, message] of shortcomings(settings)) faults.push({ path, part: 'value', message });
  const hosts = Object.entries(cluster.hosts).map(([name, said]): [string, ClusterHost] => {
    const { address, public_host: publicHost } = typeof said === 'string' ? { address: said } : said;
    const place = placeOf(address);
    const path = ['cluster', 'hosts', name];
    const network = networkOf(place.address);
    if (!ipaddr.isValid(place.address)) faults.push({ path, part: 'value', message: 'expected an IP address' });
    else if (PRIVATE.has(network)) {
      const message = `relays of ${name} are reached over ${place.address} without encryption: whoever can listen on that network sees tokens and pictures`;
      warnings.push({ path, part: 'value', message });
    } else if (network !== 'loopback') {
      const message = `expected an IP address of a private network: ${place.address} is none, and hosts speak with each other's relays without encryption`;
      faults.push({ path, part: 'value', message });
    }
    return [name, { ...place, publicHost: publicHost ?? place.address }];
  });
  return { keyFile: beside(cluster.key_file), hosts: Object.fromEntries(hosts) };
}

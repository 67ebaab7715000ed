import ipaddr from 'ipaddr.js';
import type { Config } from '../config/model.ts';

/**
 * The region of a client by its network: the narrowest network of `regions.networks` that holds its address, otherwise
 * the default.
 * @param address as the connection, or a trusted proxy, tells it; IPv4 inside IPv6 counts as IPv4
 */
export function regionOf(address: string, { networks, default: fallback }: Config['regions']): string {
  if (!ipaddr.isValid(address)) return fallback;
  const client = ipaddr.process(address);
  let found = { region: fallback, bits: -1 };
  for (const [network, region] of Object.entries(networks)) {
    const [base, bits] = ipaddr.parseCIDR(network);
    if (base.kind() === client.kind() && bits > found.bits && client.match(base, bits)) found = { region, bits };
  }
  return found.region;
}

import ipaddr from 'ipaddr.js';
import type { FindPlace, Place } from '../../adapters/places.maxmind.ts';
import type { Config } from '../config/model.ts';

/** The names under which `regions.places` may have a place, the narrowest first. */
const namesOf = ({ country, subdivisions, city, asn }: Place): string[] => [
  ...(asn === undefined ? [] : [`AS${asn}`]),
  ...(country && city ? [`${country}/${city}`] : []),
  ...subdivisions.map((part) => `${country}-${part}`).reverse(),
  ...(country ? [country] : []),
];

/**
 * The region of a client: of the narrowest network of `regions.networks` that holds its address; otherwise of where the
 * databases have it, by the narrowest name in `regions.places`; otherwise the default.
 * @param address as the connection, or a trusted proxy, tells it; IPv4 inside IPv6 counts as IPv4
 */
export function regionOf(
  address: string,
  { networks, places, default: fallback }: Config['regions'],
  findPlace?: FindPlace,
): string {
  if (!ipaddr.isValid(address)) return fallback;
  const client = ipaddr.process(address);
  let found: { region?: string; bits: number } = { bits: -1 };
  for (const [network, region] of Object.entries(networks)) {
    const [base, bits] = ipaddr.parseCIDR(network);
    if (base.kind() === client.kind() && bits > found.bits && client.match(base, bits)) found = { region, bits };
  }
  if (found.region !== undefined || !findPlace) return found.region ?? fallback;
  const name = namesOf(findPlace(client.toString())).find((one) => Object.hasOwn(places, one));
  return (name !== undefined && places[name]) || fallback;
}

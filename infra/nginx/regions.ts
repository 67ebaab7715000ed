import ipaddr from 'ipaddr.js';
import type { Config } from '../config/model.ts';

/** One of several servers that do the same. */
export interface Server {
  /** HOST:PORT */
  address: string;
  /** One of twice the weight is given twice as many. */
  weight: number;
  /** Where it is, if that is known. */
  region?: string;
}

/** Which region a client is in, as far as an nginx can tell: by its network alone. */
export interface ClientRegions {
  networks: Config['regions']['networks'];
  /** Of clients outside of these networks; absent: not known. */
  elsewhere?: string;
}

/** What an nginx can know of the regions; who is outside of the networks and looked up in a database is nowhere to it. */
export function clientRegions({ networks, databases, default: elsewhere }: Config['regions']): ClientRegions {
  return databases.length > 0 ? { networks } : { networks, elsewhere };
}

const lineOf = (failTimeout: string, { address, weight }: Server, more = ''): string =>
  `    server ${address} weight=${weight} max_fails=1 fail_timeout=${failTimeout}${more};\n`;

/** The same word may stand in `http` and in `stream`, and means the same there. */
interface Choice {
  /** Of the upstream of all servers; those of regions have the region behind it. */
  name: string;
  servers: readonly Server[];
  regions: ClientRegions;
  /** For how long a server is left out that did not answer, as nginx writes it. */
  failTimeout: string;
  /** Further directives of each upstream. */
  each: string;
  /** Further directives of `geo`: whose word on the client's address counts. */
  believed?: string;
}

/**
 * Has clients served in their own region: an upstream of all servers by weight, one for each region, in which the
 * servers of others are there for the case that its own are all gone, and a `geo` that chooses by the client's network.
 * @returns the directives, and what stands for the chosen upstream; where all are in one region that is the one of all
 */
export function byRegion({ name, servers, regions, failTimeout, each, believed = '' }: Choice): {
  directives: string;
  chosen: string;
} {
  const upstream = (called: string, lines: string) =>
    `  upstream ${called} {\n    zone ${called} 64k;\n${each}${lines}  }\n`;
  const all = upstream(name, servers.map((server) => lineOf(failTimeout, server)).join(''));
  if (new Set(servers.map(({ region }) => region)).size < 2) return { directives: all, chosen: name };
  const present = [...new Set(servers.flatMap(({ region }) => region ?? []))];
  const ofRegions = present.map((region) => {
    const lines = [...servers]
      .sort((one, other) => Number(other.region === region) - Number(one.region === region))
      .map((server) => lineOf(failTimeout, server, server.region === region ? '' : ' backup'));
    return upstream(`${name}_${region}`, lines.join(''));
  });
  // A region without servers is written down as well: a wider network around it may have some.
  const target = (region?: string) => (region !== undefined && present.includes(region) ? `${name}_${region}` : name);
  const networks = Object.entries(regions.networks).map(([network, region]) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return `    ${base}/${bits} ${target(region)};\n`;
  });
  const geo = `  geo $${name} {\n${believed}    default ${target(regions.elsewhere)};\n${networks.join('')}  }\n`;
  return { directives: `${all}${ofRegions.join('')}${geo}`, chosen: `$${name}` };
}

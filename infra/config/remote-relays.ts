import ipaddr from 'ipaddr.js';
import type { Findings } from './complete.ts';
import type { Settings } from './declaration.ts';
import type { ConfiguredRelay, RelayEndpoint } from './model.ts';

type RelaySettings = Omit<Settings['relays'][number], 'ports'> & { ports?: object };

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443, 'rtsp:': 554, 'rtsps:': 322 };
const SAFE: Record<string, string> = { api: 'https', whep: 'https', rtsp: 'rtsps' };

/** Networks that are somebody's own: what goes there in the clear is not seen by everybody. */
export const PRIVATE = new Set(['private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);

/** What kind of network an address belongs to, in the words of ipaddr.js. */
export const networkOf = (host: string): string => {
  if (host === 'localhost') return 'loopback';
  return ipaddr.isValid(host) ? ipaddr.process(host).range() : 'unknown';
};

/**
 * The addresses of a relay that somebody else runs; undefined for one that runs here. Tokens go over these connections,
 * and camera passwords over an intake's, so that without TLS they may lead through a private network alone.
 */
export function remoteAddresses(relay: RelaySettings, index: number, findings: Findings): ConfiguredRelay['remote'] {
  const fault = (name: string, message: string) =>
    void findings.faults.push({ path: ['relays', index, name], part: 'value', message });
  const endpoint = (name: 'api' | 'rtsp' | 'whep', address: string): RelayEndpoint | undefined => {
    if (!URL.canParse(address))
      return fault(name, 'expected an address with a host, and a port where it is not the usual one');
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const tls = url.protocol === 'https:' || url.protocol === 'rtsps:';
    const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0);
    if (url.pathname.replace('/', '') || url.search)
      fault(name, 'expected the address of the server alone, without a path');
    const network = networkOf(host);
    if (!tls && network !== 'loopback') {
      if (PRIVATE.has(network)) {
        const message = `goes over ${host} without encryption: whoever can listen on that network sees tokens and pictures`;
        findings.warnings.push({ path: ['relays', index, name], part: 'value', message });
      } else fault(name, `expected ${SAFE[name]}://, or an IP address of a private network: ${host} is neither`);
    }
    return { host, port, tls };
  };
  if (relay.api === undefined) {
    for (const name of ['rtsp', 'whep'] as const) {
      if (relay[name] !== undefined)
        fault(name, 'goes with "api", for a relay that somebody else runs; one that runs here has "ports"');
    }
    return undefined;
  }
  if (relay.ports !== undefined) fault('ports', 'are for a relay that runs here; this one has addresses');
  for (const name of relay.role === 'delivery' ? (['rtsp', 'whep'] as const) : (['rtsp'] as const)) {
    if (relay[name] === undefined) fault(name, 'is missing: a relay that somebody else runs needs it beside "api"');
  }
  const api = endpoint('api', relay.api);
  const rtsp = relay.rtsp === undefined ? undefined : endpoint('rtsp', relay.rtsp);
  const whep = relay.whep === undefined ? undefined : endpoint('whep', relay.whep);
  return api && rtsp && { api, rtsp, ...(whep ? { whep } : {}) };
}

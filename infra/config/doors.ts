import ipaddr from 'ipaddr.js';
import type { Settings } from './declaration.ts';
import type { Config, Listener } from './model.ts';
import type { SettingPath } from './parse.ts';
import type { FaultAt } from './reading.ts';

/** Takes HOST:PORT apart. */
export function listener(text: string, at: SettingPath, fault: FaultAt): Listener {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(text.slice(colon + 1));
  if (port < 1 || port > 65535) fault(at, 'expected a port from 1 to 65535');
  if (!ipaddr.isValid(host) && host !== 'localhost') fault(at, 'expected an IP address or localhost before the port');
  return { host, port };
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
}

/** Where relays listen for viewers. */
export function mediaHost(settings: Settings, httpHost: string, fault: FaultAt): string {
  const host = settings.media.listen ?? httpHost;
  if (host !== 'localhost' && !ipaddr.isValid(host))
    fault(['media', 'listen'], 'expected an IP address, without a port');
  return host === 'localhost' ? '127.0.0.1' : host;
}

/** Doors that would stand open, and addresses that are none. */
export function checkDoors(settings: Settings, config: Config, fault: FaultAt): void {
  if (settings.auth === undefined) {
    const open: [SettingPath, string][] = [
      [['http', 'listen'], config.http.host],
      [['media', 'listen'], config.media.host],
      [['metrics', 'listen'], config.metrics?.host ?? 'localhost'],
    ];
    const wide = open.find(([, host]) => !isLoopback(host));
    if (wide) {
      fault(
        wide[0],
        `listening on ${wide[1]} lets other machines in, so say who may enter: add "auth: local" (tokens signed here) or auth: { issuer, jwks_url }`,
      );
    }
  }
  checkEncryption(settings, config, fault);
  for (const [index, proxy] of config.http.trustedProxies.entries()) {
    if (!ipaddr.isValid(proxy) && !ipaddr.isValidCIDR(proxy)) {
      fault(['http', 'trusted_proxies', index], 'expected an IP address or a network such as 10.0.0.0/8');
    }
  }
  for (const [index, address] of config.discovery.on.entries()) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(address)) {
      fault(['discovery', 'on', index], 'expected an IPv4 address of this machine, such as 10.0.0.2');
    }
  }
  for (const network of Object.keys(config.regions.networks)) {
    if (!ipaddr.isValidCIDR(network)) fault(['regions', 'networks', network], 'expected a network such as 14.0.0.0/8');
  }
}

/** What others could read on the way stands open only by an explicit word. */
function checkEncryption(settings: Settings, { http, media, natsWebSocket }: Config, fault: FaultAt): void {
  if (natsWebSocket && !isLoopback(natsWebSocket.host) && !http.tls && !settings.http.insecure) {
    fault(
      ['nats', 'websocket'],
      `NATS on ${natsWebSocket.host} without TLS shows passwords and events to everybody on the way: add http.tls: { cert, key }, or say "insecure: true" under http`,
    );
  }
  if (settings.auth === undefined || http.tls) return;
  const { insecure } = settings.http;
  const proxied = http.publicUrl?.startsWith('https:') && http.trustedProxies.length > 0;
  if (!isLoopback(http.host) && !proxied && !insecure) {
    fault(
      ['http', 'listen'],
      `listening on ${http.host} without TLS shows passwords and tokens to everybody on the way: add http.tls: { cert, key }, or name the proxy that ends TLS (public_url: https://…, trusted_proxies: […]), or say "insecure: true"`,
    );
  }
  if (!isLoopback(media.host) && !insecure && !settings.media.insecure) {
    fault(
      ['media', 'listen'],
      `RTSP on ${media.host} without TLS shows pictures and tokens to everybody on the way: add http.tls: { cert, key } for RTSPS, let media listen on 127.0.0.1, or say "insecure: true" under media`,
    );
  }
}

import ipaddr from 'ipaddr.js';
import type { Login } from '../../adapters/secrets.files.ts';
import { isPublished } from '../../bus/events/camera.ts';

/** A camera address taken apart: `url` has no user name and no password. */
export interface CameraAddress {
  url: string;
  username?: string;
  password?: string;
}

/** Thrown by {@link parseCameraAddress}. The message never repeats the address: it may hold a password. */
export class BadAddress extends Error {
  override name = 'BadAddress';
}

// Where clouds hand out their machines' own credentials, outside the link-local ranges.
const METADATA_HOSTS = new Set(['metadata', 'metadata.google.internal', 'instance-data', 'instance-data.ec2.internal']);
const METADATA_IPS = new Set(['100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2:0:0:0:0:0:254']);

const REFUSED_RANGES: Record<string, string> = {
  linkLocal: 'link-local addresses are refused: cloud machines keep their own credentials there',
  unspecified: 'the unspecified address is no camera',
  broadcast: 'the broadcast address is no camera',
  multicast: 'multicast addresses are refused: a camera is pulled from its own address',
};

// Any of these spells an IPv4 address inside an IPv6 one, around every rule about it.
const HIDING_RANGES = new Set(['ipv4Mapped', 'rfc6145', 'rfc6052', '6to4', 'teredo']);

/**
 * Takes a camera address apart and refuses what is no camera: other schemes, hostless or disguised hosts, link-local
 * and metadata addresses. Names are judged by their spelling only; where DNS leads is the network's own rule.
 * @throws BadAddress
 */
export function parseCameraAddress(text: string): CameraAddress {
  if (text.length > 2048) throw new BadAddress('the address is longer than 2048 characters');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029\\]/.test(text)) {
    throw new BadAddress('the address has a space, a backslash or a control character in it');
  }
  if (/^publish:/i.test(text)) {
    if (isPublished(text)) return { url: text };
    throw new BadAddress('write publish: for a camera that sends to us, or publish:takeover to let the newest one win');
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'rtsp' && scheme !== 'rtsps') {
    const said = scheme ? `"${scheme.slice(0, 20)}:" is no` : 'this is not a';
    throw new BadAddress(`${said} camera address: write rtsp://HOST/PATH, rtsps://HOST/PATH or publish:`);
  }
  if (!/^rtsps?:\/\/[^/]/i.test(text)) throw new BadAddress('the address has no host: write rtsp://HOST/PATH');
  if (text.includes('#')) throw new BadAddress('the address has a # in it: inside a password write it as %23');
  const url = parseUrl(text);
  if (/[?&/;](?:pass|passwd|password|pwd|token|secret)=[^&;/]/i.test(`${url.pathname}${url.search}`)) {
    throw new BadAddress(
      'the path carries a password, which would be logged: write it as rtsp://USER:PASSWORD@HOST/PATH',
    );
  }
  // Whoever writes a / in a password as it is sends the rest of the password into the path.
  if (`${url.pathname}${url.search}`.includes('@')) {
    throw new BadAddress('there is an @ behind the host: write / in a password as %2F, and @ in a path as %40');
  }
  const host = checkedHost(url.hostname);
  const address: CameraAddress = {
    url: `${scheme}://${host}${url.port ? `:${url.port}` : ''}${url.pathname}${url.search}`,
  };
  if (url.username || url.password) {
    address.username = decoded(url.username, 'user name');
    address.password = decoded(url.password, 'password');
  }
  return address;
}

/**
 * The same for the device service of a camera, which speaks ONVIF over HTTP. An address without a path gets the usual one.
 * @throws BadAddress
 */
export function parseDeviceAddress(text: string): CameraAddress {
  if (text.length > 2048) throw new BadAddress('the address is longer than 2048 characters');
  if (!/^https?:\/\/[^/]/i.test(text)) throw new BadAddress('write http://HOST/onvif/device_service, or https://…');
  if (/[\s\\#]/.test(text)) throw new BadAddress('the address has a space, a backslash or a # in it');
  const url = parseUrl(text);
  const host = checkedHost(url.hostname);
  const path = url.pathname === '/' ? '/onvif/device_service' : url.pathname;
  if (`${path}${url.search}`.includes('@')) {
    throw new BadAddress('there is an @ behind the host: write / in a password as %2F, and @ in a path as %40');
  }
  const address: CameraAddress = {
    url: `${url.protocol}//${host}${url.port ? `:${url.port}` : ''}${path}${url.search}`,
  };
  if (url.username || url.password) {
    address.username = decoded(url.username, 'user name');
    address.password = decoded(url.password, 'password');
  }
  return address;
}

/** The login of an address, when it has one. */
export function loginOf(address: CameraAddress): Login | undefined {
  if (address.username === undefined && address.password === undefined) return undefined;
  return { username: address.username ?? '', password: address.password ?? '' };
}

function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new BadAddress(
      'the host or port can not be read: write rtsp://HOST:PORT/PATH, and @ : / in a password as %40 %3A %2F',
    );
  }
  if (url.port === '0') throw new BadAddress('port 0 is no port');
  if (url.hostname === '') throw new BadAddress('the address has no host: write rtsp://HOST/PATH');
  return url;
}

function decoded(part: string, what: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw new BadAddress(`the ${what} has a % that is no escape: write it as %25`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the request line early
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new BadAddress(`the ${what} has a control character in it`);
  return text;
}

function checkedHost(written: string): string {
  if (written.startsWith('[')) return `[${checkedIp(written.slice(1, -1))}]`;
  const host = written.toLowerCase().replace(/\.$/, '');
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(host) || host.includes('..')) {
    throw new BadAddress('the host is no name and no IP address');
  }
  const last = host.split('.').at(-1) ?? '';
  if (/^([0-9]+|0x[0-9a-f]*)$/.test(last)) {
    // 2852039166, 0xa9.0xfe.0xa9.0xfe and 0251.0376.0251.0376 all mean 169.254.169.254 to some resolver.
    if (!ipaddr.IPv4.isValidFourPartDecimal(host) || host !== ipaddr.IPv4.parse(host).toString()) {
      throw new BadAddress('the host is an IPv4 address in disguise: write it as four decimal numbers');
    }
    return checkedIp(host);
  }
  if (METADATA_HOSTS.has(host)) throw new BadAddress('this host serves cloud credentials and is refused');
  return host;
}

function checkedIp(text: string): string {
  if (text.includes('%') || !ipaddr.isValid(text)) throw new BadAddress('the host is no valid IP address');
  const ip = ipaddr.parse(text);
  const range = ip.range();
  const refused = REFUSED_RANGES[range];
  if (refused) throw new BadAddress(refused);
  if (ip instanceof ipaddr.IPv4 && (ip.octets[0] as number) >= 240) throw new BadAddress('this address is no machine');
  if (METADATA_IPS.has(ip.toString()) || METADATA_IPS.has(ip.toNormalizedString())) {
    throw new BadAddress('this host serves cloud credentials and is refused');
  }
  if (ip instanceof ipaddr.IPv6) {
    const deprecated = ip.parts.slice(0, 6).every((part) => part === 0) && range !== 'loopback';
    if (deprecated || HIDING_RANGES.has(range)) {
      throw new BadAddress('the host hides an IPv4 address inside an IPv6 one: write the IPv4 address itself');
    }
  }
  return ip.toString();
}

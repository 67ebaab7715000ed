import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Destination } from '../../adapters/push.mediamtx/address.ts';
import type { Wish } from '../../adapters/push.mediamtx/encoded.ts';
import { RUNGS } from '../../machines/policy/ladder.ts';
import type { Group } from '../group.ts';
import type { Settings } from './declaration.ts';
import type { Config } from './model.ts';

/** The configuration with the demo's own nginx-rtmp behind every destination. */
export function withDemoDestination(config: Config, { demoDestination }: Group): Config {
  if (!demoDestination) return config;
  const { to, keyFile, stat, monitor } = demoDestination;
  const names = Object.keys(config.destinations);
  const place = (name: string) => ({
    ...(config.destinations[name] as Settings['destinations'][string]),
    to,
    key_file: keyFile,
    stat,
    monitor,
  });
  return { ...config, destinations: Object.fromEntries(names.map((name) => [name, place(name)])) };
}

/** What no grammar can tell of destinations: their secrets stand in files, and each belongs to one protocol. */
export function faultsOf({ to, passphrase_file, fingerprint }: Config['destinations'][string]): [string, string][] {
  const isSrt = to.startsWith('srt:');
  const faults: [string, string][] = [];
  if (isSrt && !/^srt:\/\/[^/?]+:\d+/.test(to)) faults.push(['to', 'an SRT address needs a port: srt://HOST:PORT']);
  if (/[?&](passphrase|streamid)=/i.test(to)) {
    faults.push(['to', 'secrets stand in files: key_file holds the stream id, passphrase_file the passphrase']);
  }
  if (passphrase_file && !isSrt) faults.push(['passphrase_file', 'only SRT has a passphrase: expected none']);
  if (fingerprint && !to.startsWith('rtmps:')) faults.push(['fingerprint', 'only RTMPS has one: expected none']);
  return faults;
}

/** A destination of the configuration; its secrets are read from their files whenever they are needed. */
export function destinationOf({ file, destinations }: Config, name: string): Destination | undefined {
  const found = Object.hasOwn(destinations, name) ? destinations[name] : undefined;
  if (!found) return undefined;
  const { to, key_file: keyFile, passphrase_file: passphraseFile, stat, fingerprint } = found;
  const wish = wishOf(found);
  const beside = (name: string) => () => readFileSync(path.resolve(path.dirname(file), name), 'utf8');
  return {
    to,
    ...(keyFile === undefined ? {} : { key: beside(keyFile) }),
    ...(passphraseFile === undefined ? {} : { passphrase: beside(passphraseFile) }),
    ...(fingerprint === undefined ? {} : { fingerprint: fingerprint.replaceAll(':', '').toLowerCase() }),
    ...(stat === undefined ? {} : { stat }),
    ...(wish ? { wish } : {}),
  };
}

/** What a picture of a size costs, unless the destination says otherwise. */
const USUAL_BPS = 4_000_000;

/** What FFmpeg has to make for a destination; undefined where it takes everything as it is. */
export function wishOf({
  audio,
  video,
  size,
  bitrate_kbps: kbps,
  overlay,
}: Config['destinations'][string]): Wish | undefined {
  if (audio === 'copy' && video === 'copy' && size === undefined && overlay === undefined) return undefined;
  const rung = RUNGS.find(({ name }) => name === size);
  return {
    ...{ audio, video, bitrateBps: kbps ? kbps * 1000 : (rung?.bitrate_bps ?? USUAL_BPS) },
    ...(rung ? { height: rung.height } : {}),
    ...(overlay === undefined ? {} : { overlay }),
  };
}

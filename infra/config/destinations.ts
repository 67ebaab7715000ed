import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Destination } from '../../adapters/push.mediamtx.ts';
import type { Group } from '../group.ts';
import type { Config } from './model.ts';

/** The configuration with the demo's own nginx-rtmp behind every destination. */
export function withDemoDestination(config: Config, { demoDestination }: Group): Config {
  if (!demoDestination) return config;
  const { to, keyFile, stat } = demoDestination;
  const names = Object.keys(config.destinations);
  return { ...config, destinations: Object.fromEntries(names.map((name) => [name, { to, key_file: keyFile, stat }])) };
}

/** A destination of the configuration; its key is read from its file whenever it is needed. */
export function destinationOf({ file, destinations }: Config, name: string): Destination | undefined {
  const found = Object.hasOwn(destinations, name) ? destinations[name] : undefined;
  if (!found) return undefined;
  const { to, key_file: keyFile, stat } = found;
  return {
    to,
    ...(keyFile === undefined ? {} : { key: () => readFileSync(path.resolve(path.dirname(file), keyFile), 'utf8') }),
    ...(stat === undefined ? {} : { stat }),
  };
}

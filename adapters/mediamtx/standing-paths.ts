import { isDeepStrictEqual } from 'node:util';
import type { Mediamtx, PathConfig } from '../mediamtx.ts';
import { RelayAway } from './exchange.ts';

/** A path as the relay had it when we last looked or wrote. */
export interface Standing {
  config: PathConfig;
  /** Undefined where the relay did not say. */
  delivering: boolean | undefined;
}

/** Looks at every path of a relay. @throws RelayAway */
export async function look(api: Mediamtx): Promise<Map<string, Standing>> {
  // One path that hangs holds up the whole list, but none of the others.
  const paths = api.paths().catch((error) => {
    if (error instanceof RelayAway) return undefined;
    throw error;
  });
  const [configs, live] = await Promise.all([api.pathConfigs(), paths]);
  const delivering = live && new Set(live.filter((path) => path.available).map((path) => path.name));
  return new Map(configs.map((config) => [config.name, { config, delivering: delivering?.has(config.name) }]));
}

/** Whether a path that was found can be left untouched if it delivers: one that pulls in vain may be asleep until its next retry. */
export const canStay = (config: PathConfig, asked: PathConfig): boolean =>
  // The relay's answer also holds every default.
  (Object.keys(asked) as (keyof PathConfig)[]).every((field) =>
    isDeepStrictEqual(essence(field, config), essence(field, asked)),
  );

/** What matters of a field: a path that reads with an older token reads all the same. */
function essence(field: keyof PathConfig, config: PathConfig): unknown {
  if (field === 'source') return config.source.replace(/\?token=.*$/, '');
  if (field === 'forward') return config.forward?.map(({ dest, destFingerprint = '' }) => [dest, destFingerprint]);
  return config[field];
}

/**
 * The configuration with another value in a field without effect: the relay makes a path anew only when something
 * changed. `sourceOnDemandCloseAfter` matters to sources on demand alone, and to those a second more or less does not.
 */
export function remade(config: PathConfig, standing: PathConfig | undefined): PathConfig {
  return { ...config, sourceOnDemandCloseAfter: standing?.sourceOnDemandCloseAfter === '10s' ? '11s' : '10s' };
}

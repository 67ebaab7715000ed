import { spawnSync } from 'node:child_process';

/** Older ones answer with an old copy, too, where a gateway says no, 403 included (fixed in 1.19.3). */
export const OLDEST_NGINX = '1.19.3';

/**
 * Of which version an nginx is that is older than our configuration needs.
 * @param nginx path of the program
 * @returns undefined where it is new enough, or does not tell
 */
export function outdatedVersion(nginx: string): string | undefined {
  const { stderr } = spawnSync(nginx, ['-v'], { encoding: 'utf8' });
  const version = /nginx\/(\d+\.\d+\.\d+)/.exec(stderr)?.[1];
  const isOlder = version?.localeCompare(OLDEST_NGINX, 'en', { numeric: true }) === -1;
  return isOlder ? version : undefined;
}

import { TAKEOVER } from '../bus/events/camera.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import type { PathConfig } from './mediamtx.ts';

/**
 * The path at which an intake takes a publisher. A second one is refused while the first is there, unless the address
 * says `publish:takeover`: then the newcomer wins.
 */
export const publishedPath = (url: string): PathConfig => ({
  source: 'publisher',
  overridePublisher: url === TAKEOVER,
});

/** The doors for publishers at the intakes. */
export interface PublishDoors {
  /** Has exactly these paths take publishers from now on. Those that stay the same are left untouched. */
  settle(wanted: ReadonlyMap<string, PathConfig>): void;
}

/**
 * Keeps the paths for publishers at every intake, for as long as the cameras are configured: a path that was made when
 * its publisher came would refuse that publisher.
 */
export function publishDoors(intakes: readonly RelayPaths[], refused: (detail: string) => void): PublishDoors {
  let open = new Map<string, string>();
  return {
    settle(wanted) {
      const before = open;
      open = new Map([...wanted].map(([name, config]) => [name, JSON.stringify(config)]));
      for (const intake of intakes) {
        for (const name of before.keys()) if (!open.has(name)) intake.drop(name);
        for (const [name, config] of wanted) {
          if (before.get(name) !== open.get(name)) intake.want(name, config, refused);
        }
      }
    },
  };
}

import { type PulledPaths, pullPaths } from '../../../adapters/mediamtx/pulled-paths.ts';
import type { RelayPaths } from '../../../adapters/mediamtx/relay-paths.ts';

/** The relay from which another one pulls. */
export interface Upstream {
  relay: string;
  /** Epoch ms. */
  since: number;
}

/** What keeping them needs. */
export interface PulledProgramsParts {
  /** The relays that pull programs. */
  pullers: readonly string[];
  paths(relay: string): RelayPaths;
  /** From where a relay shall pull, and since when; undefined: from nowhere, or another gateway cares for it. */
  upstreamOf(relay: string): Upstream | undefined;
  /** Where a relay reads a camera's program at another one, with a fresh token. */
  programAt(upstream: string, camera: string, puller: string): string;
  refused(puller: string, detail: string): void;
}

/** The programs that relays pull while somebody watches them there. */
export interface PulledPrograms {
  /** There are these cameras from now on. */
  setCameras(cameras: Iterable<string>): void;
  close(): void;
}

/** A change of where relays pull from is noticed within this time, whichever gateway it was told at. */
const LOOK_EVERY_MS = 100;

/**
 * Keeps a path for each camera at each relay that pulls, from where its cell says. Who pulls from nowhere keeps the paths
 * that it had: they are made anew once there is a relay again, be it the same one.
 */
export function keepPulledPrograms(parts: PulledProgramsParts): PulledPrograms {
  const { pullers, paths, upstreamOf, programAt, refused } = parts;
  let cameras: readonly string[] | undefined;
  const kept = new Map<string, { since: number; programs: PulledPaths }>();
  const look = (): void => {
    if (!cameras) return;
    for (const puller of pullers) {
      const upstream = upstreamOf(puller);
      const before = kept.get(puller);
      if (before && before.since === upstream?.since) {
        before.programs.keepFresh();
        continue;
      }
      before?.programs.leave();
      kept.delete(puller);
      if (!upstream) continue;
      const { relay, since } = upstream;
      const programs = pullPaths(
        paths(puller),
        (camera) => programAt(relay, camera, puller),
        (detail) => refused(puller, detail),
      );
      programs.set(cameras);
      kept.set(puller, { since, programs });
    }
  };
  const clock = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    setCameras(now) {
      cameras = [...now];
      for (const { programs } of kept.values()) programs.set(cameras);
      look();
    },
    close: () => clearInterval(clock),
  };
}

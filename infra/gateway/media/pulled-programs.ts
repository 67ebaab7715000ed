import { type PulledPaths, pullPaths } from '../../../adapters/mediamtx/pulled-paths.ts';
import type { RelayPaths } from '../../../adapters/mediamtx/relay-paths.ts';
import { pullDepartures } from '../../../adapters/provision.mediamtx.ts';

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
  /** From where a relay shall pull, and since when; undefined: from nowhere. */
  upstreamOf(relay: string): Upstream | undefined;
  /** Whether it is for this gateway to give a relay its paths. */
  caresFor(relay: string): boolean;
  /** Where a relay reads a camera's program at another one, with a fresh token. */
  programAt(upstream: string, camera: string, puller: string): string;
  /** Where a relay reads at another one, up to the path. */
  serverAt(upstream: string, puller: string): string;
  refused(puller: string, detail: string): void;
  /** Some pull from elsewhere than before. */
  changed(): void;
}

/** The programs that relays pull while somebody watches them there. */
export interface PulledPrograms {
  /** There are these cameras from now on. */
  setCameras(cameras: Iterable<string>): void;
  /** The relays that pull, each with the one from which. */
  now(): ReadonlyMap<string, string>;
  close(): void;
}

/** A change of where relays pull from is noticed within this time, whichever gateway it was told at. */
const LOOK_EVERY_MS = 50;

/**
 * Keeps a path for each camera at each relay that pulls, from where its cell says. Who pulls from nowhere keeps the paths
 * that it had: they are made anew once there is a relay again, be it the same one.
 */
export function keepPulledPrograms(parts: PulledProgramsParts): PulledPrograms {
  const { pullers, paths, upstreamOf, caresFor, programAt, serverAt, refused, changed } = parts;
  let cameras: readonly string[] | undefined;
  const known = new Map<string, Upstream>();
  const kept = new Map<string, { since: number; programs: PulledPaths }>();

  /** Notices where a relay pulls from. @returns whether that is another one than before, or the same again */
  const learn = (puller: string, upstream: Upstream | undefined): boolean => {
    if (known.get(puller)?.since === upstream?.since) return false;
    if (upstream) known.set(puller, upstream);
    else known.delete(puller);
    return true;
  };
  const settle = (puller: string, upstream: Upstream | undefined): void => {
    if (!cameras) return;
    const before = kept.get(puller);
    if (before && before.since === upstream?.since) {
      before.programs.keepFresh();
      return;
    }
    before?.programs.leave();
    kept.delete(puller);
    if (!upstream) return;
    const { relay, since } = upstream;
    const refuse = (detail: string) => refused(puller, detail);
    // First of all: players are back before every camera has its path.
    pullDepartures(paths(puller), serverAt(relay, puller), refuse);
    const programs = pullPaths(paths(puller), (camera) => programAt(relay, camera, puller), refuse);
    programs.set(cameras);
    kept.set(puller, { since, programs });
  };
  const look = (): void => {
    const news = pullers.filter((puller) => learn(puller, upstreamOf(puller)));
    for (const puller of pullers) settle(puller, caresFor(puller) ? known.get(puller) : undefined);
    if (news.length > 0) changed();
  };
  const clock = pullers.length > 0 ? setInterval(look, LOOK_EVERY_MS).unref() : undefined;
  return {
    setCameras(now) {
      cameras = [...now];
      for (const { programs } of kept.values()) programs.set(cameras);
      look();
    },
    now: () => new Map([...known].map(([puller, { relay }]) => [puller, relay])),
    close: () => clearInterval(clock),
  };
}

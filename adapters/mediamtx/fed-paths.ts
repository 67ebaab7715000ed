import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pullPaths } from './pulled-paths.ts';
import type { RelayPaths } from './relay-paths.ts';

/** A relay that has the programs, and takes what this machine makes of them. */
export interface FedRelay {
  /** Where a path of it is read, for instance a camera's program, from here or by another relay; holds a token. */
  urlOf(path: string, by?: FedRelay): string;
  paths: RelayPaths;
  /** Whether it can be fed: it takes streams over sockets of this machine. */
  feeds: boolean;
}

/** Where streams come from and go to. */
export interface Feeding {
  /** Every relay. Of those that can be fed, the next one has its turn after a failure. */
  relays: FedRelay[];
  /** A folder with a short path, closed to other users: the sockets at which a relay awaits streams. */
  sockets: string;
}

/** Paths that one relay is fed with, and that the others fetch from it when somebody watches there. */
export interface FedPaths {
  /** Where the relay awaits what a path shall carry. */
  socketOf(path: string): string;
  /** Whether the relay awaits all of them by now. */
  areAwaited(): boolean;
  /** The addresses by which the others fetch hold tokens that end some day: looks whether it is time for new ones. */
  keepShared(): void;
  drop(): void;
}

/** Which relay is fed with what is made of a camera. */
export interface Turns {
  /** @throws Error when no relay can be fed */
  relayFor(camera: string): FedRelay;
  /** The relay did not do: the next one has its turn. */
  passOn(camera: string): void;
}

/** A relay opens its sockets within this time; it may be starting itself. */
export const SOCKETS_WITHIN_MS = 3_000;

/** Lets relays take turns, for each camera by itself. */
export function takeTurns({ relays }: Feeding): Turns {
  const turns = new Map<string, number>();
  return {
    relayFor(camera) {
      const fed = relays.filter(({ feeds }) => feeds);
      const relay = fed[(turns.get(camera) ?? 0) % fed.length];
      if (!relay) throw new Error('what is made of a camera needs a delivery relay on this machine');
      return relay;
    },
    passOn: (camera) => void turns.set(camera, (turns.get(camera) ?? 0) + 1),
  };
}

/**
 * Has a relay await streams of MPEG-TS at sockets, one for each path.
 * @param refused the relay takes no such path
 */
export function feedPaths(
  { relays, sockets }: Feeding,
  relay: FedRelay,
  names: readonly string[],
  refused: (detail: string) => void,
): FedPaths {
  // Short: the system allows about a hundred characters.
  const socketOf = (name: string) =>
    path.join(sockets, `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.sock`);
  const shared = relays
    .filter((other) => other !== relay)
    .map((other) => pullPaths(other.paths, (name) => relay.urlOf(name, other)));

  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  for (const name of names) {
    rmSync(socketOf(name), { force: true }); // one that is there belongs to an earlier start
    relay.paths.want(name, { source: `unix+mpegts://${socketOf(name)}` }, refused);
  }
  // Who watches where they are refused stays on the camera's own picture, or is refused.
  for (const one of shared) one.set(names);
  return {
    socketOf,
    areAwaited: () => names.every((name) => existsSync(socketOf(name))),
    keepShared() {
      for (const one of shared) one.keepFresh();
    },
    drop() {
      for (const name of names) relay.paths.drop(name);
      for (const one of shared) one.set([]);
    },
  };
}

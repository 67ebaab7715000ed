/** A lease as it stands in its store. */
export interface StandingLease {
  key: string;
  /** Another one each time that its holder is heard of. */
  epoch: number;
  ttlMs: number;
}

/** Tells which leases are over. */
export interface LeaseWatch {
  /** Its holder was heard of just now. */
  heard(key: string, epoch: number): void;
  /** Whether its holder has been silent for as long as the lease lasts. Whoever is met for the first time has not. */
  isOver(lease: StandingLease): boolean;
}

/**
 * Watches how long each lease stands unchanged. No time of day has a say, neither that of its holder nor that of who
 * looks: either may be set by an hour while everybody lives.
 * @param nowMs monotonic
 */
export function watchLeases(nowMs: () => number): LeaseWatch {
  const known = new Map<string, { epoch: number; heardMs: number }>();
  const heard = (key: string, epoch: number) => void known.set(key, { epoch, heardMs: nowMs() });
  return {
    heard,
    isOver({ key, epoch, ttlMs }) {
      const last = known.get(key);
      if (last?.epoch === epoch) return nowMs() - last.heardMs >= ttlMs;
      heard(key, epoch);
      return false;
    },
  };
}

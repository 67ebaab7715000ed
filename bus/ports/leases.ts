/** A held lease. `epoch` only ever grows for a key: it is the fencing token that effects carry. */
export interface Lease {
  key: string;
  holder: string;
  epoch: number;
}

/**
 * Who may act: time-limited ownership with a fencing token. A lease is over for a process that has heard nothing of its
 * holder for as long as it lasts, by its own monotonic clock. The journal's fence stays the last word.
 */
export interface Leases {
  /** Takes or retakes (same holder) the lease; undefined when another holds it. @throws JournalAway */
  take(key: string, holder: string, ttlMs: number): Promise<Lease | undefined>;
  /** Prolongs; undefined when it was lost. @throws JournalAway */
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;
  /**
   * The leases in force under a key: of `gateway`, those of `gateway.<name>`. Those that are over are cleared away.
   * @throws JournalAway
   */
  list(under: string): Promise<Lease[]>;
  /** What no epoch has been above so far; those that come are. @throws JournalAway */
  highest(): Promise<number>;
}

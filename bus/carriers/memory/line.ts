/**
 * How a store behaves: `here`; `away`: it hears nothing and says so; `deaf`: it stores what it is told, but its
 * acknowledgement is lost; `hung`: it keeps everybody waiting until it is in another mode again; `full`: it can be read,
 * and takes nothing more.
 */
export type MemoryMode = 'here' | 'away' | 'deaf' | 'hung' | 'full';

/** What the carriers of one store share: its mode, and who waits for a change of it. */
export interface Line {
  mode(): MemoryMode;
  /** Runs work the way the store's mode says. @throws JournalAway */
  through<T>(work: () => T): Promise<T>;
  /** The same for work that stores something. @throws JournalAway | JournalFull */
  into<T>(work: () => T): Promise<T>;
  onChange(listener: () => void): void;
}

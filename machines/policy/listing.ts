/** A relay as a gateway's file has it, as it was when that gateway started, and as its cell is now. */
export interface Listed {
  /** Whether the file lists it. */
  listed: boolean;
  /** Whether it was there at the start: then it is reached from here, and a process of it may run. */
  runs: boolean;
  /** Whether the file lists another one of its role that runs. */
  replaced: boolean;
  /** When the file was saved (epoch ms); absent where no other machine has one of its own. */
  savedAt?: number | undefined;
  /** Its cell, if there is one: whether it is over, or being emptied, and when the file was saved that spoke of it last. */
  cell?: { over: boolean; leaving: boolean; savedAt?: number | undefined } | undefined;
}

/** What is to be done about a relay, and why. */
export interface Listing {
  act: 'configure' | 'remove' | 'leave';
  because: string;
}

const configure = (because: string): Listing => ({ act: 'configure', because });
const remove = (because: string): Listing => ({ act: 'remove', because });
const leave = (because: string): Listing => ({ act: 'leave', because });

/**
 * Says what becomes of a relay by the file of the gateway that has, or would have, its cell. Where several machines have
 * files of their own, the one that was saved last counts: whoever has an older one, and comes to the cell because another
 * gateway is started again, takes nothing back. The last one of a role that runs stays until the next start, since whatever
 * the file has in its place runs only then.
 */
export function judgeListing({ listed, runs, replaced, savedAt, cell }: Listed): Listing {
  if (savedAt !== undefined && cell?.savedAt !== undefined && savedAt < cell.savedAt) {
    return leave('a file that was saved later has spoken of it');
  }
  if (listed) return runs ? configure('the file lists it') : leave('it is started, and known, at the next start');
  if (!cell || cell.over) return leave('nobody knows it');
  if (!runs) return remove('the file does not list it, and it was not there at the start');
  if (cell.leaving) return leave('it is being emptied');
  return replaced
    ? remove('the file lists it no more')
    : leave('no other one of its role runs: it goes at the next start');
}

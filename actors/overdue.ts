import type { JournalRecord } from '../bus/ports/journal.ts';
import { endedAt } from './ending.ts';

/** Which gateways may still have something to write of a moment, while the journal is read past it. */
export interface Overdue {
  /** Takes down where a record's cell lives. */
  note(record: JournalRecord): void;
  /** A gateway has written of a later time without having been cut off: what it had to write stands before that. */
  caughtUp(node: string): void;
  /** Whether nothing more of that moment can come. */
  isNone(): boolean;
}

/**
 * A gateway that is cut off writes to its spool, and all of it is delivered before it writes anything else: so what was
 * heard at a moment is there once every gateway at which something lived has written of a later time.
 */
export function overdue(): Overdue {
  const holders = new Map<string, string>();
  const held = new Map<string, number>();
  const done = new Set<string>();
  const count = (node: string, by: number) => held.set(node, (held.get(node) ?? 0) + by);
  return {
    note(record) {
      const key = `${record.kind}/${record.cell}`;
      const former = holders.get(key);
      if (former !== undefined) count(former, -1);
      if (record.left || endedAt(record) !== undefined) holders.delete(key);
      else {
        holders.set(key, record.node);
        count(record.node, 1);
      }
    },
    caughtUp: (node) => void done.add(node),
    isNone: () => [...held].every(([node, cells]) => cells === 0 || done.has(node)),
  };
}

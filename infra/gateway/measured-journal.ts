import type { Journal } from '../../bus/ports.ts';
import type { Metrics } from '../http/metrics.ts';

/** The journal, with what passes through it counted. */
export function measuredJournal(journal: Journal, { journalAppends, journalQueue }: Metrics): Journal {
  return {
    lasts: (kind) => journal.lasts(kind),
    read: (of, from) => journal.read(of, from),
    follow: (after, hear) => journal.follow(after, hear),
    async append(record, expected) {
      journalQueue.inc();
      try {
        const receipt = await journal.append(record, expected);
        journalAppends.inc();
        return receipt;
      } finally {
        journalQueue.dec();
      }
    },
  };
}

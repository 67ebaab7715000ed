import type { Journal } from '../../bus/ports/journal.ts';
import type { Metrics } from '../http/metrics.ts';

/** The journal, with what passes through it counted. */
export function measuredJournal(journal: Journal, { journalAppends, journalQueue }: Metrics): Journal {
  return {
    ...journal,
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

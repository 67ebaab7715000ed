import type { HealthSlot } from '../machines/slots.ts';
import { RelayAway } from './mediamtx/exchange.ts';
import { type Mediamtx, RelayRefused } from './mediamtx.ts';

/** What the launcher says of a relay's process. */
export interface ProcessNews {
  type: 'started' | 'exited';
  text?: string;
}

/** What the health watch needs. */
export interface HealthSettings {
  apiOf(relay: string): Mediamtx;
  /** Tells what the launcher says of a relay's process, until called off; absent for a relay that others run. */
  onProcess?(relay: string, hear: (news: ProcessNews) => void): () => void;
}

/** An answer is overdue after this long. */
const LATE_MS = 300;
const TIMEOUT_MS = 2000;
/** After its process started or ended: it serves about 30 ms after its start. */
const SOON_EVERY_MS = 20;
const SOON_FOR_MS = 3000;

/**
 * Watches a relay: asks its API at a steady pace, one question at a time, and hears from the launcher at once when its
 * process ends or starts. Tells when a new instance answers, when an answer is overdue, and when it answers again.
 */
export function healthMediamtx({ apiOf, onProcess }: HealthSettings): HealthSlot {
  return ({ relay, everyMs, instance }, report) => {
    const api = apiOf(relay);
    let known = instance;
    let ended: string | undefined;
    let missed = false;
    let answeredAt = performance.now();
    let soonUntil = 0;
    let asking = false;
    let next: NodeJS.Timeout | undefined;
    let over = false;

    const miss = (detail: string) => {
      if (missed || over) return;
      missed = true;
      report({ type: 'relay.missed', silent_ms: Math.round(performance.now() - answeredAt), detail });
    };
    const answer = ({ started }: { started: string }) => {
      if (over || started === ended) return; // the last words of a process that is gone
      answeredAt = performance.now();
      if (started === known && !missed) return;
      known = started;
      missed = false;
      soonUntil = 0;
      report({ type: 'relay.answering', instance: started });
    };
    const ask = async () => {
      asking = true;
      const late = setTimeout(() => {
        // An answer that arrived while this process was busy is read before the turn ends.
        setImmediate(() => asking && miss(`no answer for ${LATE_MS} ms`));
      }, LATE_MS);
      try {
        answer(await api.info(TIMEOUT_MS));
      } catch (error) {
        if (!(error instanceof RelayAway || error instanceof RelayRefused)) throw error;
        miss(error.message);
      } finally {
        asking = false;
        clearTimeout(late);
        if (!over) next = setTimeout(ask, performance.now() < soonUntil ? SOON_EVERY_MS : everyMs);
      }
    };
    const hear = ({ type, text }: ProcessNews) => {
      soonUntil = performance.now() + SOON_FOR_MS;
      if (type === 'exited') {
        ended = known;
        missed = true; // so that its return is told
        report({ type: 'relay.exited', detail: text ?? 'its process ended' });
      }
      if (asking) return;
      clearTimeout(next);
      void ask();
    };
    const hush = onProcess?.(relay, hear);
    void ask();
    const end = () => {
      over = true;
      clearTimeout(next);
      hush?.();
    };
    return { release: end, detach: end };
  };
}

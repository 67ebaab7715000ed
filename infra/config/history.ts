import type { HistoryWish } from '../../bus/events/history.ts';
import { durationMs, spanText } from './durations.ts';

const DURATION = '[0-9]{1,12}(ms|s|m|h|d)';
const MOMENT = '\\d{4}-\\d\\d-\\d\\dT[0-9:.]{5,12}(Z|[+-]\\d\\d:\\d\\d)';

/** How a bound on looking back is written: `1h`, `since_grant`, or a moment such as `2026-11-26T14:00:00Z`. */
export const HISTORY_PATTERN = `^(${DURATION}|since_grant|${MOMENT})$`;
/** What ends the sentence "expected …". */
export const HISTORY_EXPECTED = 'how far back, such as 1h, since_grant or 2026-11-26T14:00:00Z';

const grammar = new RegExp(HISTORY_PATTERN);

/** A bound as somebody wrote it; undefined when it is none. */
export function historyIn(text: string): HistoryWish | undefined {
  if (!grammar.test(text)) return undefined;
  if (text === 'since_grant') return text;
  if (!text.includes('T')) {
    const last_ms = durationMs(text);
    return last_ms > 0 ? { last_ms } : undefined;
  }
  const since = Date.parse(text);
  return Number.isNaN(since) ? undefined : { since };
}

/** A bound for a person: `the last 1 h`, `since 2026-11-26 14:00`. */
export function historyText(history: HistoryWish): string {
  if (history === 'since_grant') return 'since the grant';
  if ('last_ms' in history) return `the last ${spanText(history.last_ms)}`;
  return `since ${new Date(history.since).toISOString().slice(0, 16).replace('T', ' ')}`;
}

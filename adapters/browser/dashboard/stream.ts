import { backoffMs } from '../player/backoff.ts';
import { createEventReader } from './sse.ts';

/** Whether events arrive: `away` is being repaired, `denied` needs a person. */
export type StreamStatus = 'connecting' | 'open' | 'away' | 'denied';

/** What a stream tells. */
export interface StreamHears {
  status(status: StreamStatus): void;
  event(data: string, seq: number): void;
  /** What happened before is not known from here: events were missed, or none was heard yet. Read what you show. */
  gap(): void;
}

/** The gateway says something at least every ten seconds; a stream that is silent for longer than this is dead. */
const SILENT_MS = 25_000;
const AGAIN = { firstMs: 200, longestMs: 2_000 };

/**
 * Follows `GET /api/v1/events`, and takes it up again after the last sequence it saw, so that nothing is missed.
 * Read with `fetch` rather than `EventSource`: that hides whether it was refused for good.
 * @returns a function that ends it
 */
export function followEvents(hears: StreamHears, url = '/api/v1/events'): () => void {
  const stop = new AbortController();
  let last = 0;
  let attempt = 0;
  const read = async (): Promise<'ended' | 'denied'> => {
    const after = last > 0 ? `${url.includes('?') ? '&' : '?'}after=${last}` : '';
    const response = await fetch(url + after, {
      headers: { accept: 'text/event-stream', ...(last > 0 ? { 'last-event-id': String(last) } : {}) },
      cache: 'no-store',
      signal: stop.signal,
    });
    if (response.status === 401 || response.status === 403) return 'denied';
    if (!response.ok || !response.body) throw new Error(`the event stream answered ${response.status}`);
    attempt = 0;
    hears.status('open');
    // Without a place to go on from, it begins with what happens next.
    if (last === 0) hears.gap();
    const feed = createEventReader(({ id, name, data }) => {
      const seq = Number(id) || 0;
      // A sequence may go back only when the gateway says that it begins anew.
      if (seq > last || name === 'resync') last = seq;
      if (name === 'resync') hears.gap();
      else if (data !== undefined) hears.event(data, seq);
    });
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const silence = setTimeout(() => void text.cancel(), SILENT_MS);
      const { done, value } = await text.read().finally(() => clearTimeout(silence));
      if (done) return 'ended';
      feed(value);
    }
  };
  const follow = async (): Promise<void> => {
    hears.status('connecting');
    while (!stop.signal.aborted) {
      const end = await read().catch(() => 'failed' as const);
      if (stop.signal.aborted) return;
      if (end === 'denied') return hears.status('denied');
      hears.status('away');
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt++, AGAIN)));
    }
  };
  void follow();
  return () => stop.abort();
}

import { backoffMs } from '../player/backoff.ts';
import { createEventReader } from './sse.ts';

/** Whether events arrive: `away` is being repaired, `denied` needs a person. */
export type StreamStatus = 'connecting' | 'open' | 'away' | 'denied';

/** What a stream tells. */
export interface StreamHears {
  status(status: StreamStatus): void;
  event(data: string, seq: number): void;
}

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
    // The sequence is not known there any more: what was missed is read from the lists instead.
    if (response.status === 410 || response.status === 400) last = 0;
    if (!response.ok || !response.body) throw new Error(`the event stream answered ${response.status}`);
    attempt = 0;
    hears.status('open');
    const feed = createEventReader(({ id, data }) => {
      const seq = Number(id) || 0;
      if (seq > last) last = seq;
      hears.event(data, seq);
    });
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await text.read();
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

import { callApi } from '../api.ts';
import { type Happening, happeningOf } from './happening.ts';
import type { Span } from './timeline-model.ts';

const PAGE = 20_000;

/** What loading tells as it goes on. */
export interface LoadHears {
  page(happenings: Happening[]): void;
  /** How much of the stretch is read, from 0 to 1. */
  progress(share: number): void;
  /** The oldest event that is kept at all, epoch ms. */
  oldest(at: number): void;
}

/**
 * Reads everything that happened in a stretch, page by page.
 * @throws ApiRefusal | TypeError when the gateway can't be reached
 */
export async function loadStretch({ from, to }: Span, hears: LoadHears, signal: AbortSignal): Promise<void> {
  let after: number | null = null;
  do {
    const query = `from=${Math.floor(from)}&to=${Math.ceil(to)}&limit=${PAGE}${after === null ? '' : `&after=${after}`}`;
    const page = await callApi('GET', `/api/v1/timeline?${query}`);
    if (signal.aborted) return;
    const items: Happening[] = (page.items ?? []).flatMap((item: Record<string, unknown>) => happeningOf(item) ?? []);
    if (typeof page.oldest?.at === 'number') hears.oldest(page.oldest.at);
    hears.page(items);
    const reached = items.at(-1)?.at ?? from;
    const next: number | null = typeof page.next === 'number' ? page.next : null;
    hears.progress(next === null ? 1 : (reached - from) / (to - from));
    after = next;
  } while (after !== null);
}

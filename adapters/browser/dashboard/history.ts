import { type Fact, factOf } from './model.ts';
import { createEventReader } from './sse.ts';

const KEPT = 60;
/** How far back to look: sequences are shared by everything that the house says. */
const REACH = 5_000;
const QUIET_MS = 400;
const LONGEST_MS = 3_000;

/**
 * What was told about a camera before the page was opened: the stream from further back, until it has caught up.
 * @param before the last sequence the page has seen; 0 when it has seen none
 */
export async function readHistory(camera: string, before: number): Promise<Fact[]> {
  const stop = new AbortController();
  const facts: Fact[] = [];
  const end = (): void => stop.abort();
  const longest = setTimeout(end, LONGEST_MS);
  let quiet = setTimeout(end, LONGEST_MS);
  const read = createEventReader(({ id, data }) => {
    clearTimeout(quiet);
    quiet = setTimeout(end, QUIET_MS);
    const fact = data === undefined ? undefined : factOf(JSON.parse(data), Number(id) || 0);
    if (fact) facts.push(fact);
  });
  try {
    const after = Math.max(0, before - REACH);
    const url = `/api/v1/events?cameras=${encodeURIComponent(camera)}&after=${after}`;
    const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: stop.signal });
    const text = response.ok ? response.body?.pipeThrough(new TextDecoderStream()).getReader() : undefined;
    for (let piece = await text?.read(); piece && !piece.done; piece = await text?.read()) read(piece.value);
  } catch {
    // Aborted because it has caught up; or away, and then the page shows what it heard itself.
  } finally {
    clearTimeout(longest);
    clearTimeout(quiet);
  }
  return facts.slice(-KEPT);
}

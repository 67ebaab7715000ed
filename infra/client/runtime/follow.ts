import { backoffMs } from '../../../adapters/browser/player/backoff.ts';
import { type ServerEvent, serverEvents } from './event-stream.ts';
import { Refused } from './refused.ts';

/** Which events are wanted; nothing said: all that the token may see. */
export interface FollowOptions {
  /** Types without their first word, as `camera.live` or `viewer`. */
  types?: string[];
  cameras?: string[];
  /** Zones and patterns, as `hcm/*`. */
  zones?: string[];
  /** The last sequence already seen: what came since is told first. */
  after?: number;
  /** Ends it. */
  signal?: AbortSignal;
}

/**
 * What happened before is not known from here: read anew what you show. `reason` is `begin` at the first event stream
 * without `after`; else `slow`, `gone`, `lost` or `ahead`, as the gateway says.
 */
export interface Gap {
  type: 'gap';
  reason: string;
  sequence?: number;
}

/** An event, or word that some are missing. */
export type Followed<Fact> = (Fact & { sequence: number }) | Gap;

/** The gateway says something at least every ten seconds; a stream that is silent for longer than this is dead. */
const SILENT_MS = 25_000;
const AGAIN = { firstMs: 200, longestMs: 5_000 };

/** The chunks of a body, until it ends or is silent for too long. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const silence = setTimeout(() => void reader.cancel().catch(() => {}), SILENT_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

const listOf = (name: string, values: string[] | undefined): [string, string][] =>
  values?.length ? [[name, values.join(',')]] : [];

/** How a token came to its end; other ends are outages of a moment. */
const OVER = new Set([401, 403]);
/** What can only be wrong in the question. */
const isWrong = (status: number): boolean => status >= 400 && status < 500 && status !== 429 && status !== 408;

/** Waits, or until it is ended. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });

/**
 * Follows `GET /api/v1/events` (Server-Sent Events), and takes it up again by `Last-Event-ID`.
 * @param send asks a path of the gateway
 * @param bearer what to send as `authorization`
 * @throws Refused when the token is not taken, or the question is wrong
 */
export async function* follow<Fact>(
  send: (path: string, init: RequestInit) => Promise<Response>,
  bearer: () => Promise<string>,
  { types, cameras, zones, after, signal }: FollowOptions,
): AsyncGenerator<Followed<Fact>> {
  const query = new URLSearchParams([
    ...listOf('types', types),
    ...listOf('cameras', cameras),
    ...listOf('zones', zones),
  ]);
  let last = after;
  const headers = async (): Promise<Record<string, string>> => ({
    authorization: await bearer(),
    accept: 'text/event-stream',
    ...(last === undefined ? {} : { 'last-event-id': String(last) }),
  });
  for (let attempt = 0; !signal?.aborted; attempt++) {
    try {
      const response = await send(`/api/v1/events?${query}`, { headers: await headers(), signal: signal ?? null });
      if (!response.ok) throw await Refused.from(response);
      if (last === undefined) yield { type: 'gap', reason: 'begin' };
      if (response.body) {
        for await (const event of serverEvents(chunksOf(response.body))) {
          attempt = 0;
          const sequence = event.id === undefined ? undefined : Number(event.id);
          if (sequence !== undefined) last = sequence;
          const said = told<Fact>(event, sequence);
          if (said) yield said;
        }
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Refused && (OVER.has(error.status) || isWrong(error.status))) throw error;
    }
    await pause(backoffMs(attempt, AGAIN), signal);
  }
}

/** What an event of the stream says, if anything. The end of a stream is followed by an answer that tells why. */
function told<Fact>({ event, data }: ServerEvent, sequence: number | undefined): Followed<Fact> | undefined {
  if (data === '' || event === 'end') return undefined;
  const said = JSON.parse(data);
  if (event === 'resync') return { type: 'gap', reason: String(said.reason), sequence: Number(said.sequence) };
  return event === undefined && sequence !== undefined ? { ...said, sequence } : undefined;
}

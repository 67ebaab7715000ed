/** Longer answers are of another server. */
const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 1_000;
/** Forty pushes ask the same station five times a second each. */
const SHARED_MS = 100;

/** Asks an nginx-rtmp for its statistics. @throws Error when it does not answer, or with something else */
async function statistics(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  const text = await answer.text();
  if (!answer.ok || text.length > MAX_BYTES || !/<rtmp>/.test(text)) {
    throw new Error(`the statistics of the destination answer ${answer.status} and are none of nginx-rtmp`);
  }
  return text;
}

/** What it has received of a stream since that began; undefined while nobody publishes it. */
function receivedIn(text: string, stream: string): number | undefined {
  for (const [block] of text.matchAll(/<stream>[\s\S]*?<\/stream>/g)) {
    if (/<name>([^<]*)<\/name>/.exec(block)?.[1] !== stream) continue;
    const bytes = /<bytes_in>(\d+)<\/bytes_in>/.exec(block)?.[1];
    return /<publishing\/>/.test(block) && bytes !== undefined ? Number(bytes) : undefined;
  }
  return undefined;
}

/**
 * Asks an nginx-rtmp what it has received of a stream since that began to publish
 * (https://github.com/arut/nginx-rtmp-module/wiki/Directives#rtmp_stat).
 * @param url of its statistics
 * @param stream its name there: the stream key
 * @returns bytes; undefined while nobody publishes it
 * @throws Error when the server does not answer, or answers with something else
 */
export const receivedBytes = async (url: string, stream: string): Promise<number | undefined> =>
  receivedIn(await statistics(url), stream);

/** The same for many who ask at once: they share an answer for a tenth of a second. */
export function askStations(): typeof receivedBytes {
  const answers = new Map<string, { at: number; text: Promise<string> }>();
  return async (url, stream) => {
    const known = answers.get(url);
    if (known && performance.now() - known.at < SHARED_MS) return receivedIn(await known.text, stream);
    const text = statistics(url);
    answers.set(url, { at: performance.now(), text });
    return receivedIn(await text, stream);
  };
}

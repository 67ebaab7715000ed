/** Longer answers are of another server. */
const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 1_000;

/**
 * Asks an nginx-rtmp what it has received of a stream since that began to publish
 * (https://github.com/arut/nginx-rtmp-module/wiki/Directives#rtmp_stat).
 * @param url of its statistics
 * @param stream its name there: the stream key
 * @returns bytes; undefined while nobody publishes it
 * @throws Error when the server does not answer, or answers with something else
 */
export async function receivedBytes(url: string, stream: string): Promise<number | undefined> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  const text = await answer.text();
  if (!answer.ok || text.length > MAX_BYTES || !/<rtmp>/.test(text)) {
    throw new Error(`the statistics of the destination answer ${answer.status} and are none of nginx-rtmp`);
  }
  for (const [block] of text.matchAll(/<stream>[\s\S]*?<\/stream>/g)) {
    if (/<name>([^<]*)<\/name>/.exec(block)?.[1] !== stream) continue;
    const bytes = /<bytes_in>(\d+)<\/bytes_in>/.exec(block)?.[1];
    return /<publishing\/>/.test(block) && bytes !== undefined ? Number(bytes) : undefined;
  }
  return undefined;
}

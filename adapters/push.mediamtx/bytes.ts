import type { ForwardStanding } from '../mediamtx.ts';

const LOOK_MS = 200;
/** Before it is on air, people wait for it. */
const LOOK_SOON_MS = 100;
/** Bytes must have risen in this many looks: a handshake alone is no picture. */
const RISES = 3;

/** Who is told how bytes move. */
export interface BytesHear {
  flowing(bytes: number, elapsedMs: number): void;
  silent(standingMs: number, detail?: string): void;
  failed(detail: string): void;
}

/** Where bytes are seen: leaving the relay, and arriving where the destination can be asked. */
export interface Witnesses {
  sent(): Promise<ForwardStanding | undefined>;
  received?(): Promise<number | undefined>;
}

/** Looks at the bytes that leave for the destination, or better at those that arrive. @returns how to stop it */
export function watchBytes({ sent, received }: Witnesses, silentMs: number, hear: BytesHear): () => void {
  const startedAt = performance.now();
  let bytes = 0;
  let rises = 0;
  let roseAt = startedAt;
  let flowing = false;
  let failure = '';
  let stopped = false;
  let timer: NodeJS.Timeout;

  const judge = (seen: number, said: string): void => {
    const now = performance.now();
    const rose = seen > bytes;
    // Statistics may be older than our looks: what stands between two rises is no end of them.
    if (rose) {
      rises += 1;
      roseAt = now;
    } else if (seen < bytes) rises = 0;
    bytes = seen;
    if (!flowing && rises >= RISES) {
      flowing = true;
      hear.flowing(seen, now - startedAt);
    }
    if (flowing && (said || now - roseAt >= silentMs)) {
      flowing = false;
      rises = 0;
      hear.silent(now - roseAt, said || undefined);
    } else if (!flowing && said && said !== failure) hear.failed(said);
    failure = said;
  };

  const look = async (): Promise<void> => {
    const [standing, arrived] = await Promise.all([sent(), received?.().catch(() => 0)]);
    if (stopped) return;
    const said = standing?.state === 'error' ? (standing.lastError ?? 'it failed') : '';
    judge((received ? arrived : standing?.outboundBytes) ?? 0, said);
    timer = setTimeout(look, flowing ? LOOK_MS : LOOK_SOON_MS);
  };
  timer = setTimeout(look, LOOK_SOON_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

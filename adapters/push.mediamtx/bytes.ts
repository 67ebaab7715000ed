import type { ForwardStanding } from '../mediamtx.ts';
import { type LagHears, watchLag } from './lag.ts';

const LOOK_MS = 200;
/** Bytes must have risen in this many looks: a handshake alone is no picture. */
const RISES = 3;

/** Who is told how bytes move. */
export interface BytesHear extends LagHears {
  flowing(bytes: number, elapsedMs: number): void;
  silent(standingMs: number, detail?: string): void;
  failed(detail: string): void;
  /** They begin anew, as those of another connection do, before they counted as silent. */
  again(gapMs: number): void;
}

/** Where bytes are seen: leaving the relay, and arriving where the destination can be asked. */
export interface Witnesses {
  sent(): Promise<ForwardStanding | undefined>;
  received?(): Promise<number | undefined>;
  /** What was made for the destination; asked seldom. */
  made(): Promise<number | undefined>;
}

/** Looks at the bytes that leave for the destination, or better at those that arrive. @returns how to stop it */
export function watchBytes({ sent, received, made }: Witnesses, silentMs: number, hear: BytesHear): () => void {
  const startedAt = performance.now();
  let bytes = 0;
  let rises = 0;
  let roseAt = startedAt;
  let flowing = false;
  let cutAt: number | undefined;
  let failure = '';
  let stopped = false;
  let timer: NodeJS.Timeout;
  const compare = watchLag(made, hear);

  const judge = (seen: number, said: string): void => {
    const now = performance.now();
    const rose = seen > bytes;
    // Statistics may be older than our looks: what stands between two rises is no end of them.
    if (seen < bytes) {
      rises = 0;
      cutAt ??= roseAt;
    } else if (rose) {
      rises += 1;
      roseAt = now;
    }
    bytes = seen;
    if (flowing && cutAt !== undefined && rises >= RISES) {
      hear.again(now - cutAt);
      cutAt = undefined;
    }
    if (!flowing && rises >= RISES) {
      flowing = true;
      cutAt = undefined;
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
    const [standing, arrived] = await Promise.all([sent(), received?.().catch(() => bytes)]);
    if (stopped) return;
    const said = standing?.state === 'error' ? (standing.lastError ?? 'it failed') : '';
    judge((received ? arrived : standing?.outboundBytes) ?? 0, said);
    if (flowing) await compare(bytes);
    if (!stopped) timer = setTimeout(look, LOOK_MS);
  };
  timer = setTimeout(look, LOOK_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

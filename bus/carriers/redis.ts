import { Redis } from 'ioredis';
import { type Id, id } from '../identity.ts';
import type { SessionCard, Sessions } from '../ports/sessions.ts';

/** Where Redis is. */
export interface RedisOptions {
  host: string;
  port: number;
  password?: string;
  /** How long one command may take. Default 200 ms. */
  timeoutMs?: number;
  /** Epoch ms. */
  now?: () => number;
}

/** The session cache in Redis. */
export interface RedisSessions extends Sessions {
  close(): void;
}

const RETRY_MS = 100;
const PROBE_MS = 250;
/** After this many unanswered probes the connection is made anew, which drops the commands that wait on it. */
const PROBES_BEFORE_RECONNECT = 20;
/** A card outlives its session a little, so that a late question still finds who it was. */
const KEPT_AFTER_END_MS = 60_000;

const keyOf = (session: string): string => `sbx:session:${id(session)}`;

function parseCard(text: string, session: Id): SessionCard | undefined {
  try {
    const card = JSON.parse(text) as SessionCard;
    return card?.id === session ? card : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Connects to Redis in the background and stays connected. While it is away, or hangs, reads find nothing and writes
 * are dropped; after the first command that went unanswered nobody waits any more until a probe is answered.
 */
export function redisSessions(options: RedisOptions): RedisSessions {
  const timeoutMs = options.timeoutMs ?? 200;
  const now = options.now ?? Date.now;
  const redis = new Redis({
    host: options.host,
    port: options.port,
    ...(options.password ? { password: options.password } : {}),
    commandTimeout: timeoutMs,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: () => RETRY_MS,
    reconnectOnError: () => false,
  });
  let answering = false;
  let probing = false;
  let unanswered = 0;

  const probe = async () => {
    if (probing || redis.status !== 'ready') return;
    probing = true;
    try {
      await redis.ping();
      answering = true;
      unanswered = 0;
    } catch {
      answering = false;
      unanswered += 1;
      if (unanswered % PROBES_BEFORE_RECONNECT === 0) redis.disconnect(true);
    } finally {
      probing = false;
    }
  };
  redis.on('ready', () => void probe());
  redis.on('close', () => {
    answering = false;
  });
  redis.on('error', () => {}); // 'close' follows; `ready()` tells
  const timer = setInterval(probe, PROBE_MS);
  timer.unref();

  const attempt = async <T>(command: () => Promise<T>): Promise<T | undefined> => {
    if (!answering) return undefined;
    try {
      return await command();
    } catch {
      answering = false;
      void probe();
      return undefined;
    }
  };

  return {
    async put(card) {
      const key = keyOf(card.id);
      const keptMs = Math.max(1_000, Math.ceil(card.expires_at - now()) + KEPT_AFTER_END_MS);
      await attempt(() => redis.set(key, JSON.stringify(card), 'PX', keptMs));
    },
    async get(session) {
      const key = keyOf(session);
      const text = await attempt(() => redis.get(key));
      return typeof text === 'string' ? parseCard(text, session) : undefined;
    },
    async drop(session) {
      const key = keyOf(session);
      await attempt(() => redis.del(key));
    },
    ready: () => answering,
    close() {
      clearInterval(timer);
      redis.disconnect();
    },
  };
}

import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Delivered, postFact, type Webhook } from '../../adapters/webhook.http.ts';
import type { Told } from '../../bus/ports/facts.ts';
import type { Outbox } from '../../bus/ports/outbox.ts';
import type { Subscription } from '../../bus/ports/subscription.ts';
import { KINDS, type Kind } from '../../bus/subjects.ts';
import { backoff } from '../../machines/policy/backoff.ts';
import type { Metrics } from '../http/metrics.ts';
import { isWanted } from '../http/wanted.ts';

/** A receiver of the configuration, and what it wants to hear. */
export interface WantedWebhook extends Webhook {
  /** As in `?types=` of the event stream: `incident`, `broadcast.on-air`. */
  types: string[];
}

/** What webhooks need of the house. */
export interface WebhooksHouse {
  outbox: Outbox;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: Pick<Metrics, 'webhooks'>;
  post?: typeof postFact;
}

/** Delivers facts to other systems. */
export interface Webhooks {
  /** From now on to these. What was not delivered to one that stays is delivered still. */
  set(webhooks: WantedWebhook[]): Promise<void>;
  close(): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
const GIVE_UP_MS = 24 * 3_600_000;

/** The kinds of cell that types are about. */
function kindsIn(types: string[]): Kind[] {
  const named = types.map((type) => type.replace(/^signalbox\./, '').split('.')[0]);
  return KINDS.filter((kind) => named.length === 0 || named.includes(kind));
}

/** The name under which the store keeps a receiver's place: that of its address. */
const nameOf = ({ url }: Webhook): string => `webhook-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`;

/**
 * Delivers facts at least once and in order: the next one when the receiver has taken the one before, however long that
 * takes. Each receiver has its own place, which outlives this gateway and is shared with the others of the group.
 */
export function keepWebhooks({ outbox, log, metrics, post = postFact }: WebhooksHouse): Webhooks {
  /** Counts an attempt, and tells when a receiver falls and when it is back. */
  const note = (url: string, { envelope }: Told, outcome: Delivered, failures: number): void => {
    // The rest of an address may be a secret.
    const webhook = new URL(url).host;
    metrics.webhooks.inc({ webhook, result: outcome.ok ? 'taken' : 'failed' });
    const what = { webhook, event: envelope.type, subject: envelope.subject, failures };
    if (!outcome.ok && failures === 1) log.warn({ ...what, detail: outcome.detail }, 'a webhook does not take a fact');
    if (outcome.ok && failures > 0) log.info(what, 'a webhook takes facts again');
  };
  const running = new Map<string, { end(): void; reader: Subscription }>();
  let last: Promise<void> = Promise.resolve();

  const open = async (webhook: WantedWebhook): Promise<void> => {
    const ending = new AbortController();
    const deliver = async (told: Told): Promise<void> => {
      if (!isWanted({ types: webhook.types, cameras: [], zones: [] }, told.envelope)) return;
      const since = performance.now();
      for (let attempts = 1; ; attempts++) {
        ending.signal.throwIfAborted();
        const outcome = await post(webhook, told);
        note(webhook.url, told, outcome, outcome.ok ? attempts - 1 : attempts);
        if (outcome.ok) return;
        if (performance.now() - since > GIVE_UP_MS) {
          return log.error(
            { webhook: new URL(webhook.url).host, fact: told.seq },
            'a webhook has not taken a fact for a day',
          );
        }
        const { waitMs } = backoff(attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS);
        await delay(waitMs, undefined, { signal: ending.signal });
      }
    };
    const reader = await outbox.drain(nameOf(webhook), kindsIn(webhook.types), deliver);
    const end = () => {
      reader.close();
      ending.abort();
    };
    running.set(keyOf(webhook), { end, reader });
  };

  const keyOf = ({ url, types }: WantedWebhook): string => JSON.stringify([url, types]);
  const settle = async (webhooks: WantedWebhook[]): Promise<void> => {
    const wanted = new Map(webhooks.map((webhook) => [keyOf(webhook), webhook]));
    for (const [key, { end, reader }] of running) {
      if (wanted.has(key)) continue;
      end();
      running.delete(key);
      await reader.ended;
    }
    for (const [key, webhook] of wanted) if (!running.has(key)) await open(webhook);
  };
  return {
    set(webhooks) {
      last = last.catch(() => {}).then(() => settle(webhooks));
      return last;
    },
    close() {
      for (const { end } of running.values()) end();
      running.clear();
    },
  };
}

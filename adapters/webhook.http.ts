import { createHmac } from 'node:crypto';
import type { Told } from '../bus/ports/facts.ts';

/** Where a receiver listens, and the secret that it shares with us. */
export interface Webhook {
  url: string;
  /** Read at each delivery: `whsec_` and base64, or any text. @throws Error when it can't be read */
  secret(): string;
}

/** What became of a delivery. */
export type Delivered = { ok: true } | { ok: false; detail: string };

const TIMEOUT_MS = 10_000;

/** The key in a secret, as Standard Webhooks write it. */
const keyIn = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);

/**
 * The headers that prove who sent a body, and when
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 * @param atMs epoch ms of this attempt
 */
export function signed(secret: string, id: string, atMs: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = createHmac('sha256', keyIn(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

/**
 * Delivers a fact once, as a CloudEvent in structured mode
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#32-structured-content-mode).
 * Any answer of 2xx is a receipt; a redirection is none.
 */
export async function postFact({ url, secret }: Webhook, { seq, envelope }: Told): Promise<Delivered> {
  const body = JSON.stringify({ ...envelope, sequence: seq });
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': 'signalbox',
        ...signed(secret().trim(), `${envelope.subject}:${envelope.id}`, Date.now(), body),
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body?.cancel();
    return answer.ok ? { ok: true } : { ok: false, detail: `it answered ${answer.status}` };
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string } };
    if (name === 'TimeoutError') return { ok: false, detail: `no answer within ${TIMEOUT_MS} ms` };
    return { ok: false, detail: cause?.code ?? message };
  }
}

import { AckPolicy, type Consumer, DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { type Envelope, envelope as envelopeShape } from '../../envelope.ts';
import type { Told } from '../../ports/facts.ts';
import type { Outbox } from '../../ports/outbox.ts';
import { FACT_STREAM, factsOfKind } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';

const NANOS_PER_MS = 1_000_000;
/** What its reader had when it died is handed out again after this long. */
const HELD_MS = 10_000;
/** A reader that nobody is any more is forgotten. */
const FORGOTTEN_MS = 30 * 24 * 3_600_000;
const WAIT_MS = 2_000;
const AGAIN_MS = 500;

/** The fact in a message; undefined when it is none: it is passed over. */
function toldIn(message: JsMsg): Told | undefined {
  try {
    return { seq: message.seq, envelope: envelopeShape.parse(message.json<Envelope>()) };
  } catch {
    return undefined;
  }
}

/**
 * Facts through durable consumers: JetStream keeps each reader's place, and has one fact out at a time.
 * @param heldMs what its reader had when it died is handed out again after this long
 */
export function natsOutbox(link: NatsLink, heldMs = HELD_MS): Outbox {
  const open = async (name: string, kinds: Parameters<Outbox['drain']>[1]): Promise<Consumer> => {
    const settings = {
      durable_name: name,
      filter_subjects: kinds.map(factsOfKind),
      ack_policy: AckPolicy.Explicit,
      ack_wait: heldMs * NANOS_PER_MS,
      max_ack_pending: 1,
      inactive_threshold: FORGOTTEN_MS * NANOS_PER_MS,
      num_replicas: link.replicas,
    };
    await link.call(`reader ${name} of facts`, async () => {
      const there = await link.manager.consumers.info(FACT_STREAM, name).catch(() => undefined);
      if (there) await link.manager.consumers.update(FACT_STREAM, name, settings);
      else await link.manager.consumers.add(FACT_STREAM, { ...settings, deliver_policy: DeliverPolicy.New });
    });
    return link.call(`reader ${name} of facts`, () => link.jetstream.consumers.get(FACT_STREAM, name));
  };

  /** Hands out one fact, if one comes within a while. */
  const handOut = async (consumer: Consumer, deliver: (told: Told) => Promise<void>): Promise<void> => {
    const message = await consumer.next({ expires: WAIT_MS });
    if (!message) return;
    const told = toldIn(message);
    const working = setInterval(() => message.working(), heldMs / 3);
    try {
      if (told) await deliver(told);
      await message.ackAck();
    } catch {
      message.nak();
    } finally {
      clearInterval(working);
    }
  };

  return {
    async drain(name, kinds, deliver) {
      let closed = false;
      let consumer: Consumer | undefined = await open(name, kinds);
      const run = async (): Promise<undefined> => {
        while (!closed) {
          try {
            consumer ??= await open(name, kinds);
            await handOut(consumer, deliver);
          } catch {
            // The store is away, or has lost the reader: it is looked for anew.
            consumer = undefined;
            await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
          }
        }
      };
      const ended = run();
      return {
        close() {
          closed = true;
        },
        ended,
      };
    },
  };
}

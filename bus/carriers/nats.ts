import type { Bucket } from '../ports/bucket.ts';
import type { Bus } from '../ports/bus.ts';
import type { Facts } from '../ports/facts.ts';
import type { Journal } from '../ports/journal.ts';
import type { Keeper } from '../ports/keeper.ts';
import type { Leases } from '../ports/leases.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { Readers } from '../ports/readers.ts';
import { natsBucket } from './nats/bucket.ts';
import { natsBus } from './nats/bus.ts';
import { connectNats, type NatsOptions } from './nats/connection.ts';
import { natsFacts } from './nats/facts.ts';
import { natsJournal } from './nats/journal.ts';
import { natsKeeper } from './nats/keeper.ts';
import { natsLeases } from './nats/leases.ts';
import { natsLedger } from './nats/ledger.ts';
import { natsOutbox } from './nats/outbox.ts';
import { startPublisher } from './nats/publisher.ts';
import { natsReaders } from './nats/readers.ts';

/** The ports that NATS carries, over one connection. */
export interface NatsStore {
  journal: Journal;
  facts: Facts;
  bus: Bus;
  readers: Readers;
  leases: Leases;
  keeper: Keeper;
  ledger: Ledger;
  outbox: Outbox;
  bucket: Bucket;
  /** Whether there is a connection now. */
  isUp(): boolean;
  /** Messages that wait for their acknowledgement. */
  outstanding(): number;
  close(): Promise<void>;
}

/**
 * Connects to NATS and carries the ports over it.
 * @param nowMs monotonic, for the expiry of leases
 * @param heldMs after this long, what a reader of the outbox had when it died is handed out again
 * @throws JournalAway when no server answers within `firstConnectMs`
 */
export async function natsStore(options: NatsOptions, nowMs?: () => number, heldMs?: number): Promise<NatsStore> {
  const link = await connectNats(options);
  const publisher = startPublisher(link);
  return {
    journal: natsJournal(link, publisher),
    facts: natsFacts(link, publisher),
    bus: natsBus(link),
    readers: natsReaders(link),
    leases: natsLeases(link, nowMs),
    keeper: natsKeeper(link),
    ledger: natsLedger(link, publisher),
    outbox: natsOutbox(link, heldMs),
    bucket: natsBucket(link),
    isUp: () => link.isUp(),
    outstanding: () => publisher.outstanding(),
    close: () => link.close(),
  };
}

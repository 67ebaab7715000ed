import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { natsBus } from '../../bus/carriers/nats/bus.ts';
import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { natsFacts } from '../../bus/carriers/nats/facts.ts';
import { natsJournal } from '../../bus/carriers/nats/journal.ts';
import { natsKeeper } from '../../bus/carriers/nats/keeper.ts';
import { natsLeases } from '../../bus/carriers/nats/leases.ts';
import { natsLedger } from '../../bus/carriers/nats/ledger.ts';
import { natsOutbox } from '../../bus/carriers/nats/outbox.ts';
import { startPublisher } from '../../bus/carriers/nats/publisher.ts';
import { natsReaders } from '../../bus/carriers/nats/readers.ts';
import { redisSessions } from '../../bus/carriers/redis.ts';
import { openSpool, type Spool } from '../../bus/carriers/spool.ts';
import type { Bus } from '../../bus/ports/bus.ts';
import type { Keeper } from '../../bus/ports/keeper.ts';
import type { Leases } from '../../bus/ports/leases.ts';
import type { Ledger } from '../../bus/ports/ledger.ts';
import type { Outbox } from '../../bus/ports/outbox.ts';
import type { Readers } from '../../bus/ports/readers.ts';
import type { Sessions } from '../../bus/ports/sessions.ts';
import type { Group } from '../group.ts';
import { type LogWitness, witnessLog } from './log-witness.ts';

/** The ports of the bus, carried by this group's servers. */
export interface Carriers {
  /** Journal and facts, which go on from the local disk while NATS is away. */
  spool: Spool;
  bus: Bus;
  readers: Readers;
  leases: Leases;
  keeper: Keeper;
  /** Has looked at what NATS has lost before anything is delivered. */
  witness: LogWitness;
  ledger: Ledger;
  outbox: Outbox;
  sessions: Sessions;
  natsIsUp(): boolean;
  close(): Promise<void>;
}

/** The secret that a file holds; no file, no secret. */
const secretIn = (file: string): string => (file ? readFileSync(file, 'utf8').trim() : '');

/** Where NATS is and who we are there. */
export function natsIdentity({ servers, user, passwordFile, credentialsFile = '', replicas }: Group['nats']) {
  return {
    servers,
    user,
    password: secretIn(passwordFile),
    credentials: secretIn(credentialsFile),
    ...(replicas ? { replicas } : {}),
    ...(servers.length > 1 ? { timeoutMs: CLUSTER_ANSWERS_WITHIN_MS } : {}),
  };
}

/** A cluster whose leader died stays silent until it has another, for seconds: people are not kept waiting so long. */
const CLUSTER_ANSWERS_WITHIN_MS = 800;

/**
 * Connects to NATS and Redis, however long NATS is away; what a former gateway left in the spool is being delivered.
 * @param onWait told why NATS is waited for
 */
export async function openCarriers(group: Group, log: Logger, onWait: (why: string) => void): Promise<Carriers> {
  const endless = { firstConnectMs: Number.POSITIVE_INFINITY, onWait };
  const link = await connectNats({ ...natsIdentity(group.nats), name: group.node, ...endless });
  const publisher = startPublisher(link);
  const keeper = natsKeeper(link);
  const witness = witnessLog(keeper, group.state, group.node, (err) =>
    log.error({ err }, 'how far the log has come can’t be remembered now'),
  );
  const spool = await openSpool({
    journal: natsJournal(link, publisher),
    facts: natsFacts(link, publisher),
    file: path.join(group.state, 'spool', group.gateway === 1 ? 'gateway.jsonl' : `gateway-${group.gateway}.jsonl`),
    look: witness.look,
    onParked: (parked) => log.error({ parked }, 'a record or fact can’t be stored and was put aside: look at the file'),
    onFault: (err) => log.error({ err }, 'the spool has trouble with its file'),
  });
  const sessions = redisSessions({
    host: group.redis.host,
    port: group.redis.port,
    password: secretIn(group.redis.passwordFile),
  });
  return {
    spool,
    sessions,
    bus: natsBus(link),
    readers: natsReaders(link),
    leases: natsLeases(link),
    keeper,
    witness,
    ledger: natsLedger(link, publisher),
    outbox: natsOutbox(link),
    natsIsUp: () => link.isUp(),
    async close() {
      witness.close();
      sessions.close();
      await spool.close();
      await link.close();
    },
  };
}

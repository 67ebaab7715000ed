import {
  type DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { JournalAway } from '../../ports/faults.ts';
import {
  EVERY_FACT,
  EVERY_JOURNAL,
  EVERY_TOLD,
  FACT_STREAM,
  JOURNAL_STREAM,
  LEDGER_STREAM,
  LEDGER_SUBJECT,
} from '../../subjects.ts';

/** Where NATS is and who we are there. */
export interface NatsOptions {
  servers: string[];
  user?: string;
  password?: string;
  /** The text of a NATS credentials file; takes the place of user and password. */
  credentials?: string;
  /** What the server's monitoring calls this connection. */
  name: string;
  /** How long to try for the first connection. Default 30 s; later losses are retried for ever. */
  firstConnectMs?: number;
  /** Told why, each time that a try has failed and another one follows. */
  onWait?(why: string): void;
  /** How long one request may take. Default 2 s. */
  timeoutMs?: number;
  /** How many servers of a cluster keep each message. Default 1. */
  replicas?: number;
  /** Whether the streams that Signalbox needs are made; not where they are about to be restored. Default true. */
  makeStreams?: boolean;
}

/** One connection to NATS that mends itself, shared by the carriers of this folder. */
export interface NatsLink {
  connection: NatsConnection;
  jetstream: JetStreamClient;
  manager: JetStreamManager;
  timeoutMs: number;
  /** How many servers keep each message. */
  replicas: number;
  isUp(): boolean;
  /** Calls back at each loss of the connection; returns how to stop that. */
  onLoss(listener: () => void): () => void;
  /** Calls back each time the connection is there again; returns how to stop that. */
  onReturn(listener: () => void): () => void;
  /** Runs a request. @throws JournalAway when there is no connection, it is lost meanwhile, or nobody answers */
  call<T>(what: string, request: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const PING_INTERVAL_MS = 2_000; // with two unanswered pings a hung server is noticed after 6 s
const RETRY_MS = 100;
const FIRST_CONNECT_MS = 30_000;
const NANOS_PER_MS = 1_000_000;
const NAME_IN_USE = 10_058;
const TEMPORARILY_UNAVAILABLE = 10_008;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Who we are to the server. */
function identity({ credentials, user, password = '' }: NatsOptions) {
  if (credentials) return { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) };
  return user ? { user, pass: password } : {};
}

async function firstConnection(options: NatsOptions): Promise<NatsConnection> {
  const deadline = performance.now() + (options.firstConnectMs ?? FIRST_CONNECT_MS);
  for (;;) {
    try {
      return await connect({
        servers: options.servers,
        name: options.name,
        ...identity(options),
        timeout: 2_000,
        reconnectTimeWait: RETRY_MS,
        reconnectJitter: 0,
        maxReconnectAttempts: -1,
        ignoreAuthErrorAbort: true, // a restarted server may refuse for a moment while its settings are reloaded
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: 2,
      });
    } catch (error) {
      if ((error as Error).name === 'AuthorizationError') {
        throw new Error(
          `NATS at ${options.servers.join(', ')} refuses ${options.credentials ? 'our credentials: check the file' : `user "${options.user ?? ''}": check its password`}`,
        );
      }
      const why = `NATS does not answer at ${options.servers.join(', ')} (${(error as Error).message}): is nats-server running?`;
      if (performance.now() > deadline) throw new JournalAway(why);
      options.onWait?.(why);
      await pause(RETRY_MS);
    }
  }
}

/** Errors that tell nothing about the request except that no answer came. */
const isSilence = (error: unknown): boolean =>
  error instanceof JetStreamApiError
    ? error.code === TEMPORARILY_UNAVAILABLE
    : [
        'TimeoutError',
        'NoRespondersError',
        'RequestError',
        'ClosedConnectionError',
        'DrainingConnectionError',
      ].includes((error as Error)?.name);

/**
 * Connects to NATS, makes the streams that Signalbox needs, and stays connected.
 * @throws JournalAway when no server answers within `firstConnectMs`
 */
export async function connectNats(options: NatsOptions): Promise<NatsLink> {
  const timeoutMs = options.timeoutMs ?? 2_000;
  const connection = await firstConnection(options);
  let up = true;
  const losses = new Set<() => void>();
  const returns = new Set<() => void>();
  const listen = (listeners: Set<() => void>, listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const lose = () => {
    if (!up) return;
    up = false;
    for (const listener of [...losses]) listener();
  };

  const link: NatsLink = {
    connection,
    jetstream: jetstream(connection, { timeout: timeoutMs }),
    manager: await jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false }),
    timeoutMs,
    replicas: options.replicas ?? 1,
    isUp: () => up,
    onLoss: (listener) => listen(losses, listener),
    onReturn: (listener) => listen(returns, listener),
    async call(what, request) {
      if (!up) throw new JournalAway(`${what}: the connection to NATS is down`);
      let stop = () => {};
      const lost = new Promise<never>((_, reject) => {
        stop = link.onLoss(() => reject(new JournalAway(`${what}: the connection to NATS was lost`)));
      });
      try {
        return await Promise.race([request(), lost]);
      } catch (error) {
        if (!isSilence(error)) throw error;
        throw new JournalAway(`${what}: NATS did not answer (${(error as Error).message})`, { cause: error });
      } finally {
        stop();
      }
    },
    async close() {
      lose();
      await connection.close();
    },
  };

  // A server that came back with an empty store needs its streams again; one that kept them says so.
  const comeBack = async () => {
    up = true;
    await untilMade(link, { ...options, firstConnectMs: FIRST_CONNECT_MS, onWait: undefined }).catch(() => {});
    if (up) for (const listener of [...returns]) listener();
  };
  const watch = async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'close') lose();
      if (status.type === 'reconnect') void comeBack();
    }
    lose();
  };
  void watch();
  try {
    await untilMade(link, options);
  } catch (error) {
    await link.close();
    throw error;
  }
  return link;
}

/** A server just started may take a moment before JetStream answers. */
async function untilMade(link: NatsLink, options: NatsOptions): Promise<void> {
  if (options.makeStreams === false) return;
  const deadline = performance.now() + (options.firstConnectMs ?? FIRST_CONNECT_MS);
  for (;;) {
    try {
      return await makeStreams(link);
    } catch (error) {
      const silent = error instanceof JournalAway && !link.connection.isClosed();
      if (!silent || performance.now() > deadline) throw error;
      options.onWait?.(error.message);
      await pause(RETRY_MS);
    }
  }
}

async function makeStream(link: NatsLink, config: Partial<StreamConfig> & { name: string }): Promise<void> {
  try {
    await link.call(`making stream ${config.name}`, () => link.manager.streams.add(config));
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
    await link.call(`updating stream ${config.name}`, () => link.manager.streams.update(config.name, config));
  }
}

/** Makes the streams, or brings them to today's settings. Nothing happens when they have them. */
async function makeStreams(link: NatsLink): Promise<void> {
  // A full store refuses the new rather than forget the old: forgetting is the keeper's, who knows what may go.
  const kept = { discard: 'new' as DiscardPolicy, max_age: 0, max_msgs: -1, num_replicas: link.replicas };
  const settings = { ...kept, storage: 'file', duplicate_window: 120_000 * NANOS_PER_MS, allow_direct: true } as const;
  await makeStream(link, { ...settings, name: JOURNAL_STREAM, subjects: [EVERY_JOURNAL] });
  const republish = { src: EVERY_FACT, dest: EVERY_TOLD };
  await makeStream(link, { ...settings, name: FACT_STREAM, subjects: [EVERY_FACT], republish });
  await makeStream(link, { ...settings, name: LEDGER_STREAM, subjects: [LEDGER_SUBJECT] });
}

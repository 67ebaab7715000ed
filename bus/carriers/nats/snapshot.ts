import type { StreamConfig, StreamState } from '@nats-io/jetstream';
import { createInbox, type Msg } from 'nats';
import { isOurStream } from '../../subjects.ts';
import type { NatsLink } from './connection.ts';

/** What a stream was when its snapshot was taken; the server wants it back with the snapshot. */
export interface StreamHead {
  config: StreamConfig;
  state: StreamState;
}

/** A stream as one piece: messages with their sequences and times, consumers with where they stood. */
export interface Snapshot {
  head: StreamHead;
  /** In the server's own form; read to their end, and at once: the server waits for each. */
  chunks: AsyncIterable<Uint8Array>;
}

/** The server refuses, or breaks off. */
export class SnapshotFailed extends Error {
  override name = 'SnapshotFailed';
}

const CHUNK_BYTES = 128 * 1024;
/** Large stores are read and written through to the disk before the server answers. */
const PATIENCE_MS = 60_000;

interface Answer {
  error?: { description?: string; err_code?: number };
}

async function ask<T>(link: NatsLink, subject: string, body: object): Promise<T & Answer> {
  const reply = await link.call(subject, () =>
    link.connection.request(subject, JSON.stringify(body), { timeout: PATIENCE_MS }),
  );
  const answer = reply.json<T & Answer>();
  if (answer.error) throw new SnapshotFailed(`NATS refuses ${subject}: ${answer.error.description ?? 'no reason'}`);
  return answer;
}

/** The streams and buckets of Signalbox that a server has. */
export async function ourStreams(link: NatsLink): Promise<string[]> {
  const names: string[] = [];
  for await (const name of link.manager.streams.names()) if (isOurStream(name)) names.push(name);
  return names;
}

/**
 * Takes a snapshot of a stream while it is in use, as of this moment (JetStream API, `STREAM.SNAPSHOT`).
 * @throws SnapshotFailed, JournalAway; while the chunks are read, too
 */
export async function snapshotStream(link: NatsLink, name: string): Promise<Snapshot> {
  const inbox = createInbox();
  const arriving = link.connection.subscribe(inbox);
  try {
    const body = { deliver_subject: inbox, chunk_size: CHUNK_BYTES };
    const { config, state } = await ask<StreamHead>(link, `$JS.API.STREAM.SNAPSHOT.${name}`, body);
    return { head: { config, state }, chunks: chunksOf(link, name, arriving) };
  } catch (error) {
    arriving.unsubscribe();
    throw error;
  }
}

async function* chunksOf(
  link: NatsLink,
  name: string,
  arriving: AsyncIterable<Msg> & { unsubscribe(): void },
): AsyncGenerator<Uint8Array> {
  const stop = link.onLoss(() => arriving.unsubscribe());
  try {
    for await (const message of arriving) {
      const code = message.headers?.code ?? 0;
      if (code !== 0 && code !== 204) {
        throw new SnapshotFailed(`NATS broke off the snapshot of ${name}: ${message.headers?.description ?? code}`);
      }
      if (message.data.length === 0) return;
      yield message.data;
      message.respond();
    }
    throw new SnapshotFailed(`the connection to NATS was lost during the snapshot of ${name}`);
  } finally {
    stop();
    arriving.unsubscribe();
  }
}

/**
 * Makes a stream from its snapshot; there must be none of that name (JetStream API, `STREAM.RESTORE`).
 * @throws SnapshotFailed, JournalAway
 */
export async function restoreStream(link: NatsLink, { head, chunks }: Snapshot): Promise<void> {
  const { name } = head.config;
  const { deliver_subject } = await ask<{ deliver_subject: string }>(link, `$JS.API.STREAM.RESTORE.${name}`, head);
  const send = (data: Uint8Array) =>
    link.call(`restoring ${name}`, () => link.connection.request(deliver_subject, data, { timeout: PATIENCE_MS }));
  const refuse = (said: Answer | undefined) => {
    if (said?.error) throw new SnapshotFailed(`NATS can't restore ${name}: ${said.error.description ?? 'no reason'}`);
  };
  for await (const chunk of chunks) {
    const reply = await send(chunk);
    if (reply.data.length > 0) refuse(reply.json<Answer>());
  }
  refuse((await send(new Uint8Array())).json<Answer>());
}

import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { StreamState } from '@nats-io/jetstream';
import { connectNats, type NatsLink } from '../../bus/carriers/nats/connection.ts';
import { natsJournal } from '../../bus/carriers/nats/journal.ts';
import { startPublisher } from '../../bus/carriers/nats/publisher.ts';
import { ourStreams, type StreamHead, snapshotStream } from '../../bus/carriers/nats/snapshot.ts';
import { FACT_STREAM, JOURNAL_STREAM, LEDGER_STREAM } from '../../bus/subjects.ts';
import { VERSIONS } from '../../bus/upcast.ts';
import { natsIdentity } from '../gateway/carriers.ts';
import type { Group } from '../group.ts';
import { type BackupLine, type Summary, writeBackup } from './file.ts';
import { readStateFiles } from './state-files.ts';
import { foldWhole } from './whole-state.ts';

/** A backup can't be made now; the message says why, and what to do. */
export class BackupRefused extends Error {
  override name = 'BackupRefused';
}

/**
 * What follows from another comes first, so that a backup is like a gateway killed at that moment: a ledger never names
 * a fact, nor a fact a record, that is not there. Leases come last, as no epoch of the journal may lie above theirs.
 */
const ORDER = [LEDGER_STREAM, FACT_STREAM, JOURNAL_STREAM];
const TRIES = 3;

/** Retention swept the journal while it was read. */
class Disturbed extends Error {}

/** Records that a journal has lost between its first and its last. */
const gone = ({ first_seq, last_seq, messages }: StreamState): string =>
  `${first_seq} ${last_seq - first_seq + 1 - messages}`;

/**
 * Backs a running group up: its people, keys, logins and added cameras, and all that NATS keeps. Recordings and the
 * configuration file are not in it.
 * @param passphrase encrypts the file
 * @throws BackupRefused, JournalAway, SnapshotFailed
 */
export async function makeBackup(group: Group, file: string, passphrase?: string): Promise<Summary> {
  refuseWithSpool(group.state);
  const link = await connectNats({
    ...natsIdentity(group.nats),
    name: 'signalbox-backup',
    firstConnectMs: 5_000,
    makeStreams: false,
  });
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await writeBackup(file, linesOf(link, group.state), passphrase);
      } catch (error) {
        if (!(error instanceof Disturbed) || attempt === TRIES) throw error;
      }
    }
  } finally {
    await link.close();
  }
}

/** What NATS has not taken yet would be missing. */
function refuseWithSpool(state: string): void {
  const folder = path.join(state, 'spool');
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const waiting = names.filter((name) => statSync(path.join(folder, name)).size > 0);
  if (waiting.length > 0) {
    throw new BackupRefused(
      'records wait on the disk for NATS to take them: try again when /readyz says that all is well',
    );
  }
}

async function* linesOf(link: NatsLink, state: string): AsyncGenerator<BackupLine, Omit<Summary, 'sha256'>> {
  const made_at = Date.now();
  // Before the ledger: an older end is found in a newer ledger, not the other way round.
  const head = readStateFiles(state).get('ledger-head.json');
  const there = await ourStreams(link);
  if (!there.includes(JOURNAL_STREAM)) throw new BackupRefused('this NATS holds no journal of Signalbox');
  const streams = [...ORDER.filter((name) => there.includes(name)), ...there.filter((name) => !ORDER.includes(name))];
  let journal: StreamHead | undefined;
  for (const name of streams) {
    const snapshot = await snapshotStream(link, name);
    if (name === JOURNAL_STREAM) journal = snapshot.head;
    yield { stream: snapshot.head };
    for await (const chunk of snapshot.chunks) yield { chunk: Buffer.from(chunk).toString('base64') };
  }
  const was = (journal as StreamHead).state;
  const whole = await foldWhole(natsJournal(link, startPublisher(link)), was.last_seq);
  const now = await link.manager.streams.info(JOURNAL_STREAM);
  if (gone(now.state) !== gone(was)) throw new Disturbed('retention swept the journal meanwhile');
  // After the journal: a camera that it does not know is made at the start, one that is missing here would be removed.
  const files = readStateFiles(state);
  if (head) files.set('ledger-head.json', head);
  else files.delete('ledger-head.json');
  for (const [name, data] of files) yield { file: { name, data: data.toString('base64') } };
  const { records, hash } = whole;
  return { made_at, files: files.size, streams, records, seq: was.last_seq, state: hash, versions: VERSIONS };
}

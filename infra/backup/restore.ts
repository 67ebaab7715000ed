import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { connectNats, type NatsLink, type NatsOptions } from '../../bus/carriers/nats/connection.ts';
import { natsJournal } from '../../bus/carriers/nats/journal.ts';
import { startPublisher } from '../../bus/carriers/nats/publisher.ts';
import { ourStreams, restoreStream, type StreamHead } from '../../bus/carriers/nats/snapshot.ts';
import { isOurStream, JOURNAL_STREAM } from '../../bus/subjects.ts';
import { newerThanHere, VERSIONS } from '../../bus/upcast.ts';
import type { Config } from '../config/model.ts';
import { takeStateFolder } from '../launcher/state-folder.ts';
import { type BackupLine, BrokenBackup, proveBackup, readBackup, type Summary } from './file.ts';
import { startOwnNats } from './own-nats.ts';
import { writeStateFile } from './state-files.ts';
import { foldWhole, type WholeState } from './whole-state.ts';

/** Nothing was restored; the message says why, and what to do. */
export class RestoreRefused extends Error {
  override name = 'RestoreRefused';
}

/** What is restored, and where to. */
export interface RestoreWish {
  file: string;
  passphrase?: string;
  /** The data folder. */
  state: string;
  /** A NATS of one's own; `embedded`: the one that Signalbox runs in the data folder. */
  nats: Config['nats'];
  /** Whether a data folder that is there is put aside. */
  replace: boolean;
  env: NodeJS.ProcessEnv;
}

/** What was restored. */
export interface Restored extends Summary {
  cells: number;
  notUnderstood: WholeState['notUnderstood'];
  /** SHA-256 of the state to which this release folds what an earlier one had backed up; absent: it is the same. */
  foldedTo?: string;
  /** Where the folder that was there is now. */
  aside?: string;
}

/**
 * Restores a backup. It is proved whole first; then everything is made beside the data folder, folded, and compared with
 * the state that was backed up; only then the folders change places.
 * @throws RestoreRefused, BrokenBackup, SnapshotFailed, JournalAway; then nothing was changed
 */
export async function restoreBackup(wish: RestoreWish): Promise<Restored> {
  const summary = await proveBackup(wish.file, wish.passphrase);
  refuseLater(wish.file, summary);
  const state = path.resolve(wish.state);
  const release = claim(state, wish.replace);
  const draft = `${state}.restoring`;
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const whole = await restoreInto(draft, wish, summary);
    release();
    const aside = changePlaces(state, draft);
    const folded = whole.hash === summary.state ? {} : { foldedTo: whole.hash };
    return {
      ...summary,
      ...folded,
      cells: whole.cells,
      notUnderstood: whole.notUnderstood,
      ...(aside ? { aside } : {}),
    };
  } finally {
    release();
    rmSync(draft, { recursive: true, force: true });
  }
}

/** What a later release wrote would be misread: it is left to that one. */
function refuseLater(file: string, { versions = {} }: Summary): void {
  const newer = newerThanHere(versions);
  if (newer.length === 0) return;
  throw new RestoreRefused(
    `${file} was made by a later release (${newer.join(', ')}): restore it with that one, or take a backup from before the upgrade`,
  );
}

/** Keeps groups from starting on a folder that is about to be replaced. */
function claim(state: string, replace: boolean): () => void {
  if (!existsSync(state) || readdirSync(state).length === 0) return () => {};
  if (!replace) {
    throw new RestoreRefused(
      `${state} is not empty: add --replace to put it aside, or name another folder with --state DIR`,
    );
  }
  let folder: ReturnType<typeof takeStateFolder> | undefined;
  try {
    folder = takeStateFolder(state);
  } catch (error) {
    throw new RestoreRefused((error as Error).message);
  }
  return () => {
    folder?.release();
    folder = undefined;
  };
}

function changePlaces(state: string, draft: string): string | undefined {
  const isThere = existsSync(state) && readdirSync(state).length > 0;
  const aside = `${state}.before-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  if (isThere) renameSync(state, aside);
  else rmSync(state, { recursive: true, force: true });
  renameSync(draft, state);
  return isThere ? aside : undefined;
}

async function restoreInto(draft: string, wish: RestoreWish, summary: Summary): Promise<WholeState> {
  if (wish.nats !== 'embedded') {
    const { servers, user, passwordFile, credentialsFile, replicas = 1 } = wish.nats;
    const secret = (file: string | undefined) => (file === undefined ? '' : readFileSync(file, 'utf8').trim());
    const who = { ...(user ? { user } : {}), password: secret(passwordFile), credentials: secret(credentialsFile) };
    return throughLink({ servers, ...who, replicas, name: 'signalbox-restore' }, draft, wish, summary);
  }
  const own = await startOwnNats(draft, wish.env);
  try {
    const { servers, user, password } = own;
    return await throughLink({ servers, user, password, name: 'signalbox-restore' }, draft, wish, summary);
  } finally {
    await own.stop();
    rmSync(path.join(draft, 'restore.conf'), { force: true });
  }
}

async function throughLink(nats: NatsOptions, draft: string, wish: RestoreWish, summary: Summary): Promise<WholeState> {
  const link = await connectNats({ ...nats, firstConnectMs: 5_000, makeStreams: false });
  const made: string[] = [];
  try {
    const there = await ourStreams(link);
    if (there.length > 0) {
      throw new RestoreRefused(
        `this NATS holds ${there.join(', ')} already: remove them there, or restore to an empty one`,
      );
    }
    await fill(link, draft, readBackup(wish.file, wish.passphrase), made);
    const { state: at } = await link.manager.streams.info(JOURNAL_STREAM);
    const whole = await foldWhole(natsJournal(link, startPublisher(link)), at.last_seq);
    if (whole.records !== summary.records) {
      throw new BrokenBackup(`${wish.file} leads to ${whole.records} records instead of ${summary.records}`);
    }
    // Machines of an earlier release knew less, and records that are not understood lead nowhere: that is told, not hidden.
    const isOfHere = isDeepStrictEqual(summary.versions, VERSIONS);
    if (whole.hash !== summary.state && isOfHere && whole.notUnderstood.length === 0) {
      throw new BrokenBackup(`${wish.file} leads to another state than the one that was backed up`);
    }
    return whole;
  } catch (error) {
    for (const name of made) await link.manager.streams.delete(name).catch(() => false);
    throw error;
  } finally {
    await link.close();
  }
}

/** Writes files and streams, in the order of the lines. */
async function fill(link: NatsLink, draft: string, lines: AsyncGenerator<BackupLine>, made: string[]): Promise<void> {
  let next = await lines.next();
  /** The chunks of a stream, up to the next line that is none. */
  const chunks = async function* () {
    for (next = await lines.next(); !next.done && 'chunk' in next.value; next = await lines.next()) {
      yield Buffer.from(next.value.chunk, 'base64');
    }
  };
  while (!next.done) {
    const line = next.value;
    if ('stream' in line) {
      const head = fitted(line.stream, link.replicas);
      made.push(head.config.name);
      await restoreStream(link, { head, chunks: chunks() });
      continue;
    }
    if ('file' in line) writeStateFile(draft, line.file.name, Buffer.from(line.file.data, 'base64'));
    next = await lines.next();
  }
}

function fitted({ config, state }: StreamHead, replicas: number): StreamHead {
  if (!isOurStream(config.name)) throw new BrokenBackup(`a backup holds no stream "${config.name.slice(0, 80)}"`);
  return { config: { ...config, num_replicas: replicas }, state };
}

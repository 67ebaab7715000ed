import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { replaceFile } from '../../adapters/files.ts';
import type { Seal } from '../../adapters/seal.aes.ts';
import { isFixed, type SharedFiles } from '../../adapters/shared.files.ts';
import type { Bucket, BucketEntry } from '../../bus/ports/bucket.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { Subscription } from '../../bus/ports/subscription.ts';
import { mergeEntry } from '../../machines/policy/merging.ts';

/** What sharing needs. */
export interface SharingParts {
  bucket: Bucket;
  seal: Seal;
  files: SharedFiles;
  /** Remembers what was last the same here and there, so that a removal is told from what was never heard of. */
  baseFile: string;
  /** Runs again and again; the result stops it. */
  every(ms: number, run: () => void): () => void;
  /** Something a person may want to know. */
  remark(text: string): void;
}

/** The data folders of several hosts, kept the same where it counts. */
export interface Sharing {
  /** Resolves when this host and the others have the same. @throws JournalAway, BrokenSeal */
  agree(): Promise<void>;
  close(): void;
}

const LOOK_EVERY_MS = 200;
const AGAIN_MS = 20;
/** An entry that says whose bucket it is: whoever has another key is refused before anything is written. */
const SEAL = 'seal';

/**
 * Shares the files of a data folder with other hosts through a bucket in which every value is sealed. What is changed
 * here, by a gateway or the command line, is there within a fraction of a second; while the bucket is away each host
 * goes on with what it has, and afterwards `machines/policy/merging.ts` says whose change stays.
 * @throws BrokenSeal when the others have another key; JournalAway
 */
export async function shareFiles({ bucket, seal, files, baseFile, every, remark }: SharingParts): Promise<Sharing> {
  const there = new Map<string, BucketEntry>();
  const due = new Set<string>();
  const base = new Map<string, string>(
    existsSync(baseFile) ? Object.entries(JSON.parse(readFileSync(baseFile, 'utf8')) as Record<string, string>) : [],
  );
  for (const key of base.keys()) due.add(key);
  let here = new Map<string, string>();
  let told = '';
  let closed = false;

  const hear = (entry: BucketEntry): void => {
    there.set(entry.key, entry);
    if (entry.key !== SEAL) due.add(entry.key);
  };
  const lookHere = (): void => {
    if (!files.changed()) return;
    const now = files.entries();
    for (const [key, text] of now) if (here.get(key) !== text) due.add(key);
    for (const key of here.keys()) if (!now.has(key)) due.add(key);
    here = now;
  };
  const markOf = (text: string | undefined) => (text === undefined ? undefined : seal.mark(text));

  /** Brings one entry together; false while somebody else's change of it is on its way here. */
  const settle = async (key: string): Promise<boolean> => {
    const known = there.get(key);
    const theirs = known?.value && seal.open(key, known.value);
    const ours = here.get(key);
    const standing = known && !known.value ? 'removed' : markOf(theirs);
    const decided = mergeEntry({ base: base.get(key), here: markOf(ours), there: standing, fixed: isFixed(key) });
    if (decided.act === 'take') {
      if (decided.why.reason === 'first' && ours !== undefined) remark(`${nameOf(key)}: ${decided.why.text}`);
      files.write(key, theirs);
      if (theirs === undefined) here.delete(key);
      else here.set(key, theirs);
    }
    if (decided.act === 'give') {
      const value = ours === undefined ? undefined : seal.close(key, ours);
      const revision = await bucket.write(key, value, known?.revision ?? 0);
      if (revision === undefined) return false;
      there.set(key, { key, ...(value ? { value } : {}), revision });
    }
    const agreed = markOf(decided.act === 'take' ? theirs : ours);
    if (agreed === undefined) base.delete(key);
    else base.set(key, agreed);
    return true;
  };

  const settleAll = async (): Promise<void> => {
    lookHere();
    if (due.size === 0) return;
    const before = JSON.stringify([...base]);
    try {
      for (const key of [...due]) {
        due.delete(key);
        const settled = await settle(key).catch((error) => {
          due.add(key);
          throw error;
        });
        if (!settled) due.add(key);
      }
    } finally {
      if (JSON.stringify([...base]) !== before) replaceFile(baseFile, JSON.stringify(Object.fromEntries(base)));
    }
  };
  // One at a time: two that settle the same entry would get in each other's way.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (): Promise<void> => {
    const turn = last.then(settleAll);
    last = turn.catch(() => {});
    return turn;
  };

  const check = async (): Promise<void> => {
    if (!there.has(SEAL)) await bucket.write(SEAL, seal.close(SEAL, SEAL), 0);
  };
  let following: Subscription = await bucket.follow(hear);
  const followOn = async (): Promise<void> => {
    for (;;) {
      const ended = await following.ended;
      if (closed) return;
      // The stores were replaced: the others hear everything anew, and so do we.
      if (ended) remark(`what hosts share is looked through anew: ${ended.message}`);
      there.clear();
      for (const key of [...here.keys(), ...base.keys()]) due.add(key);
      for (;;) {
        const next = await bucket.follow(hear).catch((error) => {
          if (!(error instanceof JournalAway)) throw error;
          return undefined;
        });
        if (next) following = next;
        if (next || closed) break;
        await wait(LOOK_EVERY_MS);
      }
    }
  };
  try {
    await check();
    while (!there.has(SEAL)) await wait(AGAIN_MS);
    seal.open(SEAL, there.get(SEAL)?.value ?? new Uint8Array());
  } catch (error) {
    following.close();
    throw error;
  }
  void followOn();
  const stop = every(LOOK_EVERY_MS, () => {
    inTurn().then(
      () => {
        told = '';
      },
      (error: Error) => {
        if (error instanceof JournalAway || error.message === told) return;
        told = error.message;
        remark(`what hosts share could not be brought together: ${error.message}`);
      },
    );
  });

  return {
    async agree() {
      await inTurn();
      while (due.size > 0) {
        await wait(AGAIN_MS);
        await inTurn();
      }
    },
    close() {
      closed = true;
      stop();
      following.close();
    },
  };
}

/** `people.bGFu` as a person knows it: people lan. */
const nameOf = (key: string): string => {
  const [kind = '', name = ''] = key.split('.');
  return `${kind} ${Buffer.from(name, 'base64url').toString('utf8')}`;
};

import { type Mediamtx, type PathConfig, RelayRefused } from '../mediamtx.ts';
import { RelayAway } from './exchange.ts';
import { canStay, look, remade, type Standing } from './standing-paths.ts';

/** The paths that one relay shall have; kept true over outages and restarts of either side. */
export interface RelayPaths {
  readonly relay: string;
  /**
   * Wants a path from now on. When it stands already with this configuration and delivers, it is left untouched;
   * otherwise it is made anew, so that the relay connects at once instead of waiting for its next retry.
   * @param refused called when the relay does not take it
   */
  want(name: string, config: PathConfig, refused: (detail: string) => void): void;
  /**
   * Has a path recorded from now on, or no more, as often as it is wanted; off and on again, it goes on in a new file.
   * Nothing is said of it: it is as it stands.
   */
  record(name: string, on: boolean): void;
  /** Has a wanted path deleted. */
  drop(name: string): void;
  /** Cares for a path no more, and leaves it as it is: another gateway does. */
  leave(name: string): void;
  /** Others have written to the relay as well: what stands there is looked at again before the next write. */
  lookAgain(): void;
  /**
   * Deletes the relay's paths that match and that nobody wants. Resolves to their names.
   * @param spared paths that somebody else wants
   * @throws RelayAway
   */
  sweep(ours: RegExp, spared?: (name: string) => boolean): Promise<string[]>;
  /**
   * Sees to it that a relay process has every wanted path. Resolves to how many there are.
   * @param instance when that process started: one that is known already is not looked at again
   * @throws RelayAway
   */
  restore(instance?: string): Promise<number>;
  /** Stops writing; the relay keeps what it has. */
  close(): void;
}

interface Wanted {
  config: PathConfig;
  refused(detail: string): void;
  /** Made by each `want`: a path that was written for an older one is made anew. */
  mark: symbol;
}

/** Until a path is tried again that waits for a disk. */
const HUNG_AGAIN_MS = 500;
/** The same for one that is read, and is to have another token. */
const READ_AGAIN_MS = 10_000;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1000;

/**
 * Keeps the paths of one relay as wanted. Writes go one at a time, because the relay works through its whole
 * configuration for each; what is wanted and dropped again meanwhile costs nothing.
 * @param takesWrites whether the disk that it records to takes writes now. While that hangs, the relay can't let go of a
 *   path that it records, and takes no other until it could: so nobody asks it to
 * @param readAgainMs until it is looked again whether a path is still read that is to have another token
 */
export function relayPaths(
  api: Mediamtx,
  takesWrites: () => Promise<boolean> = async () => true,
  readAgainMs = READ_AGAIN_MS,
): RelayPaths {
  const wanted = new Map<string, Wanted>();
  const written = new Map<string, symbol>();
  const recorded = new Map<string, boolean>();
  /** Those whose recording shall go on in a new file. */
  const cut = new Set<string>();
  const due = new Set<string>();
  /** Those that are put off: until the disk takes writes which they are recorded to, or until nobody reads them. */
  const waiting = new Map<string, NodeJS.Timeout>();
  let standing: Map<string, Standing> | undefined;
  /** The relay process that `standing` and `written` are about. */
  let seenAt: string | undefined;
  let working: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let retryMs = RETRY_MS;
  let closed = false;

  const put = async (name: string, path: Wanted, seen: Map<string, Standing>): Promise<void> => {
    const found = seen.get(name);
    const same = found !== undefined && canStay(found.config, path.config);
    const { source, sourceOnDemand = false } = path.config;
    // Its address may have a fresher token than the one that it reads with: that is for who comes next.
    if (same && sourceOnDemand && !name.startsWith('~') && (await isRead(name))) return putOff(name, readAgainMs);
    // One that pulls is made anew when it is wanted anew, and so connects at once; a publisher would only be cut. A
    // pattern connects for each path by itself, and has no token of its own.
    const lasts = source === 'publisher' || name.startsWith('~');
    const stays = same && (lasts || !(sourceOnDemand || written.has(name)));
    if (!stays || !(lasts || (await delivers(found, name)))) {
      const record = recorded.get(name);
      const config = { ...remade(path.config, found?.config), ...(record === undefined ? {} : { record }) };
      await api.replacePath(name, config);
      seen.set(name, { config, delivering: true });
    }
    written.set(name, path.mark);
  };

  /** Recording alone is changed: all else stays as it stands, so that the relay does not make the path anew. */
  const settleRecord = async (name: string, { config }: Wanted, seen: Map<string, Standing>): Promise<void> => {
    const record = recorded.get(name);
    const found = seen.get(name);
    if (record === undefined || !found) return;
    const stands = found.config.record ?? false;
    const wanted = stands !== record ? [record] : record && cut.has(name) ? [false, true] : [];
    const { source, sourceOnDemandCloseAfter } = found.config;
    const kept = { source, ...(sourceOnDemandCloseAfter === undefined ? {} : { sourceOnDemandCloseAfter }) };
    try {
      for (const one of wanted) {
        await api.replacePath(name, { ...config, ...kept, record: one });
        found.config = { ...found.config, record: one };
      }
      cut.delete(name);
    } catch (error) {
      // The recorder tells that nothing is written; the camera itself has no fault.
      if (!(error instanceof RelayRefused)) throw error;
    }
  };

  const remove = async (name: string, seen: Map<string, Standing>): Promise<void> => {
    if (seen.has(name)) await api.deletePath(name);
    seen.delete(name);
    written.delete(name);
  };

  /** Comes back to a path later. */
  const putOff = (name: string, afterMs: number): void => {
    clearTimeout(waiting.get(name));
    const again = () => {
      waiting.delete(name);
      due.add(name);
      push();
    };
    waiting.set(name, setTimeout(again, afterMs).unref());
  };

  /** Brings one path to what is wanted; a refusal is told to whoever wants it. @throws RelayAway */
  const settle = async (name: string, seen: Map<string, Standing>): Promise<void> => {
    const path = wanted.get(name);
    if (seen.get(name)?.config.record && !(await takesWrites())) return putOff(name, HUNG_AGAIN_MS);
    try {
      if (!path) return await remove(name, seen);
      if (written.get(name) !== path.mark) await put(name, path, seen);
      await settleRecord(name, path, seen);
    } catch (error) {
      if (!(error instanceof RelayRefused)) throw error;
      written.delete(name);
      if (path && wanted.get(name) === path) path.refused(error.message);
    }
  };

  /** Whether a path delivers. All of them are told of at once, unless one hangs: then each is asked about by itself. */
  const delivers = ({ delivering }: Standing, name: string): boolean | Promise<boolean> =>
    delivering ?? api.path(name).then(({ available }) => available);

  /** Whether somebody reads a path just now that pulls on demand. */
  const isRead = (name: string): Promise<boolean> =>
    api.path(name).then(
      ({ available }) => available,
      (error) => {
        if (error instanceof RelayRefused && error.status === 404) return false;
        throw error;
      },
    );

  /** Looks at what the relay has. In another process of it, nothing that we wrote stands any more. @throws RelayAway */
  const meet = async (): Promise<Map<string, Standing>> => {
    const { started } = await api.info();
    const seen = await look(api);
    if (started !== seenAt) {
      written.clear();
      for (const name of wanted.keys()) due.add(name);
    }
    seenAt = started;
    standing = seen;
    return seen;
  };

  /** Works through what is due; what could not be done stays due. @throws RelayAway */
  const work = async (): Promise<void> => {
    await undefined; // what is dropped and wanted again in one breath is one write
    while (!closed) {
      const seen = standing ?? (await meet());
      const [name] = due;
      if (name === undefined) return;
      due.delete(name);
      await settle(name, seen).catch((error) => {
        due.add(name);
        standing = undefined; // it may have been done, or not
        throw error;
      });
    }
  };

  /** Works when nobody else does; a failure is tried again later. @throws RelayAway | RelayRefused */
  const flush = async (prepare: () => void = () => {}): Promise<void> => {
    while (working) await working.catch(() => {});
    clearTimeout(retry);
    prepare();
    working = work();
    try {
      await working;
      retryMs = RETRY_MS;
    } catch (error) {
      // A relay's return calls `restore`; this covers a single lost call.
      retry = setTimeout(push, retryMs).unref();
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      throw error;
    } finally {
      working = undefined;
    }
    // What became due in the last moment found somebody working, and left it to them.
    if (due.size > 0) push();
  };

  const push = (): void => {
    // Who works now comes to what is due by itself.
    if (working || closed) return;
    flush().catch((error: unknown) => {
      if (!(error instanceof RelayAway || error instanceof RelayRefused)) throw error;
    });
  };

  return {
    relay: api.relay,
    want(name, config, refused) {
      wanted.set(name, { config, refused, mark: Symbol(name) });
      due.add(name);
      push();
    },
    record(name, on) {
      if (on && recorded.get(name) === false) cut.add(name);
      recorded.set(name, on);
      if (!wanted.has(name)) return;
      due.add(name);
      push();
    },
    drop(name) {
      if (!wanted.delete(name)) return;
      due.add(name);
      push();
    },
    leave(name) {
      wanted.delete(name);
      written.delete(name);
      recorded.delete(name);
      cut.delete(name);
      due.delete(name);
      clearTimeout(waiting.get(name));
      waiting.delete(name);
    },
    lookAgain() {
      standing = undefined;
    },
    async sweep(ours, spared = () => false) {
      const configs = await api.pathConfigs();
      const names = configs.map(({ name }) => name).filter((name) => ours.test(name));
      const orphans = names.filter((name) => !wanted.has(name) && !spared(name));
      await flush(() => {
        standing = undefined;
        for (const name of orphans) due.add(name);
      });
      return orphans;
    },
    async restore(instance) {
      await flush(() => {
        if (instance !== undefined && instance === seenAt) return;
        standing = undefined;
        seenAt = undefined;
      });
      return wanted.size;
    },
    close() {
      closed = true;
      clearTimeout(retry);
      for (const again of waiting.values()) clearTimeout(again);
    },
  };
}

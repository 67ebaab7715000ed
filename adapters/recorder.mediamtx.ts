import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { RecordSlot } from '../machines/slots.ts';
import { intakePath } from './intake.mediamtx.ts';
import { type Disk, DiskAway } from './recordings/disk.ts';
import { beganAtMs } from './recordings.files.ts';

/** What recording needs. */
export interface RecorderSettings {
  /** Has the relay that pulls a source record it, or stop: a hot change, no picture is lost. */
  record(camera: string, source: string, on: boolean): void;
  /** Somebody else says from now on whether it is recorded. */
  forget(camera: string, source: string): void;
  /** Where the relays of this machine write. */
  folder: string;
  /** The one that this folder lies on. */
  disk: Disk;
  /** Why files of a camera can't be seen here, where another machine writes them; absent or undefined: they can. */
  writtenElsewhere?(camera: string): string | undefined;
  now(): number;
}

const LOOK_EVERY_MS = 500;
/** With less room than this the disk counts as full: everything else on it needs some, too. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** A file that is recorded, and how large it was when it was last looked at. */
interface Growing {
  name: string;
  size: number;
}

async function fileIn(folder: string, name: string): Promise<Growing | undefined> {
  const found = await stat(path.join(folder, name)).catch(() => undefined);
  return found && { name, size: found.size };
}

/** The newest file of a folder; undefined when there is none. */
async function newestIn(folder: string): Promise<Growing | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => beganAtMs(name) !== undefined);
  if (names.length === 0) return undefined;
  return fileIn(
    folder,
    names.reduce((newest, name) => ((beganAtMs(name) ?? 0) > (beganAtMs(newest) ?? 0) ? name : newest)),
  );
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Has the relay record a source while the slot is held, and looks at the file: only bytes on the disk prove a recording.
 * When this process lets go, the relay goes on.
 */
export function recorderMediamtx({
  record,
  forget,
  folder,
  disk,
  writtenElsewhere,
  now,
}: RecorderSettings): RecordSlot {
  return ({ camera, source, silentMs, openingMs }, report) => {
    const own = path.join(folder, intakePath(camera, source));
    const begunAt = now();
    let known: Growing | undefined;
    let grewAt = begunAt;
    let said: 'growing' | 'silent' | 'full' | undefined;
    let isFirst = true;
    let closed = false;

    const grew = (newest: Growing): void => {
      if (known && newest.name !== known.name) {
        const begun_at = Math.floor(beganAtMs(known.name) ?? 0);
        report({ type: 'recorder.segment', source, begun_at, bytes: known.size });
      }
      known = newest;
      grewAt = now();
      if (said === 'growing') return;
      said = 'growing';
      report({ type: 'recorder.growing', elapsed_ms: Math.round(now() - begunAt) });
    };
    const stood = async (): Promise<void> => {
      const standingMs = now() - grewAt;
      if (standingMs < (said === undefined ? openingMs : silentMs)) return;
      // Whether it hangs is asked first: a question that hangs, too, would keep the bad news back.
      const takesWrites = await disk.takesWrites();
      const free = takesWrites ? await freeBytes(folder).catch(() => Number.POSITIVE_INFINITY) : undefined;
      if (closed || now() - grewAt < standingMs) return;
      if (free !== undefined && free < LEAST_FREE_BYTES) {
        if (said !== 'full') report({ type: 'recorder.full', free_bytes: free });
        said = 'full';
        return;
      }
      if (said === 'silent') return;
      said = 'silent';
      const stands = known ? `its file has not grown for ${Math.round(standingMs)} ms` : 'no file has been begun';
      const what = takesWrites ? stands : `the disk of the recordings takes no writes: ${stands}`;
      const detail = writtenElsewhere?.(camera) ?? what;
      report({ type: 'recorder.silent', silent_ms: Math.round(standingMs), detail });
    };
    /** The file known so far, and the newest one. The folder holds weeks of files: it is read only when that does not grow. */
    const files = async (): Promise<[same?: Growing, newest?: Growing]> => {
      const same = known && (await fileIn(own, known.name));
      return [same, same && known && same.size > known.size ? same : await newestIn(own)];
    };
    const look = async (): Promise<void> => {
      const [same, newest] = await disk.ask(files);
      if (closed) return;
      // What came in last, before the next file was begun.
      if (same && newest?.name !== same.name) known = same;
      if (newest && (newest.name !== known?.name || newest.size > known.size)) {
        // What was there before says nothing: only what is added does.
        if (isFirst) known = newest;
        else grew(newest);
      } else await stood();
      isFirst = false;
    };
    const ignoreAway = (error: unknown): void => {
      if (!(error instanceof DiskAway)) throw error;
    };
    let looking: Promise<void> | undefined;
    const turn = (): void => {
      // A look that hangs tells as much as a file that stands.
      if (looking) void stood();
      looking ??= look()
        .catch(ignoreAway)
        .finally(() => {
          looking = undefined;
        });
    };

    record(camera, source, true);
    turn();
    const timer = setInterval(turn, LOOK_EVERY_MS);
    const stop = () => {
      closed = true;
      clearInterval(timer);
    };
    return {
      release() {
        stop();
        record(camera, source, false);
      },
      detach() {
        stop();
        forget(camera, source);
      },
    };
  };
}

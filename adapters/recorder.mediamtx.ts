import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { RecordSlot } from '../machines/slots.ts';
import { intakePath } from './intake.mediamtx.ts';

/** What recording needs. */
export interface RecorderSettings {
  /** Has the relay that pulls a source record it, or stop: a hot change, no picture is lost. */
  record(camera: string, source: string, on: boolean): void;
  /** Where the relays of this machine write. */
  folder: string;
  now(): number;
}

const LOOK_EVERY_MS = 500;
/** With less room than this the disk counts as full: everything else on it needs some, too. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** The newest file of a folder; undefined when there is none. */
async function newestIn(folder: string): Promise<{ name: string; size: number } | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.mp4')).sort();
  const name = names.at(-1);
  if (name === undefined) return undefined;
  const found = await stat(path.join(folder, name)).catch(() => undefined);
  return found && { name, size: found.size };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Has the relay record a source while the slot is held, and looks at the file: only bytes on the disk prove a recording.
 * When this process lets go, the relay goes on.
 */
export function recorderMediamtx({ record, folder, now }: RecorderSettings): RecordSlot {
  return ({ camera, source, silentMs }, report) => {
    const own = path.join(folder, intakePath(camera, source));
    const begunAt = now();
    let known: { name: string; size: number } | undefined;
    let grewAt = begunAt;
    let said: 'growing' | 'silent' | 'full' | undefined;
    let isFirst = true;
    let closed = false;

    const grew = (newest: { name: string; size: number }): void => {
      if (known && newest.name !== known.name) {
        const [seconds = '0', micros = '0'] = known.name.split(/[-.]/);
        const begun_at = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
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
      if (standingMs < silentMs) return;
      const free = await freeBytes(folder).catch(() => Number.POSITIVE_INFINITY);
      if (closed) return;
      if (free < LEAST_FREE_BYTES) {
        if (said !== 'full') report({ type: 'recorder.full', free_bytes: free });
        said = 'full';
        return;
      }
      if (said === 'silent') return;
      said = 'silent';
      const what = known ? `its file has not grown for ${Math.round(standingMs)} ms` : 'no file has been begun';
      report({ type: 'recorder.silent', silent_ms: Math.round(standingMs), detail: what });
    };
    const look = async (): Promise<void> => {
      const newest = await newestIn(own);
      if (closed) return;
      if (newest && (newest.name !== known?.name || newest.size > known.size)) {
        // What was there before says nothing: only what is added does.
        if (isFirst) known = newest;
        else grew(newest);
      } else await stood();
      isFirst = false;
    };
    let timer: NodeJS.Timeout | undefined;
    const again = (): void => {
      timer = setTimeout(() => void look().finally(() => !closed && again()), LOOK_EVERY_MS);
    };

    record(camera, source, true);
    void look().finally(() => !closed && again());
    const stop = () => {
      closed = true;
      clearTimeout(timer);
    };
    return {
      release() {
        stop();
        record(camera, source, false);
      },
      detach: stop,
    };
  };
}

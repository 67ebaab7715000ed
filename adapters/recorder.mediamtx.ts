import type { RecordSlot } from '../machines/slots.ts';
import { DiskAway } from './recordings/disk.ts';
import type { Growing, Written } from './recordings/written.ts';
import { beganAtMs } from './recordings.files.ts';

/** What recording needs. */
export interface RecorderSettings {
  /** Has the relay that pulls a source record it, or stop: a hot change, no picture is lost. */
  record(camera: string, source: string, on: boolean): void;
  /** Somebody else says from now on whether it is recorded. */
  forget(camera: string, source: string): void;
  /** What is written of a camera, on whichever machine its intake is now. */
  writtenOf(camera: string): Written;
  now(): number;
}

const LOOK_EVERY_MS = 500;
/** With less room than this the disk counts as full: everything else on it needs some, too. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** Nobody could be asked, and why; a fault is none of that. */
function awayIn(error: unknown): DiskAway {
  if (error instanceof DiskAway) return error;
  throw error;
}

/**
 * Has the relay record a source while the slot is held, and looks at the file: only bytes on the disk prove a recording.
 * When this process lets go, the relay goes on.
 */
export function recorderMediamtx({ record, forget, writtenOf, now }: RecorderSettings): RecordSlot {
  return ({ camera, source, silentMs, openingMs }, report) => {
    let written: Written | undefined;
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
      const at = writtenOf(camera);
      // Whether it hangs is asked first: a question that hangs, too, would keep the bad news back.
      const room = await at.room(camera).catch(awayIn);
      if (closed || now() - grewAt < standingMs) return;
      if (!(room instanceof DiskAway) && room.freeBytes !== undefined && room.freeBytes < LEAST_FREE_BYTES) {
        if (said !== 'full') report({ type: 'recorder.full', free_bytes: room.freeBytes });
        said = 'full';
        return;
      }
      if (said === 'silent') return;
      said = 'silent';
      const on = at.where === undefined ? '' : ` on ${at.where}`;
      const stands = known
        ? `its file${on} has not grown for ${Math.round(standingMs)} ms`
        : `no file has been begun${on}`;
      const disk = `the disk of the recordings${on} takes no writes: ${stands}`;
      const detail = room instanceof DiskAway ? room.message : room.takesWrites ? stands : disk;
      report({ type: 'recorder.silent', silent_ms: Math.round(standingMs), detail });
    };
    const look = async (): Promise<void> => {
      const at = writtenOf(camera);
      // Its intake is another one now: what is there already says nothing.
      if (at !== written) isFirst = true;
      written = at;
      const { same, newest } = await at.look(camera, source, known);
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
    let looking: Promise<unknown> | undefined;
    const turn = (): void => {
      // A look that hangs tells as much as a file that stands.
      if (looking) void stood();
      looking ??= look()
        .catch(awayIn)
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

import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { intakePath } from '../intake.mediamtx.ts';
import { beganAtMs } from '../recordings.files.ts';
import type { Disk } from './disk.ts';

/** A file that is recorded, and how large it was when it was looked at. */
export interface Growing {
  name: string;
  size: number;
}

/** A look at the files of one source: one that is known, while it is there, and the newest. */
export interface Seen {
  same?: Growing | undefined;
  newest?: Growing | undefined;
}

/** How the disk stands: whether it takes a write at this moment, and what is left of it, as far as that is known. */
export interface Room {
  takesWrites: boolean;
  freeBytes?: number | undefined;
}

/** What relays of one machine write, as far as recording has to know. */
export interface Written {
  /** Of which machine, where it is another one. */
  where?: string;
  /**
   * @param known the file that grew until now
   * @throws DiskAway when the disk, or the machine, does not answer
   */
  look(camera: string, source: string, known: Growing | undefined): Promise<Seen>;
  /** @throws DiskAway when the machine does not answer */
  room(camera: string): Promise<Room>;
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

/**
 * Looks at the files of this machine.
 * @param folder where its relays write
 * @param disk the one that this folder lies on
 */
export function writtenHere(folder: string, disk: Disk): Written {
  return {
    look: (camera, source, known) =>
      disk.ask(async () => {
        const own = path.join(folder, intakePath(camera, source));
        const isOne = known !== undefined && beganAtMs(known.name) !== undefined;
        const same = isOne ? await fileIn(own, known.name) : undefined;
        // The folder holds weeks of files: it is read only when that one does not grow.
        return { same, newest: same && known && same.size > known.size ? same : await newestIn(own) };
      }),
    async room() {
      const takesWrites = await disk.takesWrites();
      if (!takesWrites) return { takesWrites };
      const freeBytes = await statfs(folder).then(
        ({ bavail, bsize }) => bavail * bsize,
        () => undefined,
      );
      return { takesWrites, freeBytes };
    },
  };
}

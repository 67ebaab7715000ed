import path from 'node:path';
import type { Logger } from 'pino';
import type { Federation } from '../../actors/federation.ts';
import type { Roster } from '../../actors/roster.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { Disk } from '../../adapters/recordings/disk.ts';
import { openRecordings, type Recordings, recordingsFolder } from '../../adapters/recordings.files.ts';
import { openThumbnails, type Thumbnails } from '../../adapters/thumbnails.ffmpeg.ts';
import { findProgram } from '../binaries.ts';
import { type Group, placeOfGateway } from '../group.ts';
import { forgetRecordings } from './recordings.ts';

/** What cameras showed, as far as it lies on this machine. */
export interface Past {
  recordings: Recordings;
  thumbnails: Thumbnails;
  close(): void;
}

/** What keeping the past needs of the house. */
export interface PastParts {
  group: Group;
  /** The one that recordings lie on. */
  disk: Disk;
  roster: Roster;
  cells: Pick<Federation, 'list' | 'holderElsewhere'>;
  log: Logger;
}

/** About ten thousand. */
const THUMBNAIL_BYTES = 64 * 1024 * 1024;

/** Opens the recordings of this machine, and deletes what they shall no longer hold, with its small pictures. */
export function keepPast({ group, disk, roster, cells, log }: PastParts): Past {
  const recordings = openRecordings(recordingsFolder(group.state), disk);
  const thumbnails = openThumbnails({
    ffmpeg: findProgram('ffmpeg'),
    folder: path.join(group.state, 'thumbnails'),
    maxBytes: THUMBNAIL_BYTES,
  });
  const isFar = (node: string | undefined): boolean =>
    group.cluster !== undefined && node !== undefined && placeOfGateway(node).host !== group.cluster.host;
  const stopForgetting = forgetRecordings({
    // What lies here of a camera whose gateway is on another host is deleted by the first gateway of this one.
    held: () =>
      cells
        .list('recording')
        .filter((view) => roster.has(view) || (group.gateway === 1 && isFar(cells.holderElsewhere(view)))),
    recordings: {
      sizes: recordings.sizes,
      async remove(file) {
        await recordings.remove(file);
        await thumbnails.forget(file);
      },
    },
    now: systemClock.now,
    onDeleted: (camera, files) =>
      log.info(
        { camera, files: files.map(({ file, because }) => `${file.source}/${file.name}: ${because}`) },
        'recordings are deleted',
      ),
    onFault: (err) => log.error({ err }, 'recordings could not be looked through; it is tried again'),
  });
  return { recordings, thumbnails, close: stopForgetting };
}

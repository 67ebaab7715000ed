import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RecordedPiece } from '../../../adapters/recordings.files.ts';
import type { Id } from '../../../bus/identity.ts';
import { rulesOf } from '../../../machines/recording.ts';
import { linesIn, textOf } from '../../archive/lines.ts';
import { makeArchive } from '../../archive/make.ts';
import { LOG, type PackageManifest } from '../../package/manifest.ts';
import { type Source, type Written, writePackage } from '../../package/write.ts';
import type { HttpServices } from '../services.ts';
import { recordingOf } from '../views.ts';
import { explain, gapsBetween, losses, wordsOf } from './gaps.ts';
import { fits, oneFile } from './one-file.ts';
import { isApart } from './playlist.ts';

const CHUNK_BYTES = 65_536;
/** Of a camera that is not recorded nothing is deleted. */
const NEVER_DELETED = { keepMs: Number.POSITIVE_INFINITY, protections: [] };

/** Pieces that follow without a break and fit each other: each run is a video that any player opens. */
export function runsOf(pieces: readonly RecordedPiece[]): RecordedPiece[][] {
  const runs: RecordedPiece[][] = [];
  for (const piece of pieces) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const goesOn =
      last && last.file.source === piece.file.source && !isApart(last, piece) && fits(piece.init, last.init);
    if (goesOn) run?.push(piece);
    else runs.push([piece]);
  }
  return runs;
}

function videoOf(recordings: Parameters<typeof oneFile>[0], camera: Id, run: readonly RecordedPiece[]): Source {
  const [first] = run as [RecordedPiece];
  const video = { camera, source: first.file.source, from: first.from, to: run.at(-1)?.to ?? first.to };
  const name = `video/${camera}-${new Date(first.from).toISOString().replaceAll(':', '')}.mp4`;
  return { name, video, bytes: () => oneFile(recordings, run) };
}

/** What there is of one camera. */
export interface Shot {
  camera: Id;
  pieces: readonly RecordedPiece[];
}

/** What is packed: whose past, and for whom. */
export interface Wish {
  shots: readonly Shot[];
  from: number;
  to: number;
  by: string;
}

/** The log of a window as a file that has no name any more: it is gone once it is closed, however that comes about. */
async function logOf({ journal, facts }: HttpServices, from: number, to: number) {
  const folder = await mkdtemp(path.join(tmpdir(), 'signalbox-package-'));
  try {
    const file = path.join(folder, LOG);
    const texts = async function* () {
      for await (const line of linesIn(journal, facts, { from: { at: from }, to: { at: to } })) yield textOf(line);
    };
    const { state } = await makeArchive(file, texts(), { from, to });
    return { state, log: await open(file, 'r') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* bytesOf(log: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { buffer, bytesRead } = await log.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/**
 * Video of the cameras and log of a window as the bytes of one package. The log is written down first, and goes when the
 * stream closes.
 * @throws JournalAway
 */
export async function packageOf(services: HttpServices, { shots, from, to, by }: Wish): Promise<Written> {
  const { cells, facts, recordings, gate, config } = services;
  const madeAt = Date.now();
  const { state, log } = await logOf(services, from, to);
  try {
    const videos: Source[] = [];
    const gaps: PackageManifest['gaps'] = [];
    for (const { camera, pieces } of shots) {
      const own = runsOf(pieces).map((run) => videoOf(recordings, camera, run));
      const ranges = own.flatMap(({ video }) => video ?? []);
      const recording = cells.view({ kind: 'recording', id: camera });
      const rules = recording ? rulesOf(recordingOf(recording)) : NEVER_DELETED;
      const words = await wordsOf(facts, camera, { from, to });
      const lost = losses(words, { from, to });
      const missing = explain(words, gapsBetween(ranges, from, to), { ranges, lost, rules, now: madeAt });
      videos.push(...own);
      gaps.push(...missing.map((gap) => ({ camera, ...gap })));
    }
    const about = {
      ...{ made_at: madeAt, made_by: by, issuer: config.auth.issuer, from, to },
      ...{ cameras: shots.map(({ camera }) => camera), gaps, log_state: state },
    };
    const written = await writePackage([...videos, { name: LOG, bytes: () => bytesOf(log) }], about, gate.sealer);
    written.stream.once('close', () => void log.close());
    return written;
  } catch (error) {
    await log.close();
    throw error;
  }
}

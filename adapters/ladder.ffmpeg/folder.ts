import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { PIECES } from './arguments.ts';

const MEDIA = /\.(m4s|mp4)$/;
const PLAYLIST = /\.m3u8$/;

/** Deletes files that were written last by then. */
function sweep(folder: string, kind: RegExp, untilMs: number): void {
  for (const file of readdirSync(folder)) {
    if (!kind.test(file)) continue;
    const whole = path.join(folder, file);
    const stats = statSync(whole, { throwIfNoEntry: false });
    if (stats && Math.floor(stats.mtimeMs) <= untilMs) rmSync(whole, { force: true });
  }
}

/** Deletes the playlists of rungs that a new start does not make: whoever asks for one is led on to one that it makes. */
export const sweepPlaylists = (folder: string, startedMs: number): void => sweep(folder, PLAYLIST, startedMs);

/** Deletes the segments of earlier starts. */
export const sweepMedia = (folder: string, startedMs: number): void => sweep(folder, MEDIA, startedMs);

/** Deletes all that there was by then, and the folder where nothing is left: a ladder may have begun there since. */
export function sweepAll(folder: string, untilMs: number): void {
  sweepMedia(folder, untilMs);
  sweepPlaylists(folder, untilMs);
  rmdirSync(folder);
}

/** Deletes something after a while. What can't be deleted then, or is gone already, is left to the next start. */
export function sweepLater(afterMs: number, sweeps: () => void): void {
  const timer = setTimeout(() => {
    try {
      sweeps();
    } catch {} // nobody could do anything about it
  }, afterMs);
  timer.unref();
}

/** Deletes what FFmpeg left for nobody to take. */
export const dropPieces = (folder: string): void => rmSync(path.join(folder, PIECES), { recursive: true, force: true });

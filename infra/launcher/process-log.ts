import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Where one child's output goes: a file that can't fill the disk, and the last lines in memory. */
export interface ProcessLog {
  write(chunk: Buffer): void;
  /** A child begins: what one before it said are not its last lines. */
  begin(): void;
  /** The last lines written, for telling a person why a child ended. */
  lastLines(count: number): string[];
  close(): void;
}

/** A stack trace, and what caused it before that. */
const LAST_BYTES = 16_384;

/**
 * Opens a log that is appended to, and renamed to `FILE.1` (replacing the one before) when it has grown.
 * @param maxBytes size after which it is rotated; the two files together hold at most twice as much
 */
export function openProcessLog(file: string, maxBytes = 5_000_000): ProcessLog {
  let descriptor = openSync(file, 'a', 0o600);
  let bytes = fstatSync(descriptor).size;
  let last = '';
  const rotate = () => {
    closeSync(descriptor);
    renameSync(file, `${file}.1`);
    descriptor = openSync(file, 'a', 0o600);
    bytes = 0;
  };
  return {
    write(chunk) {
      last = (last + chunk.toString('utf8')).slice(-LAST_BYTES);
      try {
        if (bytes + chunk.length > maxBytes && bytes > 0) rotate();
        bytes += writeSync(descriptor, chunk);
      } catch {
        // A full disk costs the log, never the child that writes it.
      }
    },
    begin() {
      last = '';
    },
    lastLines: (count) => last.trimEnd().split('\n').slice(-count),
    close: () => closeSync(descriptor),
  };
}

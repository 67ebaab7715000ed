import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';

/** An append-only file of lines that are on the disk before their append resolves. Read once, from the front. */
export interface SpoolFile {
  /** Resolves when the line is on the disk; rejects, and keeps nothing of it, when it can't be written. */
  append(line: string): Promise<void>;
  /** The next lines from where reading stands; empty at the end. */
  read(): Promise<string[]>;
  /** Starts reading from the front again. */
  rewind(): void;
  /** Empties the file if all of it has been read; tells whether it did. */
  clear(): Promise<boolean>;
  /** Size of the file, with what is being written. */
  bytes(): number;
  close(): Promise<void>;
}

interface Write {
  line: Buffer;
  resolve(): void;
  reject(error: Error): void;
}

const READ_BYTES = 256 * 1024;
const NEWLINE = 10;

/** Cuts off a last line that was not written to its end: the process was killed there, nobody was told it is safe. */
async function cutTornLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const chunk = Buffer.alloc(READ_BYTES);
  let end = size;
  while (end > 0) {
    const from = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - from, from);
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (newline >= 0) {
      end = from + newline + 1;
      break;
    }
    end = from;
  }
  if (end < size) await file.truncate(end);
  return end;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens or makes a file of lines, readable by this user alone. */
export async function openSpoolFile(name: string): Promise<SpoolFile> {
  await mkdir(path.dirname(name), { recursive: true, mode: 0o700 });
  const file = await open(name, 'a+', 0o600);
  await syncFolder(path.dirname(name));
  let safeBytes = await cutTornLine(file);
  let writingBytes = 0;
  let readTo = 0;
  let queue: Write[] = [];
  // Writing and emptying never overlap.
  let turn: Promise<unknown> = Promise.resolve();
  let writing = false;

  const writeQueued = async () => {
    writing = false;
    const writes = queue;
    queue = [];
    const lines = Buffer.concat(writes.map((write) => write.line));
    try {
      for (let done = 0; done < lines.length; ) done += (await file.write(lines, done)).bytesWritten;
      await file.datasync();
      safeBytes += lines.length;
      for (const write of writes) write.resolve();
    } catch (error) {
      // Whatever was written in part must not stand before the next line.
      await file.truncate(safeBytes).catch(() => {});
      for (const write of writes) write.reject(error as Error);
    } finally {
      writingBytes -= lines.length;
    }
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };

  return {
    append(text) {
      const line = Buffer.from(`${text}\n`);
      writingBytes += line.length;
      return new Promise((resolve, reject) => {
        queue.push({ line, resolve, reject });
        if (writing) return;
        // All that arrives while a sync is under way shares the next one.
        writing = true;
        void inTurn(writeQueued);
      });
    },
    async read() {
      let size = READ_BYTES;
      while (readTo < safeBytes) {
        const chunk = Buffer.alloc(Math.min(size, safeBytes - readTo));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, readTo);
        const end = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
        if (end >= 0) {
          readTo += end + 1;
          return chunk.toString('utf8', 0, end).split('\n');
        }
        size *= 2; // a line longer than the chunk
      }
      return [];
    },
    rewind() {
      readTo = 0;
    },
    clear: () =>
      inTurn(async () => {
        if (readTo < safeBytes || queue.length) return false;
        await file.truncate(0);
        await file.datasync();
        safeBytes = 0;
        readTo = 0;
        return true;
      }),
    bytes: () => safeBytes + writingBytes,
    close: () => inTurn(() => file.close()),
  };
}

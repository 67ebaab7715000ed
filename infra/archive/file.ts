import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import Type from 'typebox';
import { type Of, shape } from '../../bus/shape.ts';
import { isLine, type Line } from './lines.ts';
import { textLines } from './text-lines.ts';

/** The first line of an archive: what it holds, and how to prove that it is whole. */
export const manifest = shape(
  'archive manifest',
  Type.Object({
    signalbox_archive: Type.Literal(1),
    made_at: Type.Number({ description: 'epoch ms' }),
    from: Type.Union([Type.Number(), Type.Null()], { description: 'epoch ms; null: the first record kept' }),
    to: Type.Number({ description: 'epoch ms' }),
    checkpoints: Type.Integer({ description: 'cells that go on from a record before the window' }),
    records: Type.Integer(),
    facts: Type.Integer(),
    redacted: Type.Enum(['secrets', 'names'], { description: 'names: people, cameras and addresses have other names' }),
    state: Type.String({ description: 'SHA-256 of the state at `to`' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'of all lines after this one' }),
  }),
);
export type Manifest = Of<typeof manifest>;

/** The file is not what was written. */
export class BrokenArchive extends Error {
  override name = 'BrokenArchive';
}

/** What every gzip file of ours begins with: deflate, no name, no time, no operating system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/** Counts and hashes lines as they are written or read. */
export interface Tally {
  checkpoints: number;
  records: number;
  facts: number;
  sha256: string;
}

/** Makes a tally of lines. */
export function tallyLines() {
  const hash = createHash('sha256');
  const counts = { checkpoints: 0, records: 0, facts: 0 };
  return {
    add(text: string): void {
      hash.update(text).update('\n');
      if (text.startsWith('{"record"')) counts.records += 1;
      else if (text.startsWith('{"checkpoint"')) counts.checkpoints += 1;
      else if (text.startsWith('{"fact"')) counts.facts += 1;
    },
    result: (): Tally => ({ ...counts, sha256: hash.digest('hex') }),
  };
}

/** Writes an archive; it appears under its name only when it is whole. */
export async function writeArchive(file: string, head: Manifest, texts: AsyncIterable<string>): Promise<void> {
  const lines = async function* () {
    yield `${JSON.stringify(head)}\n`;
    for await (const text of texts) yield `${text}\n`;
  };
  const unfinished = `${file}.part`;
  try {
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(unfinished, { mode: 0o600 }));
    const handle = await open(unfinished, 'r+');
    await handle.write(HEADER, 0, HEADER.length, 0);
    await handle.sync();
    await handle.close();
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function checkHeader(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    if (bytesRead < HEADER.length || buffer.compare(HEADER) !== 0) {
      throw new BrokenArchive(`${file} does not begin as an archive of Signalbox: it is another file, or damaged`);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Reads an archive. Its lines may be trusted only once all of them were read: the end proves that nothing is missing
 * or changed.
 * @throws BrokenArchive telling what is wrong, also while its lines are read
 */
export async function readArchive(file: string): Promise<{ head: Manifest; lines: AsyncIterable<Line> }> {
  await checkHeader(file);
  const texts = textsIn(file);
  const first = await texts.next();
  const head = parsed(file, first.done ? '' : first.value);
  if (!manifest.check(head)) throw new BrokenArchive(`${file}: its first line is no manifest of an archive`);
  return { head, lines: checkedLines(file, head, texts) };
}

async function* textsIn(file: string): AsyncGenerator<string> {
  const unzipped = createGunzip();
  const source = createReadStream(file);
  source.on('error', (error) => unzipped.destroy(error));
  try {
    yield* textLines(source.pipe(unzipped));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new BrokenArchive(`${file} ends too early: it was cut off`);
    if (code?.startsWith('Z_')) throw new BrokenArchive(`${file} is damaged: ${message}`);
    throw error;
  } finally {
    source.destroy();
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BrokenArchive(`${file}: a line is not JSON: ${text.slice(0, 60)}`);
  }
}

async function* checkedLines(file: string, head: Manifest, texts: AsyncIterable<string>): AsyncGenerator<Line> {
  const tally = tallyLines();
  let ended = false;
  for await (const text of texts) {
    tally.add(text);
    const line = parsed(file, text);
    if (!isLine(line) || ended) throw new BrokenArchive(`${file}: a line is none of an archive: ${text.slice(0, 60)}`);
    if ('end' in line) ended = true;
    else yield line;
  }
  const found = tally.result();
  if (!ended) throw new BrokenArchive(`${file} ends too early: its last lines are missing`);
  for (const what of ['checkpoints', 'records', 'facts'] as const) {
    if (found[what] !== head[what]) {
      throw new BrokenArchive(`${file} holds ${found[what]} ${what}, its manifest says ${head[what]}`);
    }
  }
  if (found.sha256 !== head.sha256) throw new BrokenArchive(`${file}: its lines are not those that were written`);
}

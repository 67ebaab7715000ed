import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import Type from 'typebox';
import type { StreamHead } from '../../bus/carriers/nats/snapshot.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { textLines } from '../archive/text-lines.ts';

/** What the lines of a backup were; its last line. */
const summary = shape(
  'end of a backup',
  Type.Object({
    made_at: Type.Number({ description: 'epoch ms' }),
    files: Type.Integer(),
    streams: Type.Array(Type.String()),
    records: Type.Integer({ description: 'of the journal' }),
    seq: Type.Integer({ description: 'of the last of them' }),
    state: Type.String({ description: 'SHA-256 of the state of all cells at that one' }),
    versions: Type.Optional(
      Type.Record(Type.String(), Type.Integer(), {
        description:
          'of each machine, as the program knew it that made this; absent: an earlier release than any that says so',
      }),
    ),
    sha256: Type.String({ description: 'of all lines before this one' }),
  }),
);
export type Summary = Of<typeof summary>;

/** A line of a backup. Chunks belong to the stream before them. */
export type BackupLine =
  | { file: { name: string; data: string } }
  | { stream: StreamHead }
  | { chunk: string }
  | { end: Summary };

/** The first line, in the clear: how to read the rest. */
const header = shape(
  'head of a backup',
  Type.Object({
    signalbox_backup: Type.Literal(1),
    encryption: Type.Union([
      Type.Null(),
      Type.Object({
        cipher: Type.Literal('aes-256-gcm'),
        kdf: Type.Literal('scrypt'),
        salt: Type.String(),
        iv: Type.String(),
      }),
    ]),
  }),
);
type Header = Of<typeof header>;

/** The file is not what was written, or can't be read with this passphrase. */
export class BrokenBackup extends Error {
  override name = 'BrokenBackup';
}

const TAG_BYTES = 16;
const LONGEST_HEADER = 4096;
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

const keyOf = (passphrase: string, salt: string) => scryptSync(passphrase, Buffer.from(salt, 'base64'), 32, SCRYPT);

/** Adds up what is written or read, up to the last line. */
function tally() {
  const hash = createHash('sha256');
  return {
    add: (text: string) => void hash.update(text).update('\n'),
    sha256: () => hash.digest('hex'),
  };
}

/**
 * Writes a backup of mode 0600; it appears under its name only when it is whole and on the disk.
 * @param lines what stands in it; their return value is its end
 * @param passphrase encrypts it: scrypt, AES-256-GCM
 */
export async function writeBackup(
  file: string,
  lines: AsyncGenerator<BackupLine, Omit<Summary, 'sha256'>>,
  passphrase?: string,
): Promise<Summary> {
  const salt = randomBytes(16).toString('base64');
  const iv = randomBytes(12).toString('base64');
  const encryption = passphrase === undefined ? null : ({ cipher: 'aes-256-gcm', kdf: 'scrypt', salt, iv } as const);
  const head = `${JSON.stringify({ signalbox_backup: 1, encryption } satisfies Header)}\n`;
  const whole: { end?: Summary } = {};
  const texts = async function* () {
    const sum = tally();
    for (;;) {
      const next = await lines.next();
      if (next.done) {
        whole.end = { ...next.value, sha256: sum.sha256() };
        yield `${JSON.stringify({ end: whole.end })}\n`;
        return;
      }
      const text = JSON.stringify(next.value);
      sum.add(text);
      yield `${text}\n`;
    }
  };
  const unfinished = `${file}.part`;
  try {
    const out = createWriteStream(unfinished, { mode: 0o600 });
    out.write(head);
    const gzip = createGzip();
    if (passphrase === undefined) await pipeline(Readable.from(texts()), gzip, out);
    else {
      const cipher = createCipheriv('aes-256-gcm', keyOf(passphrase, salt), Buffer.from(iv, 'base64'));
      cipher.setAAD(Buffer.from(head));
      await pipeline(Readable.from(texts()), gzip, cipher, out);
      const handle = await open(unfinished, 'a');
      await handle.write(cipher.getAuthTag());
      await handle.close();
    }
    const handle = await open(unfinished, 'r+');
    await handle.sync();
    await handle.close();
    await rename(unfinished, file);
    return whole.end as Summary;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function readHeader(file: string): Promise<{ head: Header; text: string; size: number }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, 0);
    const text = buffer.subarray(0, bytesRead).toString('latin1').split('\n', 1)[0] ?? '';
    const head: unknown = text.startsWith('{"signalbox_backup"') ? JSON.parse(text) : undefined;
    if (!header.check(head)) throw new BrokenBackup(`${file} does not begin as a backup of Signalbox`);
    return { head, text: `${text}\n`, size };
  } finally {
    await handle.close();
  }
}

/** The unzipped bytes behind the head. */
async function openBody(file: string, passphrase: string | undefined): Promise<Readable> {
  const { head, text, size } = await readHeader(file);
  const start = Buffer.byteLength(text);
  const gunzip = createGunzip();
  const hand = (error: Error | null | undefined) => void (error && gunzip.destroy(error));
  if (!head.encryption) {
    pipeline(createReadStream(file, { start }), gunzip).catch(hand);
    return gunzip;
  }
  if (passphrase === undefined) throw new BrokenBackup(`${file} is encrypted: name its --passphrase-file`);
  const end = size - TAG_BYTES;
  if (end <= start) throw new BrokenBackup(`${file} ends too early: it was cut off`);
  const handle = await open(file, 'r');
  const { buffer: tag } = await handle.read(Buffer.alloc(TAG_BYTES), 0, TAG_BYTES, end);
  await handle.close();
  const { salt, iv } = head.encryption;
  const decipher = createDecipheriv('aes-256-gcm', keyOf(passphrase, salt), Buffer.from(iv, 'base64'), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(text)).setAuthTag(tag);
  pipeline(createReadStream(file, { start, end: end - 1 }), decipher, gunzip).catch(hand);
  return gunzip;
}

/**
 * Reads a backup. Its lines may be acted on only after a first reading came to its end, which proves that nothing is
 * missing or changed.
 * @throws BrokenBackup telling what is wrong, also while its lines are read
 */
export async function* readBackup(file: string, passphrase?: string): AsyncGenerator<BackupLine, Summary> {
  const sum = tally();
  const body = await openBody(file, passphrase);
  try {
    for await (const text of textLines(body)) {
      const line = JSON.parse(text) as BackupLine;
      if (!('end' in line)) {
        sum.add(text);
        yield line;
        continue;
      }
      if (!summary.check(line.end) || line.end.sha256 !== sum.sha256()) break;
      return line.end;
    }
  } catch (error) {
    if (error instanceof BrokenBackup || (error as NodeJS.ErrnoException).syscall) throw error;
    const hint = passphrase === undefined ? '' : ', or the passphrase is another one';
    throw new BrokenBackup(`${file} is damaged or was cut off${hint} (${(error as Error).message.slice(0, 80)})`);
  } finally {
    body.destroy();
  }
  throw new BrokenBackup(`${file} is damaged: its lines are not those that were written`);
}

/** Reads a backup to its end, without doing anything with it. @throws BrokenBackup */
export async function proveBackup(file: string, passphrase?: string): Promise<Summary> {
  const lines = readBackup(file, passphrase);
  for (;;) {
    const next = await lines.next();
    if (next.done) return next.value;
  }
}

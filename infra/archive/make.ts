import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { hashOf } from '../../actors/past.ts';
import { type Manifest, tallyLines, writeArchive } from './file.ts';
import { foldLines, type Line, textOf } from './lines.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { textLines } from './text-lines.ts';

/** Of which time an archive is made, and under which names. */
export interface Wish {
  /** Epoch ms; null: from the first record kept. */
  from: number | null;
  to: number;
  /** Gives people, cameras and addresses other names. */
  names?: Pseudonyms | undefined;
}

/** Makes an archive of lines, by way of a file beside it: there may be more of them than memory. */
export async function makeArchive(file: string, texts: AsyncIterable<string>, wish: Wish): Promise<Manifest> {
  const { from, to, names } = wish;
  const raw = `${file}.raw`;
  try {
    await keep(raw, texts, names);
    const again = () => rewritten(raw, names);
    const head = await manifestOf(again, { from, to, redacted: names ? 'names' : 'secrets' });
    await writeArchive(file, head, again());
    return head;
  } finally {
    await rm(raw, { force: true });
  }
}

/** All names must be known before the first line is rewritten. */
async function keep(file: string, texts: AsyncIterable<string>, names: Pseudonyms | undefined): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    for await (const text of texts) {
      names?.learn(JSON.parse(text) as Line);
      await handle.write(`${text}\n`);
    }
  } finally {
    await handle.close();
  }
}

async function* rewritten(file: string, names: Pseudonyms | undefined): AsyncGenerator<string> {
  for await (const text of textLines(createReadStream(file))) {
    yield names ? textOf(names.rewrite(JSON.parse(text) as Line)) : text;
  }
}

async function manifestOf(
  texts: () => AsyncIterable<string>,
  more: Pick<Manifest, 'from' | 'to' | 'redacted'>,
): Promise<Manifest> {
  const tally = tallyLines();
  const counted = async function* () {
    for await (const text of texts()) {
      tally.add(text);
      yield text;
    }
  };
  const past = await foldLines(parsedLines(counted()), { at: more.to });
  return { signalbox_archive: 1, made_at: Date.now(), ...more, state: hashOf(past.cells()), ...tally.result() };
}

/** Lines from their texts. */
export async function* parsedLines(texts: AsyncIterable<string>): AsyncGenerator<Line> {
  for await (const text of texts) yield JSON.parse(text) as Line;
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { JournalRecord } from '../../../bus/ports/journal.ts';
import { tallyLines, writeArchive } from '../../../infra/archive/file.ts';
import { foldLines, type Line } from '../../../infra/archive/lines.ts';
import { command } from '../../fixtures/command-line.ts';

describe('an export of an earlier version', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-replay-'));
  after(() => rmSync(folder, { recursive: true }));

  /** What the gateway of then would have exported of a journal: with the state that stands recorded at its end. */
  const exported = async (journal: string, change: { state?: string } = {}) => {
    const written = readFileSync(path.join(import.meta.dirname, '../../journals', journal), 'utf8')
      .trim()
      .split('\n');
    const lines: Line[] = written.map((text, index) => ({
      record: { seq: index + 1, record: JSON.parse(text) as JournalRecord },
    }));
    const each = async function* () {
      yield* lines;
    };
    const state = change.state ?? (await foldLines(each())).recordedHash();
    const texts = [...lines, { end: true }].map((line) => JSON.stringify(line));
    const tally = tallyLines();
    for (const text of texts) tally.add(text);
    const file = path.join(folder, `${journal}.sbx`);
    const head = {
      signalbox_archive: 1 as const,
      made_at: 1,
      from: null,
      to: 9e12,
      redacted: 'secrets' as const,
      state,
    };
    const allTexts = async function* () {
      yield* texts;
    };
    await writeArchive(file, { ...head, ...tally.result() }, allTexts());
    return command(['replay', '--file', file]);
  };

  it('is proved through its upcasts: it promises another hash, and is not refused for that', async () => {
    const ran = await exported('camera.v2.jsonl');
    expect(ran.err).to.contain('another version replays it');
    const whole = await exported('camera.v3.jsonl');
    expect(whole.code, whole.err).to.equal(0);
    expect(whole.out).to.contain('records compared; no difference');
    expect(whole.err).to.contain('machines of earlier versions exported it as');
    const altered = await exported('camera.v3.jsonl', { state: 'a'.repeat(64) });
    expect(altered.code).to.equal(1);
  });

  it('says what of it could not be compared', async () => {
    const ran = await exported('camera.v1.jsonl');
    expect(ran.code).to.equal(1);
    expect(ran.out).to.match(
      /nothing was compared: no record ends as was recorded; folded only.*\d+ of camera version 1/,
    );
  });
});

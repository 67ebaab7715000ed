import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { BrokenArchive, readArchive, tallyLines, writeArchive } from '../../../infra/archive/file.ts';
import { all, rejection, someFact, someRecord } from '../../fixtures/records.ts';

describe('an archive file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'archive-'));
  const file = path.join(folder, 'night.sbx');
  after(() => rmSync(folder, { recursive: true }));

  /** What is read back of an archive whose hashes are right, whatever its lines are. */
  const written = async (texts: string[]) => {
    const tally = tallyLines();
    for (const text of texts) tally.add(text);
    const head = { signalbox_archive: 1 as const, made_at: 1, from: null, to: 2, redacted: 'secrets' as const };
    await writeArchive(
      file,
      { ...head, state: 'x', ...tally.result() },
      (async function* () {
        yield* texts;
      })(),
    );
    return all((await readArchive(file)).lines);
  };
  const END = JSON.stringify({ end: true });
  const record = (more: object = {}) =>
    JSON.stringify({ record: { seq: 1, record: { ...someRecord('cam_a', 1), ...more } } });

  it('gives back its lines', async () => {
    const fact = JSON.stringify({ fact: { seq: 1, envelope: someFact('cam_a', 1) } });
    expect((await written([record(), fact, END])).map((line) => JSON.stringify(line))).to.deep.equal([record(), fact]);
  });

  it('is refused with a reason when a line is none, though its hash is right', async () => {
    const strange = [
      ['nothing', 'null'],
      ['a number', '7'],
      ['an empty record', '{"record":{}}'],
      ['no record in it', '{"record":{"seq":1,"record":null}}'],
      ['nothing heard', record({ heard: undefined })],
      ['no such kind', record({ kind: '__proto__' })],
      ['no state', record({ after: {} })],
      ['no version', record({ version: -1 })],
      ['an empty fact', '{"fact":{"seq":1,"envelope":{}}}'],
    ] as const;
    for (const [what, text] of strange) {
      const error = await rejection(written([text, END]));
      expect(error, what).to.be.instanceOf(BrokenArchive);
      expect(error.message, what).to.contain('a line is none of an archive');
    }
    expect(await rejection(written([END, record()])), 'behind its end').to.be.instanceOf(BrokenArchive);
  });
});

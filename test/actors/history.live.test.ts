import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { natsStore } from '../../bus/carriers/nats.ts';
import { type Books, faultsIn } from '../fixtures/journal.ts';
import { startNats, type TestNats } from '../fixtures/nats.ts';
import { run, until } from '../fixtures/process.ts';
import { all } from '../fixtures/records.ts';

const KILLS = 10;
const WRITER = path.resolve(import.meta.dirname, '../fixtures/history/writer.ts');

describe('the history of cells that are killed ten times under load', function () {
  this.timeout(60_000);
  let nats: TestNats;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-history-'));
    nats = await startNats();
  });
  after(async () => {
    await nats.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string) => {
    const args = ['--import', 'tsx', WRITER, nats.url, path.join(folder, 'spool.jsonl'), name];
    return run(process.execPath as `/${string}`, args);
  };
  const readBooks = async (): Promise<Books> => {
    const store = await natsStore({ servers: [nats.url], name: 'reader' });
    const books = { entries: await all(store.journal.read()), told: await all(store.facts.read({ after: 0 })) };
    await store.close();
    return books;
  };

  it('holds every acknowledged event once and in order, and each cell comes back as it was', async () => {
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = write(String(kill));
      await until('acknowledgements', () => writer.output().split('\n').length > 300, 20_000);
      await writer.stop('SIGKILL');
      const lines = writer.output().split('\n');
      expect(lines.filter((line) => line.startsWith('trouble'))).to.deep.equal([]);
      expect(lines).to.include(`adopted ${kill === 0 ? 0 : 20}`);
      // The last line may have been cut off by the kill.
      acknowledged.push(...lines.slice(0, -1).filter((line) => line.startsWith('ack ')));
    }
    expect(acknowledged.length).to.be.greaterThan(KILLS * 200);

    const books = await readBooks();
    const heard = books.entries.flatMap(({ record }) =>
      record.heard.map(({ type, viewer }) => `ack ${record.cell} ${type} ${viewer}`),
    );
    const places = new Map(heard.map((line, index) => [line, index]));
    expect(places.size, 'nothing is heard twice').to.equal(heard.length);
    const missing = acknowledged.filter((line) => !places.has(line));
    expect(missing, 'what was acknowledged is there').to.deep.equal([]);
    for (const camera of new Set(acknowledged.map((line) => line.split(' ')[1]))) {
      const mine = acknowledged.filter((line) => line.split(' ')[1] === camera).map((line) => places.get(line) ?? -1);
      expect(mine, `${camera} in order`).to.deep.equal([...mine].sort((a, b) => a - b));
    }
    // What the last kill left untold is told by who comes next.
    const last = write('last');
    await until('it to leave', () => last.child.exitCode !== null, 20_000);
    expect(last.output()).to.equal('adopted 20\n');
    expect(faultsIn(await readBooks())).to.deep.equal([]);
  });
});

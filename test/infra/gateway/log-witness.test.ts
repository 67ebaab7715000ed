import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { JournalAway } from '../../../bus/ports/faults.ts';
import { witnessLog } from '../../../infra/gateway/log-witness.ts';

describe('a witness of how far the log has come', () => {
  let folder: string;
  let faults: string[];
  let journal: { first: number; last: number; bytes: number; purgedBefore: number };
  let isAway: boolean;
  const facts = { first: 1, last: 7, bytes: 1, purgedBefore: 1 };
  const keeper = {
    async holdings() {
      if (isAway) throw new JournalAway('away');
      return { journal, facts };
    },
  };
  /** What a gateway finds that starts now. */
  const looked = async (): Promise<string[]> => {
    const witness = witnessLog(keeper, folder, 'gate-1', ({ message }) => faults.push(message));
    await witness.look();
    witness.close();
    return witness.troubles();
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-witness-'));
    faults = [];
    isAway = false;
    journal = { first: 1, last: 10, bytes: 1, purgedBefore: 1 };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('tells for as long as it matters that the end of the log was lost, over any number of starts', async () => {
    expect(await looked()).to.deep.equal([]);
    journal.last = 6;
    expect(await looked()).to.have.length(1);
    journal.last = 30;
    const [trouble] = await looked();
    expect(trouble).to.contain('the journal had come to sequence 10 and went back to 6');
    journal.purgedBefore = 10;
    expect(await looked()).to.have.length(1);
    journal.purgedBefore = 11;
    expect(await looked()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });

  it('takes a store that is away for no loss', async () => {
    await looked();
    isAway = true;
    expect(await looked()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });

  it('says that its own file can’t be read, and begins anew', async () => {
    await looked();
    const [file = ''] = readdirSync(folder);
    writeFileSync(path.join(folder, file), '{"journal":');
    expect(await looked()).to.deep.equal([]);
    expect(faults.join()).to.match(/log-head-gate-1\.json can't be read, and is begun anew/);
    expect(await looked()).to.deep.equal([]);
    expect(faults).to.have.length(1);
  });
});

import { expect } from 'chai';
import { type LedgerEntry, linkEntry, proveLedger } from '../../bus/ledger.ts';
import { someEntry } from '../contracts/ledger.ts';

async function* each<T>(items: readonly T[]) {
  yield* items;
}

describe('the access ledger proves', () => {
  const entries: LedgerEntry[] = [];
  for (let n = 0; n < 6; n++) entries.push(someEntry(entries.at(-1)));
  const head = entries.at(-1) as LedgerEntry;
  const prove = (some: readonly unknown[], expected = head) => proveLedger(each(some), expected);
  const [one, two, three, four, five, six] = entries as [LedgerEntry, ...LedgerEntry[]];

  it('that it is as it was written', async () => {
    const { n, hash } = head;
    expect(await prove(entries)).to.deep.equal({ entries: 6, first: 1, head: { n, hash } });
    expect(await proveLedger(each([]))).to.deep.equal({ entries: 0 });
  });

  it('that an entry was altered, whichever field and however cleverly', async () => {
    for (const change of [{ subject: 'vito' }, { until: 5 }, { previous: '' }, { n: 9 }, { hash: 'x' }]) {
      const altered = entries.map((entry) => (entry === three ? { ...entry, ...change } : entry));
      expect((await prove(altered)).fault, JSON.stringify(change)).to.match(/^entry \d was altered/);
    }
    const forged = linkEntry({ ...three, subject: 'vito' } as never, two);
    const { hash: _hash, ...said } = { ...(three as LedgerEntry), subject: 'vito' };
    const relinked = { ...forged, ...said };
    expect((await prove([one, two, relinked, four, five, six])).fault).to.match(/^entry 3 was altered/);
    const clean = linkEntry({ what: 'admitted', at: 1, fact: 'f3', fact_seq: 3, subject: 'vito' }, two);
    expect((await prove([one, two, clean, four, five, six])).fault).to.equal(
      'entry 4 was written behind another entry 3',
    );
  });

  it('that entries were removed, at the beginning, in the middle or at the end', async () => {
    expect((await prove([two, three, four, five, six])).fault).to.match(/begins with entry 2.*not by retention/);
    expect((await prove([one, two, four, five, six])).fault).to.match(/entry 4 follows entry 2.*removed/);
    expect((await prove([one, two, three, four, five])).fault).to.match(/ends with entry 5, but 6 were written/);
    expect((await prove([])).fault).to.match(/ends with entry 0, but 6 were written/);
  });

  it('that entries were reordered, doubled or put in', async () => {
    expect((await prove([one, three, two, four, five, six])).fault).to.match(/removed/);
    expect((await prove([one, two, two, three])).fault).to.match(/another order/);
    expect((await prove([two, one])).fault).to.match(/another order/);
    expect((await prove([one, { hello: 1 }])).fault).to.match(/is no entry/);
    expect((await prove([...entries.slice(0, 5), someEntry(five, { subject: 'vito' })])).fault).to.match(
      /entry 6 is not the one that was written/,
    );
  });

  it('that what is missing at its beginning was forgotten by retention, which says so itself', async () => {
    const note = { what: 'forgotten' as const, at: 9, fact: 'retention', fact_seq: 6 };
    const forgotten = linkEntry({ ...note, up_to: { n: 2, hash: (two as LedgerEntry).hash } }, head);
    const kept = [three, four, five, six, forgotten];
    expect((await prove(kept, forgotten)).fault).to.equal(undefined);
    expect((await prove(kept.slice(1), forgotten)).fault).to.match(/not by retention/);
  });
});

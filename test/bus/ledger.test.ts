import { expect } from 'chai';
import { type EntrySigner, headOf, type LedgerEntry, type LedgerHead, linkEntry } from '../../bus/ledger.ts';
import { proveLedger } from '../../bus/ledger-proof.ts';
import { someEntry } from '../contracts/ledger.ts';
import { someSigner } from '../fixtures/signer.ts';

async function* each<T>(items: readonly T[]) {
  yield* items;
}

describe('the access ledger proves', () => {
  const entries: LedgerEntry[] = [];
  for (let n = 0; n < 6; n++) entries.push(someEntry(entries.at(-1)));
  const head = entries.at(-1) as LedgerEntry;
  const { signerOf } = someSigner();
  const prove = (some: readonly unknown[], expected = head) => proveLedger(each(some), { expected, signerOf });
  const [one, two, three, four, five, six] = entries as [LedgerEntry, ...LedgerEntry[]];

  it('that it is as it was written', async () => {
    const { n, hash } = head;
    expect(await prove(entries)).to.deep.equal({ entries: 6, first: 1, head: { n, hash }, signer: 'none' });
    expect(await proveLedger(each([]), { signerOf })).to.deep.equal({ entries: 0, signer: 'none' });
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

  describe('to somebody who can write to the store, but can’t sign:', () => {
    const signer = someSigner();
    const { key } = signer;
    const attacker = someSigner('key-9');
    const signed: LedgerEntry[] = [];
    for (let n = 0; n < 6; n++) signed.push(someEntry(signed.at(-1), {}, signer));
    const end = signed.at(-1) as LedgerEntry;
    const proof = (some: readonly unknown[], expected?: LedgerHead) =>
      proveLedger(each(some), { expected, signerOf: signer.signerOf });
    /** Says behind an entry that retention has forgotten all up to another one. */
    const forgets = ({ n, hash }: LedgerEntry, behind: LedgerEntry, by?: EntrySigner) =>
      linkEntry({ what: 'forgotten', at: 9, fact: 'retention', fact_seq: 6, up_to: { n, hash } }, behind, by);
    const third = signed[2] as LedgerEntry;

    it('retention alone may cut its beginning, as only a gateway signs that it did', async () => {
      const kept = signed.slice(3);
      const own = await proof([...kept, forgets(third, end, signer)], headOf(end));
      expect(own).to.include({ first: 4, signer: 'known' }).and.not.have.property('fault');
      for (const expected of [undefined, headOf(end)]) {
        const plain = await proof([...kept, forgets(third, end)], expected);
        expect(plain.fault).to.match(/entry 7 bears no signature, but those before it do/);
        const covered = someEntry(forgets(third, end), {}, signer);
        expect((await proof([...kept, forgets(third, end), covered], expected)).fault).to.match(
          /begins with entry 4.*no gateway signed entry 7/,
        );
        const posing = { key, sign: attacker.sign };
        expect((await proof([...kept, forgets(third, end, posing)], expected)).fault).to.match(
          /entry 7 was not signed/,
        );
        expect(await proof([...kept, forgets(third, end, attacker)], expected)).to.include({ signer: 'unknown' });
        const { key: _key, signature: _signature, ...bare } = forgets(third, end, signer);
        expect((await proof([...kept, bare], expected)).fault).to.match(/entry 7 was altered/);
      }
      const alone = forgets(end, end);
      expect((await proof([alone], headOf(end))).fault).to.match(/begins with entry 7.*no gateway signed entry 7/);
    });

    it('a chain that was written anew is none of the installation, and says so without anything to compare it with', async () => {
      const anew: LedgerEntry[] = [];
      for (let n = 0; n < 6; n++) anew.push(someEntry(anew.at(-1), { subject: 'vito' }, attacker));
      expect((await proof(anew)).signer).to.equal('unknown');
      const posing = anew.map((entry) => ({ ...entry, key: key.kid }));
      expect((await proof(posing)).fault).to.match(/entry 1 was altered/);
      const behind = [...signed.slice(0, 4)];
      for (let n = 0; n < 4; n++) behind.push(someEntry(behind.at(-1), { subject: 'vito' }));
      expect((await proof(behind)).fault).to.match(/entry 8 bears no signature/);
      const stripped = signed.map(({ signature: _, ...entry }) => entry);
      expect((await proof(stripped)).fault).to.match(/entry 6 was not signed/);
    });

    it('what old releases wrote and forgot still proves, with signed entries behind it', async () => {
      const old = entries.slice(0, 5);
      const forgotten = forgets(old[1] as LedgerEntry, old[4] as LedgerEntry);
      expect(await proof([...old.slice(2), forgotten])).to.include({ first: 3, signer: 'none' });
      expect(await proof([...old.slice(2), forgotten], headOf(forgotten))).to.not.have.property('fault');
      const next = someEntry(forgotten, {}, signer);
      const upgraded = await proof([...old.slice(2), forgotten, next], headOf(next));
      expect(upgraded).to.include({ first: 3, signer: 'known' }).and.not.have.property('fault');
      const mixed = [next, someEntry(next)];
      mixed.push(someEntry(mixed[1], {}, signer));
      expect(await proof([...old.slice(2), forgotten, ...mixed])).to.not.have.property('fault');
    });
  });
});

import { expect } from 'chai';
import { type EntrySigner, type LedgerEntry, type LedgerHead, linkEntry } from '../../bus/ledger.ts';
import { FenceRefused } from '../../bus/ports/faults.ts';
import type { Ledger } from '../../bus/ports/ledger.ts';
import { all, rejection } from '../fixtures/records.ts';

/** An entry that follows another; without a signer as old releases wrote it. */
export function someEntry(
  head: LedgerHead | undefined,
  more: Partial<LedgerEntry> = {},
  signer?: EntrySigner,
): LedgerEntry {
  const n = (head?.n ?? 0) + 1;
  const who = { session: `v_${n}`, camera: 'cam_a', subject: 'vera', address: '127.0.0.1' };
  return linkEntry(
    { what: 'admitted', at: 1_700_000_000_000 + n, fact: `f${n}`, fact_seq: n, ...who, ...more },
    head,
    signer,
  );
}

/** What every ledger promises. `make` gives an empty one. */
export function ledgerContract(make: () => Promise<{ ledger: Ledger; close(): Promise<void> }>): void {
  let ledger: Ledger;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ ledger, close } = await make());
  });
  afterEach(() => close());

  it('keeps entries in the order in which they were written, and knows the last', async () => {
    expect(await ledger.last()).to.equal(undefined);
    expect(await all(ledger.read())).to.deep.equal([]);
    const first = someEntry(undefined);
    const second = someEntry(first);
    const { seq: one } = await ledger.append(first, 0);
    const { seq: two } = await ledger.append(second, one);
    expect(await all(ledger.read())).to.deep.equal([
      { seq: one, entry: first },
      { seq: two, entry: second },
    ]);
    expect(await all(ledger.read(two))).to.deep.equal([{ seq: two, entry: second }]);
    expect(await ledger.last()).to.deep.equal({ seq: two, entry: second });
  });

  it('takes one of two entries that follow the same one, and an entry told again for the one it has', async () => {
    const first = someEntry(undefined);
    const { seq } = await ledger.append(first, 0);
    expect(await ledger.append(first, 0)).to.deep.equal({ seq });
    expect(await rejection(ledger.append(someEntry(undefined, { subject: 'vito' }), 0))).to.be.instanceOf(FenceRefused);
    expect(await all(ledger.read())).to.have.length(1);
  });

  it('forgets the oldest, and goes on behind its fence', async () => {
    const first = someEntry(undefined);
    const second = someEntry(first);
    const { seq: one } = await ledger.append(first, 0);
    const { seq: two } = await ledger.append(second, one);
    await ledger.forget(two);
    expect((await all(ledger.read())).map(({ seq }) => seq)).to.deep.equal([two]);
    await ledger.append(someEntry(second), two);
  });
}

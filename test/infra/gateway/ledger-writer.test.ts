import { expect } from 'chai';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { type LedgerEntry, type LedgerHead, linkEntry } from '../../../bus/ledger.ts';
import { proveLedger } from '../../../bus/ledger-proof.ts';
import type { Ledger } from '../../../bus/ports/ledger.ts';
import { keepLedger, LedgerTouched } from '../../../infra/gateway/access-ledger.ts';
import { type LedgerWriter, openLedgerWriter } from '../../../infra/gateway/ledger-writer.ts';
import { fakeHouse } from '../../fakes/house.ts';
import { all, rejection } from '../../fixtures/records.ts';
import { someSigner } from '../../fixtures/signer.ts';

describe('the access ledger shows that somebody wrote to the store who is no gateway:', () => {
  const signer = someSigner();
  /** What the gateways of a host remember apart from the store. */
  let remembered: LedgerHead | undefined;
  const onWritten = (head: LedgerHead) => {
    remembered = head;
  };
  const open = (ledger: Ledger) => openLedgerWriter({ ledger, signer, remembered, onWritten });
  let store: Ledger;
  let writer: LedgerWriter;
  /** The ledger of a NATS that somebody can put other entries into. */
  const exposed: Ledger = {
    append: (...asked) => store.append(...asked),
    last: () => store.last(),
    read: (from) => store.read(from),
    forget: (before) => store.forget(before),
  };
  const act = (at: number) => ({ what: 'token-made' as const, at, fact: 'service-token', subject: `anna-${at}` });
  const stored = async () => (await all(store.read())).map(({ entry }) => entry);
  const put = async (some: readonly LedgerEntry[]) => {
    store = memoryStore().ledger;
    for (const [seq, entry] of some.entries()) await store.append(entry, seq);
  };
  const proof = async () =>
    proveLedger(
      (async function* () {
        yield* await stored();
      })(),
      { expected: remembered, signerOf: signer.signerOf },
    );
  beforeEach(async () => {
    remembered = undefined;
    store = memoryStore().ledger;
    writer = await open(exposed);
    for (let n = 1; n <= 6; n++) await writer.note(act(n));
    expect(await proof())
      .to.include({ entries: 6, signer: 'known' })
      .and.not.have.property('fault');
  });

  it('a cut at the end is found also after the next entry, and after the next start', async () => {
    await put((await stored()).slice(0, 4));
    await writer.note(act(7));
    expect((await proof()).fault).to.match(/entry 7 follows entry 4: what stood between was removed/);
    expect(writer.troubles()[0]).to.contain('entry 6 of the access ledger is not there any more');
    await put((await stored()).slice(0, 3));
    writer = await open(exposed);
    await writer.note(act(8));
    expect((await proof()).fault).to.match(/entry 8 follows entry 3/);
  });

  it('no gateway goes on behind a chain that was written anew, longer or not', async () => {
    for (const length of [6, 7, 9]) {
      const anew: LedgerEntry[] = [];
      const was = await stored();
      for (let n = 1; n <= length; n++) anew.push(linkEntry({ ...act(100 + n), fact_seq: 0 }, anew.at(-1)));
      await put(anew);
      writer = await open(exposed);
      await writer.note(act(7));
      expect((await proof()).fault, String(length)).to.be.a('string');
      expect(writer.troubles()).to.have.length(1);
      remembered = was.at(-1);
      await put(was);
    }
  });

  it('a ledger that was wiped does not begin anew as if nothing had been', async () => {
    await put([]);
    writer = await open(exposed);
    await writer.note(act(7));
    expect((await proof()).fault).to.match(/begins with entry 7.*not by retention/);
  });

  it('retention forgets nothing that was made older than it is, and signs no word for it', async () => {
    const was = await stored();
    const { store: others, roster: cells } = fakeHouse();
    const { facts, journal } = others;
    const keeper = keepLedger({
      ledger: exposed,
      writer,
      facts,
      journal,
      cells,
      onFault: (error) => expect.fail(error.message),
    });
    await put(was.map((entry) => (entry.n <= 3 ? { ...entry, at: -1 } : entry)));
    expect(await rejection(keeper.forgetBefore(0))).to.be.instanceOf(LedgerTouched);
    expect(await stored()).to.have.length(6);
    await put(was);
    await keeper.forgetBefore(4);
    keeper.close();
    expect(await proof())
      .to.include({ first: 4, signer: 'known' })
      .and.not.have.property('fault');
  });
});

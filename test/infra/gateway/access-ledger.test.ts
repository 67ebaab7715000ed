import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import type { LedgerEntry, LedgerHead } from '../../../bus/ledger.ts';
import { proveLedger } from '../../../bus/ledger-proof.ts';
import { JournalAway } from '../../../bus/ports/faults.ts';
import type { Ledger } from '../../../bus/ports/ledger.ts';
import { type AccessLedger, keepLedger } from '../../../infra/gateway/access-ledger.ts';
import { type LedgerWriter, openLedgerWriter } from '../../../infra/gateway/ledger-writer.ts';
import { type FakeHouse, fakeHouse } from '../../fakes/house.ts';
import { until } from '../../fixtures/process.ts';
import { all } from '../../fixtures/records.ts';
import { someSigner } from '../../fixtures/signer.ts';

describe('the access ledger', () => {
  let house: FakeHouse;
  let faults: string[];
  const kept: AccessLedger[] = [];
  const viewer = (name: string) => ({ kind: 'viewer' as const, id: id(name) });

  const signer = someSigner();
  /** What the gateways of a host remember apart from the store. */
  let remembered: LedgerHead | undefined;
  const onWritten = (head: LedgerHead) => {
    remembered = head;
  };
  const open = (ledger: Ledger) => openLedgerWriter({ ledger, signer, remembered, onWritten });
  const keep = async (of = house, store = house.store, writer?: LedgerWriter) => {
    const { ledger, facts, journal } = store;
    const onFault = (error: Error) => void faults.push(error.message);
    const parts = { ledger, facts, journal, cells: of.roster, onFault, retryMs: 5 };
    const running = keepLedger({ ...parts, writer: writer ?? (await open(ledger)) });
    kept.push(running);
    return running;
  };
  const entries = async (): Promise<LedgerEntry[]> => (await all(house.store.ledger.read())).map(({ entry }) => entry);
  const written = (count: number) => until(`${count} entries`, async () => (await entries()).length === count);
  const watch = (name: string, quota = 5) =>
    house.roster.create(viewer(name), {
      type: 'viewer.requested',
      subject: { sub: 'vera', name: 'Vera', role: 'viewer', cameras: ['cam_a'], zones: [], iat: 1, jti: 'token-7' },
      ...{ camera: 'cam_a', zone: 'hcm/center', protocol: 'webrtc', quality: '720p', address: '192.0.2.44' },
      ...{ expires_at: house.clock.now + 60_000, held: 0, quota, relay: 'relay-1', standby: '' },
    });
  const leave = (name: string) => house.roster.offer(viewer(name), { type: 'viewer.closed' });
  const prove = async (signerOf = signer.signerOf) =>
    proveLedger(
      (async function* () {
        yield* await entries();
      })(),
      { expected: remembered, signerOf },
    );

  beforeEach(() => {
    house = fakeHouse();
    faults = [];
    remembered = undefined;
  });
  afterEach(() => {
    for (const one of kept.splice(0)) one.close();
  });

  it('tells who watched what, from where, under which token, from when until when, and why it ended', async () => {
    await keep();
    const from = house.clock.now;
    await watch('v_1');
    house.clock.now += 5_000;
    await leave('v_1');
    await written(2);
    const [admitted, ended] = await entries();
    const who = {
      session: 'v_1',
      camera: 'cam_a',
      zone: 'hcm/center',
      subject: 'vera',
      name: 'Vera',
      token: 'token-7',
    };
    expect(admitted).to.deep.include({ n: 1, what: 'admitted', at: from, address: '192.0.2.44', ...who });
    expect(ended).to.deep.include({ n: 2, what: 'ended', from, until: from + 5_000, reason: 'closed', ...who });
    expect((await prove()).fault).to.equal(undefined);
  });

  it('leaves nothing out that happened while nobody wrote, and knows it without the living cells', async () => {
    const first = await keep();
    await watch('v_1');
    await written(1);
    first.close();
    await leave('v_1');
    await watch('v_2');
    await keep(house.successor());
    await written(3);
    expect((await entries()).map(({ what, session }) => `${what} ${session}`)).to.deep.equal([
      'admitted v_1',
      'ended v_1',
      'admitted v_2',
    ]);
    expect((await entries()).map(({ address }) => address)).to.deep.equal(Array(3).fill('192.0.2.44'));
    expect((await prove()).fault).to.equal(undefined);
  });

  it('writes each once, in one chain, though two gateways write', async () => {
    const writers = await Promise.all([1, 2, 3].map(() => open(house.store.ledger)));
    await Promise.all(writers.map((writer) => keep(house, house.store, writer)));
    for (let n = 0; n < 20; n++) await watch(`v_${n}`);
    for (let n = 0; n < 20; n++) await leave(`v_${n}`);
    await written(40);
    expect(new Set((await entries()).map(({ fact }) => fact)).size).to.equal(40);
    expect(writers.flatMap((writer) => writer.troubles())).to.deep.equal([]);
    expect((await prove()).fault).to.equal(undefined);
  });

  it('goes on when the store has lost its end and gives its sequences anew', async () => {
    await Promise.all([keep(), keep()]);
    for (let n = 0; n < 20; n++) await watch(`v_${n}`);
    await written(20);
    const before = await entries();
    house.store.cutOff(1, 1);
    await until('both to have noticed', () => faults.length === 2);
    // Those who notice follow again a moment later.
    let people = before.length;
    await until('an entry of the time after', async () => {
      await watch(`v_${++people}`);
      return (await entries()).length > before.length;
    });
    const [first] = (await entries()).slice(before.length);
    expect(first?.fact_seq).to.be.lessThan(before.at(-1)?.fact_seq ?? 0);
    const all = (await entries()).map(({ fact }) => fact);
    expect(new Set(all).size).to.equal(all.length);
    expect((await prove()).fault).to.equal(undefined);
  });

  it('leaves nothing out that a store which went back was told before anybody noticed', async () => {
    await keep();
    for (const name of ['v_1', 'v_2', 'v_3']) await watch(name);
    await written(3);
    house.store.cutOff(1, 1);
    await watch('v_4');
    await until('it to have been noticed', () => faults.length === 1);
    await written(4);
    expect((await entries()).map(({ session }) => session)).to.deep.equal(['v_1', 'v_2', 'v_3', 'v_4']);
    expect((await prove()).fault).to.equal(undefined);
  });

  it('tries again while the store is away, and finds its own entry when only the answer was lost', async () => {
    const { ledger } = house.store;
    let attempts = 0;
    const shaky: typeof ledger = {
      ...ledger,
      async append(entry, expected) {
        attempts += 1;
        if (attempts === 1) throw new JournalAway('away');
        if (attempts === 3) await ledger.append(entry, expected).then(() => Promise.reject(new JournalAway('deaf')));
        return ledger.append(entry, expected);
      },
    };
    await keep(house, { ...house.store, ledger: shaky });
    await watch('v_1');
    await written(1);
    await watch('v_2');
    await watch('v_3');
    await written(3);
    expect(faults).to.deep.equal(['away', 'deaf']);
    expect((await prove()).fault).to.equal(undefined);
  });

  it('forgets what is too old, says so in the chain, and still proves the rest', async () => {
    const ledger = await keep();
    await watch('v_1');
    await leave('v_1');
    house.clock.now += 400 * 86_400_000;
    await watch('v_2');
    await written(3);
    await ledger.forgetBefore(house.clock.now - 1);
    const left = await entries();
    expect(left.map(({ what }) => what)).to.deep.equal(['admitted', 'forgotten']);
    expect(left[1]?.up_to).to.include({ n: 2 });
    expect(await prove()).to.include({ entries: 2, first: 3 });
    await leave('v_2');
    await written(3);
    expect((await prove()).fault).to.equal(undefined);
  });

  it('takes up what is noted beside the facts, by whomever, and writes on behind it without a gap or a double', async () => {
    const act = (n: number) => ({ what: 'token-made' as const, at: n, fact: 'service-token', subject: `anna-${n}` });
    const writer = await open(house.store.ledger);
    const note = (n: number) => writer.note(act(n));
    const ledger = await keep();
    await watch('v_1');
    await written(1);
    await Promise.all([note(1), note(2), watch('v_2'), note(3), watch('v_3')]);
    await written(6);
    await leave('v_1');
    await written(7);
    const made = (await entries()).filter(({ what }) => what === 'token-made');
    expect(made.map(({ subject }) => subject).sort()).to.deep.equal(['anna-1', 'anna-2', 'anna-3']);
    expect((await prove()).fault).to.equal(undefined);
    // Forgetting goes on behind a note, too.
    await note(4);
    house.clock.now += 400 * 86_400_000;
    await note(house.clock.now);
    await ledger.forgetBefore(house.clock.now - 1);
    expect((await entries()).map(({ what }) => what)).to.deep.equal(['token-made', 'forgotten']);
    expect((await prove()).fault).to.equal(undefined);
  });

  it('does not take a note for a fact of a store that was replaced, and leaves none of the new ones out', async () => {
    await keep();
    for (const name of ['v_1', 'v_2', 'v_3']) await watch(name);
    await written(3);
    for (const one of kept.splice(0)) one.close();
    const fresh = fakeHouse();
    const { ledger } = house.store;
    let listening = 0;
    const subscribe: typeof fresh.store.facts.subscribe = async (...asked) => {
      const running = await fresh.store.facts.subscribe(...asked);
      listening += 1;
      return running;
    };
    await keep(fresh, { ...fresh.store, ledger, facts: { ...fresh.store.facts, subscribe } });
    // The first one finds that the facts end before those that were written.
    await until('a place in the new store', () => listening === 2);
    const writer = await open(ledger);
    await writer.note({ what: 'token-revoked', at: 5, fact: 'service-token', subject: 'anna' });
    const subject = { sub: 'vito', role: 'viewer', cameras: ['cam_a'], zones: [], iat: 1 };
    await fresh.roster.create(viewer('v_4'), {
      type: 'viewer.requested',
      subject,
      ...{ camera: 'cam_a', zone: 'hcm/center', protocol: 'webrtc', quality: '720p', address: '192.0.2.44' },
      ...{ expires_at: fresh.clock.now + 60_000, held: 0, quota: 5, relay: 'relay-1', standby: '' },
    });
    await written(5);
    expect((await entries()).map(({ what, subject: who }) => `${what} ${who}`).slice(3)).to.deep.equal([
      'token-revoked anna',
      'admitted vito',
    ]);
    expect((await prove()).fault).to.equal(undefined);
  });
});

import { expect } from 'chai';
import type { Facts, Told } from '../../bus/ports/facts.ts';
import { until } from '../fixtures/process.ts';
import { all, camera, rejection, someFact } from '../fixtures/records.ts';

/** What all carriers of facts promise. `make` gives an empty one. */
export function factsContract(make: () => Promise<{ facts: Facts; close(): Promise<void> }>): void {
  let facts: Facts;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ facts, close } = await make());
  });
  afterEach(() => close());

  const hears = (told: Told[], count: number) =>
    until(`${count} facts, have ${told.length}`, () => told.length >= count);

  it('tells a subscriber everything after the sequence it has seen, then what comes', async () => {
    const { seq } = await facts.tell(someFact('cam_a', 1));
    await facts.tell(someFact('cam_a', 2));
    const told: Told[] = [];
    const subscription = await facts.subscribe({}, seq, (one) => told.push(one));
    await facts.tell(someFact('cam_b', 3));
    await hears(told, 2);
    expect(told.map(({ envelope }) => envelope.id)).to.deep.equal(['cam_a-f2', 'cam_b-f3']);
    expect(told[0]?.envelope).to.deep.equal(someFact('cam_a', 2));
    expect(told[0]?.seq).to.be.greaterThan(seq);
    subscription.close();
    expect(await subscription.ended).to.equal(undefined);
  });

  it('tells only what comes from now on when no sequence is given', async () => {
    await facts.tell(someFact('cam_a', 1));
    const told: Told[] = [];
    const subscription = await facts.subscribe({}, undefined, (one) => told.push(one));
    await facts.tell(someFact('cam_a', 2));
    await hears(told, 1);
    expect(told.map(({ envelope }) => envelope.id)).to.deep.equal(['cam_a-f2']);
    subscription.close();
  });

  it('reads what was told after a sequence, or since a moment, and ends', async () => {
    expect(await all(facts.read({ after: 0 }))).to.deep.equal([]);
    const { seq } = await facts.tell(someFact('cam_a', 1));
    await facts.tell(someFact('cam_b', 2));
    const ids = async (...what: Parameters<Facts['read']>) =>
      (await all(facts.read(...what))).map(({ envelope }) => envelope.id);
    expect(await ids({ after: 0 })).to.deep.equal(['cam_a-f1', 'cam_b-f2']);
    expect(await ids({ after: seq })).to.deep.equal(['cam_b-f2']);
    expect(await ids({ after: 999 })).to.deep.equal([]);
    expect(await ids({ since: 1_600_000_000_000 })).to.deep.equal(['cam_a-f1', 'cam_b-f2']);
    expect(await ids({ since: Date.now() + 60_000 })).to.deep.equal([]);
    expect(await ids({ after: 0 }, { cells: [camera('cam_b')] })).to.deep.equal(['cam_b-f2']);
    expect(await ids({ since: 1_600_000_000_000 }, { cells: [camera('cam_c')] })).to.deep.equal([]);
  });

  it('tells only the kinds and cells that were asked for', async () => {
    const told: Told[] = [];
    const relayFact = { ...someFact('relay-1', 9), subject: 'relay/relay-1', type: 'signalbox.relay.serving' };
    const filter = {
      kinds: ['relay' as const],
      cells: [camera('cam_b'), { ...camera('relay-1'), kind: 'relay' as const }],
    };
    const subscription = await facts.subscribe(filter, 0, (one) => told.push(one));
    await facts.tell(someFact('cam_a', 1));
    await facts.tell(relayFact);
    await facts.tell(someFact('cam_b', 2));
    await hears(told, 2);
    expect(told.map(({ envelope }) => envelope.subject)).to.deep.equal(['relay/relay-1', 'camera/cam_b']);
    subscription.close();
  });

  it('tells a fact once, however often it is told again', async () => {
    const first = await facts.tell(someFact('cam_a', 1));
    expect(await facts.tell(someFact('cam_a', 1))).to.deep.equal(first);
    await facts.tell(someFact('cam_a', 2));
    const told: Told[] = [];
    const subscription = await facts.subscribe({}, 0, (one) => told.push(one));
    await hears(told, 2);
    expect(told.map(({ envelope }) => envelope.id)).to.deep.equal(['cam_a-f1', 'cam_a-f2']);
    subscription.close();
  });

  it('does not take facts of two cells for the same because their ids are', async () => {
    await facts.tell({ ...someFact('cam_a', 1), id: 'same' });
    await facts.tell({ ...someFact('cam_b', 1), id: 'same' });
    expect((await facts.last(camera('cam_b')))?.envelope.subject).to.equal('camera/cam_b');
  });

  it('knows the last fact of a cell, and the range of what is kept', async () => {
    expect(await facts.last(camera('cam_a'))).to.equal(undefined);
    expect((await facts.range()).last).to.equal(0);
    const { seq: first } = await facts.tell(someFact('cam_a', 1, 'connecting'));
    const { seq } = await facts.tell(someFact('cam_a', 2, 'live'));
    const { seq: last } = await facts.tell(someFact('cam_b', 3));
    expect(await facts.last(camera('cam_a'))).to.deep.equal({ seq, envelope: someFact('cam_a', 2, 'live') });
    expect(await facts.range()).to.deep.equal({ first, last, purgedBefore: 1 });
  });

  it('tells two subscribers the same facts in the same order', async () => {
    const left: Told[] = [];
    const right: Told[] = [];
    const subscriptions = [
      await facts.subscribe({}, 0, (one) => left.push(one)),
      await facts.subscribe({}, 0, (one) => right.push(one)),
    ];
    await Promise.all(Array.from({ length: 200 }, (_, n) => facts.tell(someFact(`cam_${n % 7}`, n))));
    await hears(left, 200);
    await hears(right, 200);
    expect(left).to.deep.equal(right);
    expect(left.map(({ envelope }) => envelope.data.n)).to.deep.equal(Array.from({ length: 200 }, (_, n) => n));
    for (const subscription of subscriptions) subscription.close();
  });

  it('ends a subscription whose listener fails, and says why', async () => {
    const subscription = await facts.subscribe({}, 0, () => {
      throw new RangeError('too much');
    });
    await facts.tell(someFact('cam_a', 1));
    expect((await subscription.ended)?.message).to.equal('too much');
  });

  it('refuses what is not a fact of a cell', async () => {
    const fact = someFact('cam_a', 1);
    for (const bad of [
      { ...fact, subject: 'camera/*' },
      { ...fact, subject: 'camera' },
      { ...fact, subject: 'planet/mars' },
      { ...fact, type: 'signalbox.viewer.watching' },
      { ...fact, type: 'signalbox.camera.>' },
    ]) {
      expect(await rejection(facts.tell(bad))).to.be.instanceOf(TypeError);
    }
    expect((await facts.range()).last).to.equal(0);
  });
}

import { expect } from 'chai';
import type { NatsLink } from '../../bus/carriers/nats/connection.ts';
import type { NatsStore } from '../../bus/carriers/nats.ts';
import type { Told } from '../../bus/ports/facts.ts';
import type { Poison } from '../../bus/ports/journal.ts';
import { factSubject, journalSubject } from '../../bus/subjects.ts';
import { startNatsStore, type TestStore } from '../fixtures/nats-store.ts';
import { until } from '../fixtures/process.ts';
import { all, camera, someFact, someRecord } from '../fixtures/records.ts';

describe('what cannot be read on a real nats-server', () => {
  let nats: TestStore;
  let store: NatsStore;
  let link: NatsLink;
  before(async () => {
    nats = await startNatsStore();
    ({ store, link } = nats);
  });
  after(() => nats?.close());

  it('is told with its place and reason, and hides no other record', async () => {
    const { seq } = await store.journal.append(someRecord('cam_a', 1), 0);
    const { seq: damaged } = await link.jetstream.publish(journalSubject(camera('cam_b')), '{"kind":');
    const foreign = JSON.stringify({ ...someRecord('cam_a', 1), heard: 5 });
    const { seq: strange } = await link.jetstream.publish(journalSubject(camera('cam_c')), foreign);
    const { seq: last } = await store.journal.append(someRecord('cam_d', 1), 0);
    const poison: Poison[] = [];
    const found = await all(store.journal.lasts(undefined, undefined, (one) => void poison.push(one)));
    expect(found.map((entry) => entry.seq)).to.deep.equal([seq, last]);
    expect(poison.map((one) => [one.of.id, one.seq])).to.deep.equal([
      ['cam_b', damaged],
      ['cam_c', strange],
    ]);
    expect(poison[1]?.reason).to.contain('not a valid journal record: /heard');
    expect((await all(store.journal.read())).map((entry) => entry.seq)).to.deep.equal([seq, last]);
  });

  it('does not stop subscribers of facts', async () => {
    const told: Told[] = [];
    const subscription = await store.facts.subscribe({}, 0, (one) => void told.push(one));
    await store.facts.tell(someFact('cam_a', 1));
    await link.jetstream.publish(factSubject(camera('cam_a'), 'live'), 'hello');
    const { seq } = await store.facts.tell(someFact('cam_a', 2));
    await until('the fact behind it', () => told.at(-1)?.seq === seq);
    expect(told).to.have.length(2);
    expect(await all(store.facts.read({ after: 0 }))).to.deep.equal(told);
    subscription.close();
  });
});

import { expect } from 'chai';
import { type Ask, type Bus, NOT_MINE } from '../../bus/ports/bus.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import { camera, rejection } from '../fixtures/records.ts';

/** What every bus promises. */
export function busContract(make: () => Promise<{ bus: Bus; close(): Promise<void> }>): void {
  let bus: Bus;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ bus, close } = await make());
  });
  afterEach(() => close());

  const question: Ask = { to: camera('cam_a'), verb: 'view', token: 'a.b.c', body: { deep: [1, 'ä'] } };

  it('brings an ask, with the token of who asks, to who answers for that kind of cell, and the answer back', async () => {
    const heard: Ask[] = [];
    await bus.answer('camera', async (ask) => {
      heard.push(ask);
      return { state: 'live' };
    });
    await bus.answer('viewer', async () => 'wrong door');
    expect(await bus.ask(question, 1_000)).to.deep.equal({ state: 'live' });
    expect(heard).to.deep.equal([question]);
  });

  it('tells the caller when the answerer fails, with a code to branch on', async () => {
    await bus.answer('camera', async () => {
      throw Object.assign(new Error('Access denied'), { reason: 'zone' });
    });
    expect(await bus.ask(question, 1_000)).to.deep.equal({ error: 'Access denied', reason: 'zone' });
  });

  it('waits for who an ask is for when others leave it to them', async () => {
    await bus.answer('camera', async () => NOT_MINE);
    expect(await rejection(bus.ask(question, 200))).to.be.instanceOf(JournalAway);
    await bus.answer('camera', async () => 'mine');
    expect(await bus.ask(question, 1_000)).to.equal('mine');
  });

  it('says so in time when nobody answers', async () => {
    expect(await rejection(bus.ask(question, 200))).to.be.instanceOf(JournalAway);
    await bus.answer('camera', () => new Promise(() => {}));
    const before = performance.now();
    expect(await rejection(bus.ask(question, 200))).to.be.instanceOf(JournalAway);
    expect(performance.now() - before).to.be.lessThan(700);
  });

  it('stops answering when told to', async () => {
    const subscription = await bus.answer('camera', async () => 'here');
    subscription.close();
    expect(await subscription.ended).to.equal(undefined);
    expect(await rejection(bus.ask(question, 200))).to.be.instanceOf(JournalAway);
  });

  it('never lets an id or a verb become an address', async () => {
    for (const name of ['*', '>', 'a.b', '']) {
      expect((await rejection(bus.ask({ ...question, verb: name }, 200))).name).to.equal('BadId');
    }
  });
}

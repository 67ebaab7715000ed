import { expect } from 'chai';
import type { Facts } from '../../bus/ports/facts.ts';
import type { Outbox } from '../../bus/ports/outbox.ts';
import { until } from '../fixtures/process.ts';
import { someFact } from '../fixtures/records.ts';

/** What all carriers of outboxes promise. `make` gives an empty one, beside the facts that it hands out. */
export function outboxContract(make: () => Promise<{ facts: Facts; outbox: Outbox; close(): Promise<void> }>): void {
  let facts: Facts;
  let outbox: Outbox;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ facts, outbox, close } = await make());
  });
  afterEach(() => close());

  it('hands out what comes after it was first asked for, in order, the next when one is done with', async () => {
    await facts.tell(someFact('cam_a', 1));
    const had: string[] = [];
    let done = () => {};
    const reader = await outbox.drain('hook', ['camera'], ({ envelope }) => {
      had.push(envelope.id);
      return new Promise((resolve) => {
        done = resolve;
      });
    });
    await facts.tell(someFact('cam_a', 2));
    await facts.tell(someFact('cam_b', 3));
    await until('the first', () => had.length === 1);
    // What is told to everybody has arrived by then; the second is held back all the same.
    await facts.tell(someFact('cam_c', 4));
    expect(had).to.deep.equal(['cam_a-f2']);
    done();
    await until('the second', () => had.length === 2);
    expect(had).to.deep.equal(['cam_a-f2', 'cam_b-f3']);
    done();
    await until('the third', () => had.length === 3);
    done();
    reader.close();
    await reader.ended;
  });

  it('hands out again what was not done with, to whoever goes on under the same name', async () => {
    const first: string[] = [];
    const reader = await outbox.drain('hook', ['camera'], async ({ envelope }) => {
      first.push(envelope.id);
      if (envelope.id === 'cam_a-f2') {
        reader.close();
        throw new Error('the receiver is away');
      }
    });
    for (const n of [1, 2, 3]) await facts.tell(someFact('cam_a', n));
    await until('the second', () => first.length === 2);
    await reader.ended;
    const next: string[] = [];
    const successor = await outbox.drain('hook', ['camera'], async ({ envelope }) => void next.push(envelope.id));
    await until('the rest', () => next.length === 2);
    expect(next).to.deep.equal(['cam_a-f2', 'cam_a-f3']);
    successor.close();
    await successor.ended;
  });

  it('hands out the kinds that were asked for alone, to each reader of another name all of them', async () => {
    const had = { cameras: [] as string[], others: [] as string[] };
    const readers = [
      await outbox.drain('one', ['camera'], async ({ envelope }) => void had.cameras.push(envelope.id)),
      await outbox.drain('two', ['relay', 'camera'], async ({ envelope }) => void had.others.push(envelope.id)),
      await outbox.drain('three', ['relay'], async ({ envelope }) => void had.others.push(`wrong ${envelope.id}`)),
    ];
    await facts.tell(someFact('cam_a', 1));
    await until('both', () => had.cameras.length + had.others.length === 2);
    expect(had).to.deep.equal({ cameras: ['cam_a-f1'], others: ['cam_a-f1'] });
    for (const reader of readers) reader.close();
    await Promise.all(readers.map(({ ended }) => ended));
  });
}

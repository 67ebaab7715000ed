import { expect } from 'chai';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { Readers } from '../../bus/ports/readers.ts';
import { rejection } from '../fixtures/records.ts';

/** What every carrier of readers promises. `ask` is how one of them asks. */
export function readersContract(
  make: () => Promise<{
    readers: Readers;
    ask(reader: string, body: unknown): Promise<unknown>;
    close(): Promise<void>;
  }>,
): void {
  let readers: Readers;
  let ask: (reader: string, body: unknown) => Promise<unknown>;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ readers, ask, close } = await make());
  });
  afterEach(() => close());

  it('brings what a reader asks, with its name, and the answer back', async () => {
    const heard: unknown[] = [];
    await readers.answer(async (reader, body) => {
      heard.push([reader, body]);
      return { items: ['ä'] };
    });
    expect(await ask('hall', { after: 7 })).to.deep.equal({ items: ['ä'] });
    expect(await ask('gate', {})).to.deep.equal({ items: ['ä'] });
    expect(heard).to.deep.equal([
      ['hall', { after: 7 }],
      ['gate', {}],
    ]);
  });

  it('tells the reader when the answerer fails, with a code to branch on', async () => {
    await readers.answer(async () => {
      throw Object.assign(new Error('Access denied'), { reason: 'no-reader' });
    });
    expect(await ask('hall', {})).to.deep.equal({ error: 'Access denied', reason: 'no-reader' });
  });

  it('has one of several answer each ask, and the others once that one stops', async () => {
    const heard: string[] = [];
    const answering = async (name: string) =>
      readers.answer(async () => {
        heard.push(name);
        return name;
      });
    const [left, right] = [await answering('left'), await answering('right')];
    for (let n = 0; n < 20; n++) await ask('hall', { after: n });
    expect(heard).to.have.length(20);
    left.close();
    expect(await left.ended).to.equal(undefined);
    expect(await ask('hall', {})).to.equal('right');
    right.close();
    expect(await rejection(ask('hall', {}))).to.be.instanceOf(JournalAway);
  });
}

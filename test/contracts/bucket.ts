import { expect } from 'chai';
import type { Bucket, BucketEntry } from '../../bus/ports/bucket.ts';
import type { Subscription } from '../../bus/ports/subscription.ts';
import { until } from '../fixtures/process.ts';
import { rejection } from '../fixtures/records.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const shown = ({ key, value }: BucketEntry): string =>
  value ? `${key}=${new TextDecoder().decode(value)}` : `${key}-`;

/** What every bucket promises. `make` gives an empty one. */
export function bucketContract(make: () => Promise<{ bucket: Bucket; close(): Promise<void> }>): void {
  let bucket: Bucket;
  let close: () => Promise<void>;
  let following: Subscription[];
  beforeEach(async () => {
    ({ bucket, close } = await make());
    following = [];
  });
  afterEach(async () => {
    for (const one of following) one.close();
    await close();
  });
  const follow = async (): Promise<BucketEntry[]> => {
    const heard: BucketEntry[] = [];
    following.push(await bucket.follow((entry) => void heard.push(entry)));
    return heard;
  };
  const written = async (key: string, text: string | undefined, over = 0): Promise<number> => {
    const revision = await bucket.write(key, text === undefined ? undefined : bytes(text), over);
    if (revision === undefined) throw new Error(`${key} was not written`);
    return revision;
  };

  it('tells who comes what stands there, removed entries too, and then what changes', async () => {
    expect(await follow()).to.deep.equal([]);
    const first = await written('people.lan', 'one');
    await written('keys.one', 'key');
    await written('people.lan', undefined, first);
    const heard = await follow();
    expect(heard.map(shown), 'once it follows, it knows').to.deep.equal(['keys.one=key', 'people.lan-']);
    await written('people.mai', 'two');
    await until('the change', () => heard.length === 3);
    expect(heard.map(shown).at(-1)).to.equal('people.mai=two');
  });

  it('takes a change only over what was seen, so that of two who change one entry one learns of the other', async () => {
    const results = await Promise.all(['a', 'b', 'c'].map((text) => bucket.write('x', bytes(text), 0)));
    const won = results.filter((revision) => revision !== undefined);
    expect(won).to.have.length(1);
    expect(await bucket.write('x', undefined, 0)).to.equal(undefined);
    expect(await written('x', 'd', won[0])).to.be.greaterThan(won[0] as number);
  });

  it('takes a key again that was removed, over the revision of its removal', async () => {
    const first = await written('x', 'a');
    const removed = await written('x', undefined, first);
    expect(removed).to.be.greaterThan(first);
    expect(await bucket.write('x', bytes('b'), first)).to.equal(undefined);
    await written('x', 'b', removed);
    expect((await follow()).map(shown)).to.deep.equal(['x=b']);
  });

  it('refuses a key that could be taken for another', async () => {
    for (const key of ['*', 'a..b', '', '>', 'a b', 'ä']) {
      expect((await rejection(bucket.write(key, bytes('a'), 0))).name).to.equal('BadId');
    }
  });
}

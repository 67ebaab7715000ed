import { expect } from 'chai';
import fc from 'fast-check';
import { type Puller, type UpstreamStanding, upstreamOf } from '../../../machines/policy/upstream.ts';

const relay = (id: string, more: Partial<UpstreamStanding> = {}): UpstreamStanding => ({
  ...{ id, region: 'hcm', state: 'serving', serving: true, draining: false, pulls: false, pullers: 0 },
  ...more,
});
const far: Puller = { id: 'far', region: 'danang', pull: [] };
const itself = relay('far', { region: 'danang', pulls: true });
const choose = (relays: UpstreamStanding[], more: Partial<Puller> = {}) =>
  upstreamOf({ ...far, ...more }, [...relays, itself]);
const dead = { state: 'dead', serving: false };
const drained = { state: 'draining', draining: true };

describe('the relay that another one pulls programs from', () => {
  it('is the nearest, then the one that the fewest pull from, by name; the others are told why not', () => {
    const near = relay('z', { region: 'danang', pullers: 9 });
    expect(choose([relay('a'), near]).relay).to.equal('z');
    const { relay: chosen, why } = choose([relay('c'), relay('b'), relay('a', { pullers: 2 }), relay('d', dead)]);
    expect(chosen).to.equal('b');
    expect(why).to.deep.include({ text: 'it pulls programs from b', guard: { region: 'danang' } });
    expect(why.rejected).to.deep.equal([
      { option: 'c', because: 'as good, later by name' },
      { option: 'a', because: 'more pull from it: 2' },
      { option: 'd', because: 'it is dead' },
    ]);
  });

  it('is the first that it names, wherever that is, and never another one', () => {
    const relays = [relay('a'), relay('b'), relay('near', { region: 'danang' })];
    const { relay: chosen, why } = choose(relays, { pull: ['b', 'a'] });
    expect(chosen).to.equal('b');
    expect(why.rejected).to.deep.equal([
      { option: 'a', because: 'it comes later in "pull"' },
      { option: 'near', because: 'it is none of those named in "pull"' },
    ]);
    expect(choose([relay('a', dead), relay('near', { region: 'danang' })], { pull: ['a'] }).relay).to.equal(undefined);
  });

  it('stays the same while it carries media: to go back to a better one would cut whoever watches', () => {
    const shaky = relay('a', { state: 'suspect' });
    const { relay: chosen, why } = choose([shaky, relay('b', { region: 'danang' })], { present: 'a' });
    expect(chosen).to.equal('a');
    expect(why.rejected).to.deep.equal([{ option: 'b', because: 'to go there would cut whoever watches' }]);
    expect(choose([shaky, relay('b')]).relay, 'who comes anew goes to a sound one').to.equal('b');
  });

  it('is another one when it is lost or shall be empty, and says so', () => {
    for (const lost of [dead, drained]) {
      const { relay: chosen, why } = choose([relay('a', lost), relay('b')], { present: 'a' });
      expect(chosen).to.equal('b');
      expect(why.text).to.equal('it pulls programs from b, for a can give them no more');
      expect(why.guard).to.deep.equal({ region: 'danang', present: 'a' });
    }
  });

  it('is one that is being drained where there is no other, and none where none has programs', () => {
    expect(choose([relay('a', drained), relay('b', dead)]).relay).to.equal('a');
    const { relay: none, why } = choose([relay('a', dead), relay('other', { pulls: true })], { present: 'a' });
    expect(none).to.equal(undefined);
    expect(why).to.include({ reason: 'no-upstream' });
    expect(why.rejected).to.deep.include({ option: 'other', because: 'it pulls itself' });
  });

  it('has the programs itself, and every other relay is told why not, whatever there is', () => {
    const standing = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      region: fc.constantFrom('hcm', 'danang'),
      state: fc.constantFrom('serving', 'suspect', 'dead'),
      serving: fc.boolean(),
      draining: fc.boolean(),
      pulls: fc.boolean(),
      pullers: fc.nat(3),
    });
    const pool = fc.uniqueArray(standing, { selector: ({ id }) => id });
    const pull = fc.subarray(['a', 'b', 'c']);
    fc.assert(
      fc.property(pool, pull, fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), (relays, named, present) => {
        const puller = { ...far, pull: named, present };
        const { relay: chosen, why } = upstreamOf(puller, [...relays, itself]);
        const able = relays.filter(
          ({ id, serving, pulls }) => serving && !pulls && (named.length === 0 || named.includes(id)),
        );
        expect(chosen !== undefined).to.equal(able.length > 0);
        if (chosen !== undefined) expect(able.map(({ id }) => id)).to.include(chosen);
        const told = why.rejected?.map(({ option }) => option) ?? [];
        expect([...told, ...(chosen ? [chosen] : [])].sort()).to.deep.equal(
          relays.map(({ id }) => id as string).sort(),
        );
        const other = upstreamOf(puller, [itself, ...relays.toReversed()]);
        expect(other, 'in whatever order').to.deep.equal(upstreamOf(puller, [...relays, itself]));
      }),
    );
  });
});

import { expect } from 'chai';
import { CHOICE_TIMES, choose, type SourceStanding, steadyMs } from '../../../machines/policy/sources.ts';

const AT = 100_000;
const source = (id: string, more: Partial<SourceStanding> = {}): SourceStanding => ({
  ...{ id, state: 'flowing', since: 0, text: 'its picture arrives', frozen: false, lapses: [] },
  ...more,
});
const dead = { state: 'offline', since: AT - 12_000, text: 'refused the connection' } as const;

interface Case {
  it: string;
  sources: SourceStanding[];
  active: string;
  chosen?: string;
  handBackMs?: number | 'never';
  /** The source, how, and those armed. */
  gives: [string, 'clean' | 'at-once', string[]];
  because: string;
}

const cases: Case[] = [
  {
    it: 'stays on the preferred source',
    ...{ sources: [source('0'), source('1')], active: '0' },
    ...{ gives: ['0', 'clean', ['1']], because: 'preferred' },
  },
  {
    it: 'goes to the backup at once when the preferred source is dead',
    ...{ sources: [source('0', dead), source('1')], active: '0' },
    ...{ gives: ['1', 'at-once', ['0']], because: 'lost' },
  },
  {
    it: 'goes past a dead backup to the next one',
    ...{ sources: [source('0', dead), source('1', dead), source('2')], active: '0' },
    ...{ gives: ['2', 'at-once', ['0', '1']], because: 'lost' },
  },
  {
    it: 'stays on the backup while the preferred source is not yet steady',
    ...{ sources: [source('0', { since: AT - 9_999 }), source('1')], active: '1' },
    ...{ gives: ['1', 'clean', ['0']], because: 'best' },
  },
  {
    it: 'goes home at a key frame once the preferred source is steady',
    ...{ sources: [source('0', { since: AT - 10_000 }), source('1')], active: '1' },
    ...{ gives: ['0', 'clean', ['1']], because: 'steady' },
  },
  {
    it: 'goes to a better backup when the preferred source stays dead',
    ...{ sources: [source('0', dead), source('1'), source('2')], active: '2' },
    ...{ gives: ['1', 'clean', ['0', '2']], because: 'steady' },
  },
  {
    it: 'never goes home where that is an operator’s to say',
    ...{ sources: [source('0'), source('1')], active: '1', handBackMs: 'never' },
    ...{ gives: ['1', 'clean', ['0']], because: 'best' },
  },
  {
    it: 'leaves a still picture, and arms it last',
    ...{ sources: [source('0', { frozen: true }), source('1'), source('2')], active: '0' },
    ...{ gives: ['1', 'at-once', ['2', '0']], because: 'still' },
  },
  {
    it: 'stays on a still picture when nothing is better',
    ...{ sources: [source('0', { frozen: true }), source('1', dead)], active: '0' },
    ...{ gives: ['0', 'clean', ['1']], because: 'nothing-better' },
  },
  {
    it: 'never arms a source that does not fit',
    ...{ sources: [source('0'), source('1', { state: 'aside' })], active: '0' },
    ...{ gives: ['0', 'clean', []], because: 'preferred' },
  },
  {
    it: 'awaits the preferred source first when none flows',
    ...{ sources: [source('0', dead), source('1', dead)], active: '1' },
    ...{ gives: ['0', 'at-once', ['1']], because: 'none-flows' },
  },
  {
    it: 'obeys an operator',
    ...{ sources: [source('0'), source('1')], active: '0', chosen: '1' },
    ...{ gives: ['1', 'clean', ['0']], because: 'chosen' },
  },
  {
    it: 'does not obey into the dark',
    ...{ sources: [source('0'), source('1', dead)], active: '0', chosen: '1' },
    ...{ gives: ['0', 'clean', ['1']], because: 'preferred' },
  },
];

/** All sources are pulled anew, and the backup has its picture a moment sooner. */
const coming = { state: 'opening', since: AT - 300, text: 'it answers' } as const;

describe('the choice among the sources of a camera', () => {
  for (const one of cases) {
    it(one.it, () => {
      const { sources, active, chosen, handBackMs = CHOICE_TIMES.handBackMs } = one;
      const choice = choose({ sources, active, fed: true, handBackMs, at: AT, ...(chosen ? { chosen } : {}) });
      expect([choice.source, choice.how, choice.armed]).to.deep.equal(one.gives);
      expect(choice.why.reason).to.equal(one.because);
      const others = sources.map(({ id }) => id).filter((id) => id !== choice.source);
      expect(choice.why.rejected?.map(({ option }) => option)).to.deep.equal(others);
    });
  }

  it('does not go to a backup that is a moment faster when all are pulled anew, and goes there when the time is over', () => {
    const sources = [source('0', coming), source('1', { since: AT - 50 })];
    for (const active of ['0', '1']) {
      const asked = { sources, active, fed: false, handBackMs: 10_000 };
      const choice = choose({ ...asked, at: AT });
      expect([choice.source, choice.armed, choice.why.reason]).to.deep.equal(['0', [], 'head-start']);
      const later = choose({ ...asked, at: choice.reconsiderAt ?? 0 });
      expect(later.source).to.equal('1');
    }
  });

  it('goes to a backup at once that had its picture before the preferred source was lost', () => {
    const sources = [source('0', coming), source('1', { since: AT - 5_000 })];
    const choice = choose({ sources, active: '0', fed: false, handBackMs: 10_000, at: AT });
    expect([choice.source, choice.how, choice.why.reason]).to.deep.equal(['1', 'at-once', 'lost']);
  });

  it('says of each rejected source what is the matter with it', () => {
    const sources = [source('0', dead), source('1')];
    const { why } = choose({ sources, active: '1', fed: true, handBackMs: 10_000, at: AT });
    expect(why.rejected).to.deep.equal([{ option: '0', because: 'refused the connection (offline for 12 s)' }]);
  });

  it('doubles the time to be steady with each lapse, up to a bound, and forgets old ones', () => {
    const steady = (...lapses: number[]) => steadyMs(source('0', { lapses }), 10_000, AT);
    expect([steady(), steady(AT), steady(AT, AT), steady(AT, AT, AT)]).to.deep.equal([10_000, 10_000, 20_000, 40_000]);
    expect(steady(...Array.from({ length: 10 }, () => AT))).to.equal(CHOICE_TIMES.longestHandBackMs);
    expect(steady(AT - CHOICE_TIMES.lapseMs, AT)).to.equal(10_000);
  });

  it('looks again at a source whose picture stood still only after a while', () => {
    expect(steadyMs(source('0', { frozen: true }), 10_000, AT)).to.equal(CHOICE_TIMES.frozenAgainMs);
  });
});

import { expect } from 'chai';
import { mergeEntry, type SharedEntry } from '../../../machines/policy/merging.ts';

describe('an entry that hosts share', () => {
  const table: [what: string, entry: Partial<SharedEntry>, act: string, reason: string][] = [
    ['that both have', { here: 'a', there: 'a' }, 'nothing', 'same'],
    ['that both are without', { base: 'a', there: 'removed' }, 'nothing', 'same'],
    ['that is new elsewhere', { there: 'a' }, 'take', 'changed-there'],
    ['that was changed elsewhere', { base: 'a', here: 'a', there: 'b' }, 'take', 'changed-there'],
    ['that was removed elsewhere', { base: 'a', here: 'a', there: 'removed' }, 'take', 'changed-there'],
    ['that is new here', { here: 'a' }, 'give', 'unknown-there'],
    ['that was changed here', { base: 'a', here: 'b', there: 'a' }, 'give', 'changed-here'],
    ['that was removed here', { base: 'a', there: 'a' }, 'give', 'changed-here'],
    ['that was made again after its removal', { here: 'b', there: 'removed' }, 'give', 'changed-here'],
    ['of stores that were lost', { base: 'a', here: 'a' }, 'give', 'unknown-there'],
    ['that was removed here and changed elsewhere', { base: 'a', there: 'b' }, 'give', 'removal'],
    ['that was changed here and removed elsewhere', { base: 'a', here: 'b', there: 'removed' }, 'take', 'removal'],
    ['that was changed on both sides of a cut', { base: 'a', here: 'b', there: 'c' }, 'take', 'first'],
    ['that a host brings along which ran alone', { here: 'b', there: 'c' }, 'take', 'first'],
    ['a key, of two hosts that made one each', { here: 'b', there: 'c', fixed: true }, 'take', 'first'],
    ['a key that somebody deleted here', { base: 'a', there: 'a', fixed: true }, 'take', 'first'],
    [
      'a key that somebody deleted there',
      { base: 'a', here: 'a', there: 'removed', fixed: true },
      'give',
      'unknown-there',
    ],
  ];
  for (const [what, entry, act, reason] of table) {
    it(`${what}: ${act}, as ${reason}`, () => {
      const decided = mergeEntry({ base: undefined, here: undefined, there: undefined, fixed: false, ...entry });
      expect([decided.act, decided.why.reason]).to.deep.equal([act, reason]);
      expect(decided.why.text).to.not.equal('');
    });
  }
});

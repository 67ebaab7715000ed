import { expect } from 'chai';
import { passwordFault } from '../../../machines/policy/passwords.ts';

describe('policy: passwords', () => {
  const table: [what: string, password: string, former: string | undefined, expected: RegExp | undefined][] = [
    ['a sentence is good', 'the gate stays shut', undefined, undefined],
    ['ten characters are enough', 'k7#mZ!q2Wp', undefined, undefined],
    ['nine are not', 'k7#mZ!q2W', undefined, /at least 10/],
    ['ten are counted as people count, not as code units', '😀😁😂😃😄😅😆😇😈', undefined, /at least 10/],
    ['no novel', 'ab c'.repeat(257), undefined, /at most 1024/],
    ['not the same again', 'the gate stays shut', 'the gate stays shut', /is the old one/],
    ['not one key held down', 'aaaaaaaaaaaa', undefined, /different characters/],
    ['not the name and a year', 'Minh-hoang2026', undefined, /more than the name/],
  ];
  for (const [what, password, former, expected] of table) {
    it(what, () => {
      const fault = passwordFault(password, 'minh-hoang', former);
      if (expected) expect(fault).to.match(expected);
      else expect(fault).to.equal(undefined);
    });
  }
});

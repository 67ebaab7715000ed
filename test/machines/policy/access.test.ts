import { expect } from 'chai';
import fc from 'fast-check';
import { type Action, access, inZone, type Rights } from '../../../machines/policy/access.ts';

const person = (role: Rights['role'], cameras: string[] = [], zones: string[] = []): Rights => ({
  role,
  cameras,
  zones,
});
const airport = { camera: 'cam_002', zone: 'hcm/airport' };
const guest: Rights = { ...person('viewer'), granted: [{ camera: 'cam_002' }] };

describe('access: who may do what with a camera', () => {
  const table: [string, Rights, Action, boolean, string][] = [
    ['a viewer watches a camera that is named', person('viewer', ['cam_002']), 'watch', true, 'allowed'],
    ['a viewer watches a camera of their zone', person('viewer', [], ['hcm/airport']), 'watch', true, 'allowed'],
    ['a viewer watches below their zone', person('viewer', [], ['hcm/*']), 'watch', true, 'allowed'],
    ['a viewer with every zone watches', person('viewer', [], ['*']), 'watch', true, 'allowed'],
    ['a viewer of another zone does not', person('viewer', [], ['hanoi/*']), 'watch', false, 'not-yours'],
    ['a viewer without rights does not', person('viewer'), 'watch', false, 'not-yours'],
    ['a star is no camera name', person('viewer', ['*']), 'watch', false, 'not-yours'],
    ['a viewer does not operate even what is theirs', person('viewer', ['cam_002']), 'operate', false, 'role'],
    ['an operator operates in their zone', person('operator', [], ['hcm/*']), 'operate', true, 'allowed'],
    ['an operator does not operate elsewhere', person('operator', [], ['hanoi/*']), 'operate', false, 'not-yours'],
    ['an operator does not watch elsewhere', person('operator', [], ['hanoi/*']), 'watch', false, 'not-yours'],
    ['a viewer looks back at what is theirs', person('viewer', ['cam_002']), 'review', true, 'allowed'],
    ['a guest of an incident watches', guest, 'watch', true, 'granted'],
    ['a guest of an incident does not look back', guest, 'review', false, 'granted-live'],
    ['a guest with a right of their own looks back', { ...guest, zones: ['hcm/*'] }, 'review', true, 'allowed'],
    ['an operator does not administer', person('operator', [], ['*']), 'administer', false, 'role'],
    ['an administrator does everything everywhere', person('admin'), 'administer', true, 'allowed'],
    ['an administrator watches without being named', person('admin'), 'watch', true, 'allowed'],
  ];
  for (const [title, rights, action, allowed, reason] of table) {
    it(title, () => {
      const verdict = access(rights, airport, action);
      expect([verdict.allowed, verdict.why.reason]).to.deep.equal([allowed, reason]);
      expect(verdict.why.text).to.match(/\w/);
    });
  }
});

describe('access: zone patterns', () => {
  const table: [string, string, boolean][] = [
    ['hcm', 'hcm', true],
    ['hcm/airport', 'hcm/airport', true],
    ['hcm/airport', 'hcm/*', true],
    ['hcm/airport/gate-1', 'hcm/*', true],
    ['hcm', 'hcm/*', false],
    ['hcm/airport', 'hcm', false],
    ['hcmc/airport', 'hcm/*', false],
    ['hcm/airport', '*', true],
    ['', '*', false],
    ['', '', false],
    ['hcm/airport', '/*', false],
    ['hcm/airport', 'hcm*', false],
    ['hcm/airport', '*/airport', false],
    ['hcm/airport/gate', 'hcm/*/gate', false],
    ['hcm/airport', 'hcm/**', false],
    ['hcm/airport', 'HCM/*', false],
    ['hcm/airport', 'hcm/.*', false],
    ['hcm/airport', '>', false],
  ];
  for (const [zone, pattern, expected] of table) {
    it(`"${pattern}" ${expected ? 'covers' : 'does not cover'} "${zone}"`, () => {
      expect(inZone(zone, pattern)).to.equal(expected);
    });
  }

  it('never gives more than a name would, whatever text stands as a pattern', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('hcm', 'hcm/airport', 'hanoi/station'), (pattern, zone) => {
        const covers = inZone(zone, pattern);
        const stem = pattern.endsWith('/*') ? pattern.slice(0, -1) : undefined;
        const may = pattern === '*' || pattern === zone || (stem !== undefined && zone.startsWith(stem));
        return !covers || may;
      }),
    );
  });
});

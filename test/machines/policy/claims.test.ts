import { expect } from 'chai';
import { type ClaimRule, grantByClaims } from '../../../machines/policy/claims.ts';

const rule = (role: ClaimRule['role'], zone: string, claim?: string, value?: string): ClaimRule => ({
  ...{ claim, value, role },
  ...{ cameras: [], zones: [zone] },
});

describe('policy: what the claims of an identity provider grant', () => {
  const rules = [rule('operator', 'hcm/*', 'groups', 'control-room'), rule('viewer', 'hanoi/*', 'email', 'a@b.vn')];
  const table: [what: string, claims: Record<string, unknown>, expected: string | undefined][] = [
    ['one of a list', { groups: ['staff', 'control-room'] }, 'operator hcm/*'],
    ['a claim that says it itself', { email: 'a@b.vn' }, 'viewer hanoi/*'],
    ['the first that fits, and nothing of the next', { groups: 'control-room', email: 'a@b.vn' }, 'operator hcm/*'],
    ['nothing to a part of a word', { groups: ['control-room-guests'], email: 'xa@b.vn' }, undefined],
    ['nothing to a claim of another kind', { groups: { 'control-room': true }, email: 7 }, undefined],
    ['nothing to nobody', {}, undefined],
  ];
  for (const [what, claims, expected] of table) {
    it(what, () => {
      const grant = grantByClaims(claims, rules);
      expect(grant && `${grant.role} ${grant.zones.join()}`).to.equal(expected);
    });
  }

  it('how far back somebody may look, where the rule says so', () => {
    const bounded: ClaimRule = { ...rule('viewer', 'park'), history: 'since_grant' };
    expect(grantByClaims({}, [bounded])).to.include({ history: 'since_grant' });
    expect(grantByClaims({}, [rule('viewer', 'park')])).to.not.have.property('history');
  });

  it('a rule without a claim is for everybody; inherited names are no claims', () => {
    expect(grantByClaims({}, [...rules, rule('viewer', 'park')])?.zones).to.deep.equal(['park']);
    expect(grantByClaims({}, [rule('admin', '*', 'constructor', '')])).to.equal(undefined);
  });
});

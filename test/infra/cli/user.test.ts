import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openLayouts } from '../../../adapters/layouts.files.ts';
import { openPasswords } from '../../../adapters/passwords.scrypt.ts';
import { openPeople } from '../../../adapters/people.files.ts';
import { openRevocations } from '../../../adapters/revocations.files.ts';
import { command } from '../../fixtures/command-line.ts';

describe('signalbox user', () => {
  const { isRight } = openPasswords();
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), 'sbx-user-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));
  const user = (words: string[], input?: string) =>
    command(['user', ...words, '--state', state], input === undefined ? {} : { input });
  const people = () => openPeople(path.join(state, 'people.json'));
  const add = ['add', 'Lan', '--role', 'operator', '--zone', 'hcm/*', '--password-stdin'];

  it('adds somebody, whose password is read from standard input and must be changed', async () => {
    expect(await user(add, 'the gate stays shut\n')).to.deep.equal({ code: 0, out: 'added lan\n', err: '' });
    const lan = people().find('lan');
    expect(lan).to.deep.include({ role: 'operator', zones: ['hcm/*'], must_change: true });
    expect(await isRight('the gate stays shut', lan?.password)).to.equal(true);
    const again = await user(add, 'the gate stays shut\n');
    expect([again.code, again.err]).to.deep.equal([
      1,
      'signalbox: lan is there already: `signalbox user password lan` gives a new password\n',
    ]);
  });

  it('lists who signs in, without their hashes', async () => {
    await user(add, 'the gate stays shut');
    const wall = ['add', 'wall', '--role', 'viewer', '--zone', '*', '--history', '1h', '--keep', '--password-stdin'];
    await user(wall, 'seven small screens');
    const { out } = await user(['list']);
    expect(out).to.match(/lan +operator +hcm\/\* +to be changed +all\nwall +viewer +\* +their own +the last 1 h/);
    expect(people().find('wall')?.history).to.deep.equal({ last_ms: 3_600_000 });
    const { items } = JSON.parse((await user(['list', '--json'])).out);
    expect(items[0]).to.include({ id: 'lan', must_change: true }).and.not.have.property('password');
  });

  it('gives a new password, and ends what was signed in with the old one', async () => {
    await user([...add, '--keep'], 'the gate stays shut');
    const token = { sub: 'lan', iat: Date.now() / 1000 - 1 };
    const changed = await user(['password', 'lan', '--password-stdin'], 'another long sentence');
    expect(changed.out).to.equal('lan has a new password; all earlier sign-ins have ended\n');
    expect(people().find('lan')?.must_change).to.equal(true);
    expect(await isRight('another long sentence', people().find('lan')?.password)).to.equal(true);
    expect(openRevocations(path.join(state, 'revocations.json')).hits(token)).to.equal(true);
  });

  it('says how far back somebody may look from now on, and ends what was signed in before', async () => {
    await user(add, 'the gate stays shut');
    const token = { sub: 'lan', iat: Date.now() / 1000 - 1 };
    const before = Date.now();
    const bounded = await user(['history', 'lan', 'since_grant']);
    expect(bounded.out).to.match(/^lan may look back: since \d{4}-.*; all earlier sign-ins have ended\n$/);
    const { history } = people().find('lan') ?? {};
    expect(history && 'since' in history && history.since).to.be.within(before, Date.now());
    expect(openRevocations(path.join(state, 'revocations.json')).hits(token)).to.equal(true);
    expect((await user(['history', 'lan', 'all'])).out).to.match(/^lan may look back: all; /);
    expect(people().find('lan')?.history).to.equal(undefined);
    expect((await user(['history', 'lan', 'soon'])).err).to.match(/<bound> soon: expected how far back/);
    expect((await user(['history', 'kim', '1h'])).err).to.match(/nobody signs in as kim/);
  });

  it('removes somebody, ends their sign-ins, and drops the walls that they alone had', async () => {
    await user(add, 'the gate stays shut');
    const layouts = () => openLayouts(path.join(state, 'layouts.json'));
    const kept = { owner: 'lan', name: 'Gates', cameras: [], big: false, since: 1 };
    layouts().add({ ...kept, id: 'lay_own' });
    layouts().add({ ...kept, id: 'lay_shared', shared_with: 'viewer' });
    layouts().add({ ...kept, id: 'lay_other', owner: 'minh' });
    expect((await user(['remove', 'lan'])).out).to.equal('removed lan; all sign-ins have ended\n');
    expect(people().list()).to.deep.equal([]);
    const left = layouts()
      .list()
      .map(({ id }) => id);
    expect(left).to.deep.equal(['lay_shared', 'lay_other']);
    const token = { sub: 'lan', iat: Date.now() / 1000 - 1 };
    expect(openRevocations(path.join(state, 'revocations.json')).hits(token)).to.equal(true);
    expect((await user(['remove', 'lan'])).err).to.contain('nobody signs in as lan');
  });

  const refused: [what: string, words: string[], input: string | undefined, expected: RegExp][] = [
    ['a weak password', add, 'short', /at least 10/],
    ['no password at all', add, '', /the password is empty/],
    ['a password that would have to be typed where nobody is', add.slice(0, -1), undefined, /--password-stdin/],
    [
      'a name that could be taken for another issuer’s',
      ['add', 'oidc:x', '--role', 'viewer'],
      undefined,
      /can't be a name/,
    ],
    ['a role that is none', ['add', 'x', '--role', 'boss'], undefined, /--role boss/],
    ['nobody’s password', ['password', 'x'], undefined, /nobody signs in as x/],
  ];
  for (const [what, words, input, expected] of refused) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const { code, err } = await user(words, input);
      expect([code > 0, expected.test(err)], err).to.deep.equal([true, true]);
      expect(people().list()).to.deep.equal([]);
    });
  }
});

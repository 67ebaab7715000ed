import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { openSecrets } from '../../adapters/secrets.files.ts';

describe('the secret store', () => {
  let folder: string;
  beforeEach(() => {
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'sbx-secrets-')), 'secrets');
  });
  afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

  it('gives a login back after a restart', () => {
    expect(openSecrets(folder).keep('cam_001-0', { username: 'u', password: 'p' })).to.equal('cam_001-0');
    expect(openSecrets(folder).login('cam_001-0')).to.deep.equal({ username: 'u', password: 'p' });
    expect(openSecrets(folder).login('cam_002-0')).to.equal(undefined);
  });

  it('lets its owner alone read it, and leaves no drafts', () => {
    openSecrets(folder).keep('a-0', { username: 'u', password: 'p' });
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(statSync(path.join(folder, 'a-0.json')).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(['a-0.json']);
  });

  it('shows a changed password by another reference, and an unchanged one by the same', () => {
    const secrets = openSecrets(folder);
    expect(secrets.keep('a-0', { username: 'u', password: 'p' })).to.equal('a-0');
    expect(secrets.keep('a-0', { username: 'u', password: 'p' })).to.equal('a-0');
    expect(secrets.keep('a-0', { username: 'u', password: 'q' })).to.equal('a-0.2');
    expect(secrets.keep('a-0', { username: 'u', password: 'q' })).to.equal('a-0.2');
    expect(secrets.forget('a-0')).to.equal(true);
    expect(secrets.keep('a-0', { username: 'v', password: 'q' })).to.equal('a-0.3');
    expect(secrets.login('a-0.3')?.username).to.equal('v');
    expect(secrets.keep('a-0-2', { username: 'other', password: 'camera' })).to.equal('a-0-2');
  });

  it('forgets for good', () => {
    const secrets = openSecrets(folder);
    secrets.keep('a-0', { username: 'u', password: 'p' });
    expect(secrets.forget('a-0')).to.equal(true);
    expect(secrets.forget('a-0')).to.equal(false);
    expect(secrets.references()).to.deep.equal([]);
  });

  it('refuses a file that others can read, as ssh does', () => {
    const secrets = openSecrets(folder);
    secrets.keep('a-0', { username: 'u', password: 'p' });
    chmodSync(path.join(folder, 'a-0.json'), 0o644);
    expect(() => secrets.login('a-0')).to.throw('chmod 600');
  });

  it('does not repeat what a broken file holds', () => {
    const secrets = openSecrets(folder);
    for (const text of ['hunter2', '{"password":"hunter2"}', '']) {
      writeFileSync(path.join(folder, 'a-0.json'), text, { mode: 0o600 });
      expect(() => secrets.login('a-0')).to.throw(/^(?!.*hunter2).*holds no user name/);
    }
  });

  it('never leaves its folder, whatever a reference looks like', () => {
    const secrets = openSecrets(folder);
    for (const bad of ['../a', 'a/b', '', '.', '..', 'A', 'a.b', 'a.0', `a${'b'.repeat(80)}`, '__proto__']) {
      expect(() => secrets.login(bad), bad).to.throw('no credential reference');
      expect(() => secrets.keep(bad, { username: 'u', password: 'p' }), bad).to.throw('no credential name');
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          secrets.keep(text, { username: 'u', password: 'p' });
        } catch {
          // refused
        }
        expect(readdirSync(path.dirname(folder))).to.deep.equal(['secrets']);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps any text as a password', () => {
    const secrets = openSecrets(folder);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (username, password) => {
        expect(secrets.login(secrets.keep('a-0', { username, password }))).to.deep.equal({ username, password });
      }),
      { numRuns: 50 },
    );
  });
});

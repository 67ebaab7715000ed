import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openPasswords } from '../../adapters/passwords.scrypt.ts';
import { openPeople, type Person } from '../../adapters/people.files.ts';

describe('passwords', () => {
  const { hash: hashPassword, isRight: isPassword } = openPasswords({ logN: 10, r: 8, p: 1 });

  it('are kept as hashes that cost memory, each with a salt of its own', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => openPasswords().hash('open the gate')));
    expect(one)
      .to.match(/^\$scrypt\$ln=15,r=8,p=3\$/)
      .and.not.equal(other);
    expect(await isPassword('open the gate', one)).to.equal(true);
    expect(await isPassword('open the gates', one)).to.equal(false);
  });

  it('are the same however a keyboard composes their letters', async () => {
    expect(await isPassword('Ga Sa\u0300i Go\u0300n', await hashPassword('Ga S\u00e0i G\u00f2n'))).to.equal(true);
  });

  it('are believed of nobody who does not exist, whatever is typed', async () => {
    for (const typed of ['', 'A', '\0'.repeat(32)]) expect(await isPassword(typed, undefined)).to.equal(false);
  });

  it('stay readable when later ones become dearer, and a broken hash is told', async () => {
    const cheap = (await hashPassword('x')).replace('ln=10', 'ln=9');
    expect(await isPassword('x', cheap), 'other parameters give another key').to.equal(false);
    const failure = await isPassword('x', '$scrypt$broken').catch((error: Error) => error);
    expect(String(failure)).to.match(/set the password anew/);
  });

  it('are checked two at a time, and too many at once are turned away', async () => {
    const hash = await hashPassword('open the gate');
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => isPassword('open the gate', hash)));
    const turnedAway = results.filter(({ status }) => status === 'rejected');
    expect(turnedAway).to.have.length(8);
    for (const one of turnedAway) expect((one as PromiseRejectedResult).reason.name).to.equal('PasswordsBusy');
    expect(await isPassword('open the gate', hash), 'afterwards').to.equal(true);
  });
});

describe('people who sign in with a password', () => {
  let folder: string;
  let file: string;
  const lan: Person = {
    id: 'lan',
    name: 'Lan',
    role: 'operator',
    cameras: [],
    zones: ['hcm/*'],
    password: '$scrypt$…',
    must_change: true,
    since: 1,
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-people-'));
    file = path.join(folder, 'people.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are seen by every gateway of the machine as soon as they are written', () => {
    const [gateway, shell] = [openPeople(file), openPeople(file)];
    expect(shell.add(lan)).to.equal(true);
    expect(shell.add(lan), 'a second of that name').to.equal(false);
    expect(gateway.find('lan')).to.deep.equal(lan);
    expect(gateway.change('lan', { must_change: false })).to.equal(true);
    expect(shell.find('lan')?.must_change).to.equal(false);
    expect(shell.remove('lan')).to.equal(true);
    expect([gateway.find('lan'), gateway.remove('lan'), gateway.change('lan', {})]).to.deep.equal([
      undefined,
      false,
      false,
    ]);
  });

  it('stand in a file that only its owner reads, and that is never taken half', () => {
    openPeople(file).add(lan);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    chmodSync(file, 0o644);
    expect(() => openPeople(file)).to.throw(/can be read by other users/);
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -9));
    expect(() => openPeople(file)).to.throw(/does not hold people.*put back a copy/);
  });
});

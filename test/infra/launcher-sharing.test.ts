import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { openLayouts } from '../../adapters/layouts.files.ts';
import { openPeople, type Person } from '../../adapters/people.files.ts';
import { openRevocations } from '../../adapters/revocations.files.ts';
import { BrokenSeal, openSeal } from '../../adapters/seal.aes.ts';
import { openSecrets } from '../../adapters/secrets.files.ts';
import { openSharedFiles } from '../../adapters/shared.files.ts';
import { memoryStore } from '../../bus/carriers/memory.ts';
import { id } from '../../bus/identity.ts';
import { openOverlay } from '../../infra/config/overlay.ts';
import { readConfig } from '../../infra/config.ts';
import { openLoginLinks } from '../../infra/http/links.ts';
import { type Sharing, shareFiles } from '../../infra/launcher/sharing.ts';
import { until } from '../fixtures/process.ts';
import { rejection } from '../fixtures/records.ts';

const lan: Person = {
  ...{ id: 'lan@example.com', role: 'operator', cameras: [], zones: ['hcm/*'] },
  ...{ password: 'scrypt', must_change: false, since: 1 },
};
const KEY = 'k'.repeat(44);

/** A host: its data folder, and what it shares. */
interface Host {
  state: string;
  sharing: Sharing;
  remarks: string[];
  /** As when its launcher is stopped and started again. */
  pause(): () => Promise<void>;
}

describe('what the hosts of an installation share', () => {
  let folder: string;
  let store: ReturnType<typeof memoryStore>;
  let hosts: Host[];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-sharing-'));
    store = memoryStore();
    hosts = [];
  });
  afterEach(() => {
    for (const { sharing } of hosts) sharing.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (name: string, secret = KEY, prepare?: (state: string) => void): Promise<Host> => {
    const state = path.join(folder, name);
    mkdirSync(state, { recursive: true, mode: 0o700 });
    prepare?.(state);
    const keyFile = path.join(folder, `${name}.key`);
    writeFileSync(keyFile, secret);
    const remarks: string[] = [];
    const share = () =>
      shareFiles({
        bucket: store.bucket,
        seal: openSeal(keyFile),
        files: openSharedFiles(state),
        baseFile: path.join(state, 'shared.json'),
        every(ms, run) {
          const timer = setInterval(run, ms);
          return () => clearInterval(timer);
        },
        remark: (text) => void remarks.push(text),
      });
    const host: Host = {
      state,
      remarks,
      sharing: await share(),
      pause() {
        host.sharing.close();
        return async () => {
          host.sharing = await share();
          await host.sharing.agree();
        };
      },
    };
    hosts.push(host);
    await host.sharing.agree();
    return host;
  };
  const people = ({ state }: Host) => openPeople(path.join(state, 'people.json'));
  const names = (host: Host) =>
    people(host)
      .list()
      .map((person) => `${person.id} ${person.role}`);
  const revocations = ({ state }: Host) => openRevocations(path.join(state, 'revocations.json'));
  const secrets = ({ state }: Host) => openSecrets(path.join(state, 'secrets'));

  it('lets somebody who was added on one sign in at every other, and takes them off everywhere', async () => {
    const [one, two] = [await start('one'), await start('two')];
    people(one).add(lan);
    await until('lan to be known', () => people(two).find(lan.id));
    expect(people(two).find(lan.id)).to.deep.equal(lan);
    people(two).change(lan.id, { role: 'viewer' });
    await until('the change', () => people(one).find(lan.id)?.role === 'viewer');
    people(one).remove(lan.id);
    await until('the removal', () => people(two).find(lan.id) === undefined);
    expect(statSync(path.join(two.state, 'people.json')).mode & 0o077).to.equal(0);
  });

  it('has people find the walls that they keep at every host', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const layouts = ({ state }: Host) => openLayouts(path.join(state, 'layouts.json'));
    const gates = { id: 'lay_1', owner: 'lan', name: 'Gates', cameras: ['cam_001'], big: false, since: 1 };
    layouts(one).add(gates);
    await until('the wall', () => layouts(two).find('lay_1'));
    expect(layouts(two).list()).to.deep.equal([gates]);
    layouts(two).remove('lay_1');
    await until('its removal', () => layouts(one).list().length === 0);
  });

  it('has every host believe the tokens that another signed, and none that was taken back', async () => {
    const one = await start('one', KEY, (state) => void openSigningKeys(path.join(state, 'keys')));
    const two = await start('two');
    const kids = ({ state }: Host) => openSigningKeys(path.join(state, 'keys')).map(({ kid }) => kid);
    expect(kids(two)).to.deep.equal(kids(one));
    const { id: first } = revocations(one).add({ sub: 'lan' }, 'root');
    await until('the revocation', () => revocations(two).hits({ sub: 'lan', iat: 1 }));
    revocations(two).lift(first);
    await until('it to be lifted', () => !revocations(one).hits({ sub: 'lan', iat: 1 }));
  });

  it('takes the keys of the first host where a later one had made its own', async () => {
    const own = (state: string) => void openSigningKeys(path.join(state, 'keys'));
    const [one, two] = [await start('one', KEY, own), await start('two', KEY, own)];
    const kids = ({ state }: Host) => openSigningKeys(path.join(state, 'keys')).map(({ kid }) => kid);
    expect(kids(two)).to.deep.equal(kids(one));
    expect(two.remarks.join()).to.include('keys signing-1.pem');
  });

  it('knows everywhere a camera that was added on one, and its password, which nobody can read on the way', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const config = readConfig('/etc/signalbox.yaml', 'cameras: {}', {});
    const raw: string[] = [];
    await store.bucket.follow(({ value }) => void raw.push(Buffer.from(value ?? []).toString('latin1')));
    openOverlay(one.state, secrets(one)).add(id('north'), { sources: ['rtsp://user:geheim@10.0.0.8/a'] }, config);
    await until('the camera', () => openOverlay(two.state, secrets(two)).cameras().get(id('north')));
    await until('its login', () => secrets(two).login('north-0')?.password === 'geheim');
    expect(raw.join()).to.not.match(/geheim|north|rtsp/);
  });

  it('takes a login link at any host, and at none once it was taken', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const grant = { sub: 'local', role: 'admin' as const, cameras: [], zones: ['*'] };
    const text = openLoginLinks(path.join(one.state, 'links')).make(grant, 60_000);
    const there = openLoginLinks(path.join(two.state, 'links'));
    await one.sharing.agree();
    await two.sharing.agree();
    expect(there.redeem(text)).to.deep.include({ sub: 'local' });
    await two.sharing.agree();
    await one.sharing.agree();
    expect(openLoginLinks(path.join(one.state, 'links')).redeem(text)).to.equal(undefined);
  });

  it('brings both sides of a cut together: what only one changed counts, and a removal counts before a change', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const [mai, duc] = [
      { ...lan, id: 'mai' },
      { ...lan, id: 'duc' },
    ];
    for (const person of [lan, mai, duc]) people(one).add(person);
    await until('all three', () => names(two).length === 3);
    const goOn = two.pause();
    people(one).change('mai', { role: 'viewer' });
    people(one).change('duc', { role: 'viewer' });
    people(one).add({ ...lan, id: 'an' });
    people(two).remove('duc');
    people(two).change(lan.id, { role: 'admin' });
    people(two).add({ ...lan, id: 'binh' });
    await one.sharing.agree();
    await goOn();
    const all = ['an operator', 'binh operator', `${lan.id} admin`, 'mai viewer'];
    await until('both to have the same', () => names(one).toSorted().join() === all.join());
    expect(names(two).toSorted()).to.deep.equal(all);
  });

  it('goes on while the stores are away, and catches up with what was changed meanwhile', async () => {
    const [one, two] = [await start('one'), await start('two')];
    store.set('away');
    people(one).add(lan);
    expect((await rejection(one.sharing.agree())).name).to.equal('JournalAway');
    store.set('here');
    await until('lan to be known', () => people(two).find(lan.id));
    expect([...one.remarks, ...two.remarks]).to.deep.equal([]);
  });

  it('refuses a host with another key before it has written or read anything', async () => {
    const one = await start('one');
    people(one).add(lan);
    await one.sharing.agree();
    expect(await rejection(start('two', 'x'.repeat(44)))).to.be.instanceOf(BrokenSeal);
    expect(openPeople(path.join(folder, 'two', 'people.json')).list()).to.deep.equal([]);
  });

  it('says once what is broken in a file, leaves it as it is, and goes on when it was repaired', async () => {
    const [one, two] = [await start('one'), await start('two')];
    writeFileSync(path.join(one.state, 'people.json'), '{"people":', { mode: 0o600 });
    await until('a remark', () => one.remarks.length > 0);
    writeFileSync(path.join(one.state, 'people.json'), JSON.stringify({ people: [lan] }), { mode: 0o600 });
    await until('lan to be known', () => people(two).find(lan.id));
    expect(one.remarks).to.have.length(1);
  });
});

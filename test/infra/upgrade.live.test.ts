import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { VERSIONS } from '../../bus/upcast.ts';
import { type BackupLine, writeBackup } from '../../infra/backup/file.ts';
import { command } from '../fixtures/command-line.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { startLauncher } from '../fixtures/launcher/start.ts';
import { until } from '../fixtures/process.ts';

const RELEASES = path.join(import.meta.dirname, 'releases');
const PASSWORD = 'the gate stays shut';
const NOWHERE = ['rtsp://127.0.0.1:9/a', 'rtsp://127.0.0.1:9/b'];
/** The demo's cameras, relays and station, without their pictures; nothing is too old to be kept. */
const CONFIG = {
  cameras: {
    cam_001: { zone: 'hcm/center', sources: NOWHERE, record: { keep: '1d' } },
    cam_002: { zone: 'hanoi/station', sources: NOWHERE },
    cam_003: { zone: 'danang/beach', sources: NOWHERE },
  },
  destinations: { 'city-tv': { to: 'rtmp://127.0.0.1:9/live' } },
  relays: [{ id: 'intake-1', role: 'intake' }, { id: 'relay-1' }, { id: 'relay-2' }],
  events: { keep: '36500d' },
  ledger: { keep: '36500d' },
};
/** What stands in the backups of which release beside what all have; see `releases/README.md`. */
const LATER = new Set(['8e0faec.sbx']);

describe('an upgrade from what an earlier release left', function () {
  this.timeout(120_000);
  let folder: string;
  const env = { ...process.env };
  const restore = (backup: string, state: string, ...more: string[]) =>
    command(['restore', path.join(RELEASES, backup), '--state', state, '--json', ...more], { env });

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-upgrade-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const backup of readdirSync(RELEASES).filter((name) => name.endsWith('.sbx'))) {
    describe(backup, () => {
      let group: TestGroup | undefined;
      let state: string;
      before(() => {
        state = path.join(folder, backup);
      });
      after(() => group?.stop());
      const get = async (route: string) => {
        const { status, body, text } = await (group as TestGroup).api('GET', route);
        expect(status, `${route}: ${text}`).to.equal(200);
        return body;
      };

      it('is folded through the upcasts, every record of it, and says that an earlier release made it', async () => {
        const { code, out, err } = await restore(backup, state);
        expect(code, err).to.equal(0);
        const done = JSON.parse(out);
        expect(done).to.deep.include({ notUnderstood: [] });
        expect(done.foldedTo, 'machines of that release knew less').to.be.a('string').and.not.equal(done.state);
        group = await startTestGroup(CONFIG, state);
        // What that release itself showed when the backup was made.
        const { cells } = await get(`/api/v1/replay?seq=${done.seq}`);
        const then = cells.map(({ kind, id, state: was }: Record<string, string>) => `${kind} ${id} ${was}`);
        expect(then).to.include.members([
          ...['camera cam_001 live', 'camera cam_002 live', 'camera cam_003 live', 'camera cam_007 offline'],
          ...['relay intake-1 serving', 'relay relay-1 serving', 'relay relay-2 drained'],
          ...['broadcast cam_001--city-tv on-air', 'rendition cam_003 off'],
        ]);
        expect(then.filter((one: string) => one.startsWith('incident'))[0]).to.match(/ active$/);
      });

      it('goes on with its cameras, what was added to them, its relays, pushes and emergencies', async () => {
        const { items } = await get('/api/v1/cameras');
        const named = items.map(({ id, zone }: { id: string; zone: string }) => `${id} ${zone}`).sort();
        expect(named).to.deep.equal([
          ...['cam_001 hcm/center', 'cam_002 hanoi/station', 'cam_003 danang/beach', 'cam_007 hcm/gate'],
        ]);
        const logins = readdirSync(path.join(state, 'secrets')).map((name) =>
          readFileSync(path.join(state, 'secrets', name), 'utf8'),
        );
        expect(logins.join()).to.contain('not-a-secret');
        const relay = await get('/api/v1/relays/relay-2');
        expect(relay).to.deep.include({ placeable: false });
        expect(relay.drain).to.include({ by: 'tester' });
        const [push] = (await get('/api/v1/broadcasts?stopped=true')).items;
        expect(push).to.include({ id: 'cam_001--city-tv', by: 'lan', zone: 'hcm/center' });
        const incidents = await until('the drill, which was over long ago or will be', async () => {
          const all = (await get('/api/v1/incidents?closed=true')).items;
          return all.length > 0 ? all : undefined;
        });
        expect(incidents[0]).to.include({ reason: 'fire in hall 2', zone: 'hcm/*', drill: true });
        expect(incidents[0].cameras).to.deep.equal(['cam_001', 'cam_007']);
        expect(incidents[0].grants.subjects).to.deep.equal(['minh']);
      });

      it('lets its people in, knows its programs, and nobody whom it had revoked', async () => {
        const { api, token } = group as TestGroup;
        const signedIn = await api('POST', '/api/v1/login', { user: 'lan', password: PASSWORD }, '');
        expect(signedIn.status, signedIn.text).to.equal(200);
        const services = (await get('/api/v1/service-tokens')).items;
        expect(services.map(({ name }: { name: string }) => name)).to.deep.equal(['board']);
        const revoked = (await get('/api/v1/revocations')).items;
        expect(revoked.map(({ sub }: { sub: string }) => sub)).to.deep.equal(['mallory']);
        expect(token()).to.be.a('string');
        const verified = await command(['ledger', 'verify', '--state', state], { env });
        expect(verified.code, verified.err).to.equal(0);
        const watched = await command(['ledger', 'list', '--state', state], { env });
        expect(watched.out).to.contain('lan').and.contain('cam_001');
      });

      if (LATER.has(backup)) {
        it('has its walls, the stretches that people keep, and who took care of its alarms', async () => {
          const { api, token } = group as TestGroup;
          const lan = token({ sub: 'lan', role: 'operator', zones: ['hcm/*'] });
          const [wall] = (await api('GET', '/api/v1/layouts', undefined, lan)).body.items;
          expect(wall).to.deep.include({ name: 'Gates', owner: 'lan', cameras: ['cam_001', 'cam_007'], columns: 2 });
          const [kept] = (await get('/api/v1/recordings/cam_001/bookmarks')).items;
          expect(kept).to.include({ name: 'Theft at the gate', by: 'lan' });
          const alarms = (await get('/api/v1/alarms?cleared=true')).items;
          const unfed = alarms.find(({ id }: { id: string }) => id === 'no-source--cam_007');
          expect(unfed?.acknowledged).to.include({ by: 'tester', note: 'on the way' });
        });
      }

      it('is rolled back by its backup: what came after is put aside, and what was before is there', async () => {
        const running = group as TestGroup;
        const isThere = async () =>
          (await get('/api/v1/cameras')).items.some(({ id }: { id: string }) => id === 'cam_007');
        // Its cells are another gateway's, as far as is known, until nothing has been heard of that one for a while.
        const takenOut = async () => (await running.api('DELETE', '/api/v1/cameras/cam_007')).status !== 503;
        await until('it to be taken out', takenOut, 15_000);
        await until('it to be out', async () => !(await isThere()));
        const saved = await command(['backup', path.join(folder, 'after'), '--state', state, '--json'], { env });
        expect(JSON.parse(saved.out).versions, 'a backup says what its release knew').to.deep.equal(VERSIONS);
        running.link.close();
        await running.launcher.stop('SIGTERM');
        const { code, out, err } = await restore(backup, state, '--replace');
        expect(code, err).to.equal(0);
        const { aside } = JSON.parse(out);
        expect(aside).to.contain(`${backup}.before-`);
        expect(JSON.parse(readFileSync(path.join(aside, 'release.json'), 'utf8')).versions).to.deep.equal(VERSIONS);
        group = await startTestGroup(CONFIG, state);
        expect(await isThere()).to.equal(true);
      });
    });
  }

  it('the other way round is refused: a folder on which a later release has run is left alone, and says what to do', async () => {
    const state = path.join(folder, 'later');
    expect((await restore('8e0faec.sbx', state)).code).to.equal(0);
    const file = path.join(state, 'release.json');
    writeFileSync(file, JSON.stringify({ versions: { ...VERSIONS, camera: VERSIONS.camera + 1, drone: 1 } }), {
      mode: 0o600,
    });
    const before = readdirSync(state).sort();
    const launcher = startLauncher(['--port', '0', '--state', state]);
    await until('it to end', () => launcher.child.exitCode !== null, 60_000);
    expect(launcher.child.exitCode).to.equal(1);
    expect(launcher.output()).to.contain(
      `camera ${VERSIONS.camera + 1} instead of ${VERSIONS.camera}, drone 1 instead`,
    );
    expect(launcher.output()).to.contain('signalbox restore FILE --replace').and.not.contain('serves after');
    expect(
      readdirSync(state).filter((name) => !before.includes(name) && name !== 'log' && name !== 'run'),
    ).to.deep.equal([]);
  });

  it('a backup that a later release made is not restored, before anything is made of it', async () => {
    const file = path.join(folder, 'later.sbx');
    const versions = { ...VERSIONS, broadcast: VERSIONS.broadcast + 1 };
    const nothing = { made_at: 1, files: 0, streams: [], records: 0, seq: 0, state: 'x', versions };
    await writeBackup(
      file,
      // biome-ignore lint/correctness/useYield: its end is all there is in it
      (async function* (): AsyncGenerator<BackupLine, typeof nothing> {
        return nothing;
      })(),
    );
    const state = path.join(folder, 'from-later');
    const { code, err } = await command(['restore', file, '--state', state], { env });
    expect(code).to.equal(1);
    expect(err).to.contain('was made by a later release').and.contain(`broadcast ${versions.broadcast} instead of`);
    expect(readdirSync(folder).filter((name) => name.startsWith('from-later'))).to.deep.equal([]);
  });
});

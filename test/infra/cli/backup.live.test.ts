import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { connectNats } from '../../../bus/carriers/nats/connection.ts';
import { natsJournal } from '../../../bus/carriers/nats/journal.ts';
import { startPublisher } from '../../../bus/carriers/nats/publisher.ts';
import type { JournalRecord } from '../../../bus/ports/journal.ts';
import { makeBackup } from '../../../infra/backup/make.ts';
import { restoreBackup } from '../../../infra/backup/restore.ts';
import type { Group } from '../../../infra/group.ts';
import { command } from '../../fixtures/command-line.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { startNats } from '../../fixtures/nats.ts';
import { until } from '../../fixtures/process.ts';

const PASSWORD = 'the gate stays shut';
const CAMERA_PASSWORD = 'canary-backup-5ad0e91';
const ROOT = path.resolve(import.meta.dirname, '../../..');
const JOURNALS = path.join(ROOT, 'test/journals');

describe('backup and restore', function () {
  this.timeout(90_000);
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  const env = { ...process.env };
  const sbx = (...words: string[]) => command(words, { env, input: PASSWORD });
  const restored = (state: string) => readdirSync(folder).filter((name) => name.startsWith(path.basename(state)));

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-backup-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  describe('of a running group', () => {
    const cameras = { cam_001: { zone: 'hcm/gate', sources: ['rtsp://127.0.0.1:9/none'], name: 'Gate' } };
    let group: TestGroup;
    let token: string;
    let made: { seq: number; state: string; records: number };
    let hash: string;
    const stateAt = async (seq: number) => (await group.api('GET', `/api/v1/replay?seq=${seq}`)).body.hash as string;

    before(async () => {
      writeFileSync(file('passphrase'), 'twelve or more characters\n');
      group = await startTestGroup({ cameras });
      const added = { id: 'cam_007', sources: [`rtsp://keeper:${CAMERA_PASSWORD}@127.0.0.1:9/x`], zone: 'hcm/gate' };
      expect((await group.api('POST', '/api/v1/cameras', added)).status).to.equal(201);
      const { state } = group;
      const lan = ['user', 'add', 'lan', '--role', 'viewer', '--zone', 'hcm/*', '--keep', '--password-stdin'];
      expect((await sbx(...lan, '--state', state)).code).to.equal(0);
      token = (
        await sbx('service', 'add', 'board', '--role', 'viewer', '--zone', 'hcm/*', '--state', state)
      ).out.trim();
      expect((await group.api('GET', '/live/cam_007/webrtc', undefined, token)).status).to.equal(200);
      await until('the ledger to tell it', async () =>
        /cam_007/.test((await sbx('ledger', 'list', '--state', state)).out),
      );
    });
    after(() => group?.stop());

    it('is made while it runs, by one command, and says what it holds; encrypted, it tells nothing', async () => {
      const ran = await sbx('backup', file('plain.sbx'), '--state', group.state, '--json');
      expect(ran.code, ran.err).to.equal(0);
      made = JSON.parse(ran.out);
      hash = await stateAt(made.seq);
      expect(statSync(file('plain.sbx')).mode & 0o777).to.equal(0o600);
      const body = readFileSync(file('plain.sbx'));
      const text = gunzipSync(body.subarray(body.indexOf(10) + 1)).toString();
      expect(text).to.contain('"name":"people.json"').and.contain('"name":"keys/signing-1.pem"');

      const words = ['backup', file('sealed.sbx'), '--state', group.state, '--passphrase-file', file('passphrase')];
      const sealed = await sbx(...words);
      expect(sealed.code, sealed.err).to.equal(0);
      expect(sealed.err)
        .to.contain('recordings and the configuration file are not in it')
        .and.not.contain('in the clear');
      const hidden = readFileSync(file('sealed.sbx'));
      expect(() => gunzipSync(hidden.subarray(hidden.indexOf(10) + 1))).to.throw();
    });

    it('is refused where a group runs, and over a folder that holds something', async () => {
      const running = await sbx('restore', file('plain.sbx'), '--state', group.state, '--replace');
      expect([running.code, /already runs/.test(running.err)], running.err).to.deep.equal([1, true]);
      const over = await sbx('restore', file('plain.sbx'), '--state', group.state);
      expect(over.err).to.contain('is not empty: add --replace');
      expect((await group.api('GET', '/readyz')).status).to.equal(200);
    });

    it('changes nothing when the file is damaged, cut off or sealed with another passphrase', async () => {
      const state = file('nowhere');
      const whole = readFileSync(file('plain.sbx'));
      const damaged = Buffer.from(whole);
      const middle = Math.floor(damaged.length / 2);
      damaged[middle] = (damaged[middle] ?? 0) ^ 0x10;
      writeFileSync(file('damaged.sbx'), damaged);
      writeFileSync(file('short.sbx'), whole.subarray(0, -40));
      writeFileSync(file('other'), 'another passphrase entirely\n');
      writeFileSync(file('strange.sbx'), 'not a backup');
      const cases: [string[], RegExp][] = [
        [['damaged.sbx'], /damaged/],
        [['short.sbx'], /damaged or was cut off/],
        [['strange.sbx'], /does not begin as a backup/],
        [['sealed.sbx'], /is encrypted: name its --passphrase-file/],
        [['sealed.sbx', '--passphrase-file', file('other')], /or the passphrase is another one/],
      ];
      for (const [[name = '', ...more], expected] of cases) {
        const ran = await sbx('restore', file(name), ...more, '--state', state);
        expect([ran.code, expected.test(ran.err)], `${name}: ${ran.err}`).to.deep.equal([1, true]);
        expect(restored(state), name).to.deep.equal([]);
      }
      expect((await sbx('restore', file('plain.sbx'), '--check')).out).to.match(/is whole: \d+ records/);
    });

    it('is looked after by the health check of its container, which knows when nothing runs', async () => {
      const check = (state: string) => {
        const { status, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'infra/healthcheck.mjs'), state]);
        return [status, String(stderr)];
      };
      expect(check(group.state)).to.deep.equal([0, '']);
      expect(check(file('nowhere'))).to.deep.equal([1, `not ready: no group runs on ${file('nowhere')} (ENOENT)\n`]);
    });

    it('brings everything back after a wipe: the same state, people, programs, added cameras, ledger', async () => {
      await group.stop();
      const state = file('anew');
      const words = [
        'restore',
        file('sealed.sbx'),
        '--passphrase-file',
        file('passphrase'),
        '--state',
        state,
        '--json',
      ];
      const ran = await sbx(...words);
      expect(ran.code, ran.err).to.equal(0);
      expect(JSON.parse(ran.out)).to.include({ state_folder: state }).and.deep.include({ notUnderstood: [] });
      expect(restored(state)).to.deep.equal(['anew']);
      group = await startTestGroup({ cameras }, state);
      expect(await stateAt(made.seq)).to.equal(hash);
      const signedIn = await group.api('POST', '/api/v1/login', { user: 'lan', password: PASSWORD }, '');
      expect(signedIn.status).to.equal(200);
      const { body } = await group.api('GET', '/api/v1/cameras', undefined, token);
      expect(body.items.map(({ id }: { id: string }) => id)).to.deep.equal(['cam_001', 'cam_007']);
      const secrets = readdirSync(path.join(state, 'secrets')).map((name) =>
        readFileSync(path.join(state, 'secrets', name), 'utf8'),
      );
      expect(secrets.join('')).to.contain(CAMERA_PASSWORD);
      expect((await sbx('ledger', 'verify', '--state', state)).code).to.equal(0);
    });
  });

  it('takes over what earlier releases wrote: their records are backed up, restored, and fold through the upcasts', async () => {
    const old = oldRecords();
    const [first, second] = await Promise.all([startNats(), startNats()]);
    try {
      const link = await connectNats({ servers: [first.url], name: 'earlier' });
      const journal = natsJournal(link, startPublisher(link));
      const lasts = new Map<string, number>();
      for (const record of old) {
        const { seq } = await journal.append(record, lasts.get(`${record.kind} ${record.cell}`) ?? 0);
        lasts.set(`${record.kind} ${record.cell}`, seq);
      }
      await link.close();
      const state = file('earlier');
      const nats = { servers: [first.url], user: '', passwordFile: '' };
      const made = await makeBackup({ state, nats } as Group, file('earlier.sbx'));
      expect(made.records).to.equal(old.length);

      // Into a nats-server of one's own, and, refused there the second time, into one that Signalbox runs.
      const wish = { file: file('earlier.sbx'), state, replace: false, env };
      const there = await restoreBackup({ ...wish, nats: { servers: [second.url] } });
      expect(there).to.include({ state: made.state, seq: made.seq }).and.deep.include({ notUnderstood: [] });
      const again = await restoreBackup({ ...wish, state: file('twice'), nats: { servers: [second.url] } }).catch(
        (e) => e,
      );
      expect(String(again)).to.match(/holds SIGNALBOX_.* already/);
      const embedded = await restoreBackup({ ...wish, state: file('embedded'), nats: 'embedded' });
      expect(embedded.cells).to.equal(there.cells).and.greaterThan(5);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});

/** The golden journals of every version but the present one of each machine, lives apart. */
function oldRecords(): JournalRecord[] {
  const files = readdirSync(JOURNALS).filter((name) => name.endsWith('.jsonl'));
  const newest = new Map<string, number>();
  const versionOf = (name: string) => Number(/\.v(\d+)\./.exec(name)?.[1]);
  const kindOf = (name: string) => name.split('.')[0] ?? '';
  for (const name of files) newest.set(kindOf(name), Math.max(versionOf(name), newest.get(kindOf(name)) ?? 0));
  return files
    .filter((name) => versionOf(name) < (newest.get(kindOf(name)) ?? 0))
    .flatMap((name) => readFileSync(path.join(JOURNALS, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line));
}

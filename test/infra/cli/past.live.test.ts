import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { LoginGrant } from '../../../adapters/gate.jsonwebtoken.ts';
import { id } from '../../../bus/identity.ts';
import type { JournalEntry } from '../../../bus/ports/journal.ts';
import { command } from '../../fixtures/command-line.ts';
import { until } from '../../fixtures/process.ts';
import { type ServedGateway, serveGateway } from '../../fixtures/served-gateway.ts';

describe('the past on the command line', () => {
  let gateway: ServedGateway;
  let folder: string;
  const camera = { kind: 'camera' as const, id: id('cam_001') };
  /** Each in a millisecond of its own, so that a time names one of them. */
  const offer = async (type: string, more: object) => {
    const before = Date.now();
    await until('the clock to move on', () => Date.now() > before);
    await gateway.house.roster.offer(camera, { type, source: '0', ...more });
  };
  const file = (name: string) => path.join(folder, name);
  const bearer = (grant: LoginGrant) => ({ authorization: `Bearer ${gateway.services.gate.mintLogin(grant, 60)}` });
  const json = async (...argv: string[]) => {
    const ran = await gateway.sbx(...argv, '--json');
    expect(ran.code, ran.err).to.equal(0);
    return JSON.parse(ran.out);
  };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-past-'));
    gateway = await serveGateway();
    await gateway.makeLive();
    const headers = bearer({ sub: 'vera', name: 'Vera Nguyen', role: 'viewer', cameras: ['cam_001'], zones: [] });
    const { statusCode } = await gateway.server.inject({ url: '/live/cam_001/webrtc', headers });
    expect(statusCode).to.equal(200);
    await offer('source.silent', { silent_ms: 900 });
    await offer('source.flowing', { codec: 'H264' });
    await offer('source.ended', { detail: '192.0.2.7:554 closed the connection' });
  });
  afterEach(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('folds everything anew and finds what is, and what was at a time or a sequence', async () => {
    const now = await json('replay');
    const living = gateway.house.roster.view(camera);
    const of = (state: { kind: string }[], kind: string) => state.filter((cell) => cell.kind === kind);
    expect(of(now.state, 'camera')).to.deep.equal(JSON.parse(JSON.stringify([living])));
    expect(now.compared).to.equal(gateway.house.store.records().length);
    expect(now).to.include({ first_difference: null, from_checkpoint: 0 });
    const stalled = gateway.house.store.records().find(({ record }) => record.heard[0]?.type === 'source.silent');
    const then = await json('replay', '--at', String(stalled?.seq), '--camera', 'cam_001');
    expect(of(then.state, 'camera')[0]).to.include({ state: 'stalled' });
    const byTime = await json('replay', '--at', String(stalled?.record.heard[0]?.at), '--camera', 'cam_001');
    expect(byTime.hash).to.equal(then.hash);
    const asked = await gateway.server.inject({
      url: `/api/v1/replay?seq=${gateway.house.store.records().at(-1)?.seq}`,
      headers: bearer({ sub: 'anna', role: 'admin', cameras: [], zones: [] }),
    });
    expect(asked.json().hash).to.equal(now.hash);
  });

  it('exports a file that reaches the identical state on another machine, without its group', async () => {
    const made = await json('export', '--out', file('night.sbx'));
    const there = await command(['replay', '--file', file('night.sbx'), '--json', '--state', file('nowhere')]);
    expect(there.code, there.err).to.equal(0);
    const replayed = JSON.parse(there.out);
    expect(replayed.hash)
      .to.equal(made.state)
      .and.equal((await json('replay')).hash);
    expect(replayed.first_difference).to.equal(null);
    const text = await command(['replay', '--file', file('night.sbx')]);
    expect(text.out).to.contain('camera cam_001').and.contain(made.state).and.contain('no difference');
  });

  it('exports a part of the night, which begins at checkpoints and says so', async () => {
    const records = gateway.house.store.records();
    const from =
      (records.find(({ record }) => record.heard[0]?.type === 'source.silent')?.record.heard[0]?.at ?? 0) + 6_000;
    const made = await json('export', '--from', String(from), '--to', String(from + 1), '--out', file('part.sbx'));
    expect(made.checkpoints + made.records).to.be.greaterThan(0);
    const { hash, from_checkpoint: begun } = JSON.parse(
      (await command(['replay', '--file', file('part.sbx'), '--json'])).out,
    );
    expect(hash).to.equal((await json('replay')).hash);
    expect(begun).to.equal(made.checkpoints);
    const told = await command(['replay', '--file', file('part.sbx')]);
    expect(told.out).to.contain('nothing was compared: no record was heard whole');
  });

  it('gives people, cameras and addresses other names on request, and still replays', async () => {
    await json('export', '--out', file('plain.sbx'));
    const made = await json('export', '--out', file('named.sbx'), '--redact-names');
    const plain = gunzipSync(readFileSync(file('plain.sbx'))).toString();
    const named = gunzipSync(readFileSync(file('named.sbx'))).toString();
    expect(plain)
      .to.match(/Vera Nguyen/)
      .and.match(/192\.0\.2\.7/)
      .and.match(/127\.0\.0\.1/);
    expect(named).to.not.match(/vera/i);
    expect(named).to.not.match(/192\.0\.2|127\.0\.0/);
    expect(named).to.match(/person-1/);
    const ran = await command(['replay', '--file', file('named.sbx'), '--json']);
    expect(ran.code, ran.err).to.equal(0);
    expect(JSON.parse(ran.out).hash).to.equal(made.state);
    expect(JSON.parse(ran.out).compared).to.equal(gateway.house.store.records().length);
  });

  it('refuses a file with any byte changed or cut off, and says what is wrong', async () => {
    await json('export', '--out', file('night.sbx'));
    const bytes = readFileSync(file('night.sbx'));
    const outcome = async (changed: Buffer) => {
      writeFileSync(file('broken.sbx'), changed);
      return command(['replay', '--file', file('broken.sbx')]);
    };
    // The last byte before the trailer may end with bits that stand for nothing.
    const places = [0, 3, 5, 9, 10, 40, bytes.length >> 1, bytes.length - 12, bytes.length - 8, bytes.length - 1];
    for (const place of places) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 4;
      const ran = await outcome(changed);
      expect(ran.code, `byte ${place}: ${ran.out}`).to.equal(1);
      expect(ran.err).to.match(/broken\.sbx.*(damaged|not|cut|manifest)/);
    }
    for (const length of [0, 5, 12, bytes.length >> 1, bytes.length - 1]) {
      const ran = await outcome(bytes.subarray(0, length));
      expect(ran.code, `${length} bytes`).to.equal(1);
      expect(ran.err).to.match(/broken\.sbx/);
    }
    expect((await command(['replay', '--file', file('none.sbx')])).err).to.contain("can't be read");
    expect((await outcome(Buffer.from('{}'))).err).to.contain('another file');
  });

  it('tells where what was recorded is not what the machines decide', async () => {
    const tampered = structuredClone(gateway.house.store.records());
    const isSilence = ({ record }: JournalEntry) => record.heard[0]?.type === 'source.silent';
    const wrong = tampered.find(isSilence) as JournalEntry;
    const { context } = wrong.record.after as { context: object };
    Object.assign(context, { attempts: 99 });
    gateway.services.journal.read = async function* () {
      yield* tampered;
    };
    const ran = await gateway.sbx('replay', '--json');
    expect(ran.code).to.equal(1);
    expect(JSON.parse(ran.out).first_difference).to.deep.include({ seq: wrong.seq, at: camera });
    expect(ran.err).to.contain(`camera cam_001 differs from sequence ${wrong.seq}`);
  });

  it('asked for one camera, tells of that one alone: its records, its difference, and no other camera’s', async () => {
    const other = { kind: 'camera' as const, id: id('cam_002') };
    const settings = {
      name: 'Hall',
      zone: 'hcm/center',
      keep: 'warm',
      eye: true,
      sources: [{ id: '0', url: 'publish:' }],
    };
    await gateway.house.roster.create(other, { type: 'camera.configured', settings });
    const records = structuredClone(gateway.house.store.records());
    const wrong = records.find(({ record }) => record.cell === other.id) as JournalEntry;
    Object.assign((wrong.record.after as { context: object }).context, { attempts: 99 });
    gateway.services.journal.read = async function* () {
      yield* records;
    };
    expect((await gateway.sbx('replay')).err).to.contain('camera cam_002 differs');
    const theirs = await gateway.sbx('replay', '--camera', 'cam_002');
    expect(theirs.code).to.equal(1);
    expect(theirs.err).to.contain('camera cam_002 differs');
    const mine = await json('replay', '--camera', 'cam_001');
    const isMine = ({ record }: JournalEntry) =>
      record.cell === camera.id || (record.after as { context: { camera?: string } }).context.camera === camera.id;
    expect(mine).to.include({ first_difference: null, compared: records.filter(isMine).length });
    const none = await gateway.sbx('replay', '--camera', 'cam_003');
    expect(none.out).to.contain('nothing was compared: no record was heard whole');
  });

  it('lists what the machines of today decide otherwise, and goes on from what was recorded', async () => {
    const same = await gateway.sbx('replay', '--decide-anew');
    expect(same.out).to.match(/^\d+ records decided anew, all as they were$/m);
    const other = structuredClone(gateway.house.store.records());
    const heard = (type: string) => other.find(({ record }) => record.heard[0]?.type === type) as JournalEntry;
    const silence = heard('source.silent');
    // As if the machines of that night had said something else of it, and nothing when the source ended.
    const [fact] = silence.record.said;
    Object.assign(fact?.data ?? {}, { detect_ms: 5 });
    const end = heard('source.ended');
    end.record.said = [];
    gateway.services.journal.read = async function* () {
      yield* other;
    };
    const { decided, otherwise } = await json('replay', '--decide-anew');
    expect(decided).to.equal(other.length);
    expect(otherwise.map((one: { seq: number }) => one.seq)).to.deep.equal([silence.seq, end.seq]);
    const told = await gateway.sbx('replay', '--decide-anew');
    expect(told.out).to.contain('heard source.silent').and.contain('differs at /said/0/data/detect_ms');
    expect(told.out).to.contain('2 otherwise');
  });

  it('tells what would follow from a loss', async () => {
    const lost = await gateway.sbx('whatif', '--lose', 'relay-1');
    expect(lost.code, lost.err).to.equal(0);
    expect(lost.out).to.contain('relay relay-1').and.contain('0 viewers would be carried on elsewhere, 1 would not');
    const past = String(
      gateway.house.store.records().find(({ record }) => record.kind === 'viewer')?.record.heard[0]?.at,
    );
    const source = await json('whatif', '--lose', 'source:cam_001/0', '--at', past);
    expect(source.dark).to.deep.equal([{ camera: 'cam_001', for_ms: null }]);
    const alone = await gateway.sbx('whatif', '--lose', 'gateway');
    expect(alone.code, alone.err).to.equal(0);
    expect(alone.out).to.contain('camera cam_001').and.contain('nobody is there').and.contain('lost for good: ');
    const none = await gateway.sbx('whatif', '--lose', 'region:nowhere');
    expect([none.code, none.err]).to.deep.equal([1, 'signalbox: There is no relay in region nowhere (not-found)\n']);
  });

  it('says what is written wrongly', async () => {
    for (const argv of [
      ['replay', '--at', 'yesterday'],
      ['replay', '--camera', 'a.b'],
      ['replay', '--camera', 'cam_001', '--decide-anew'],
      ['export'],
      ['whatif'],
      ['whatif', '--lose', 'source:cam_001'],
      ['whatif', '--lose', '*'],
      ['export', '--out', file('x'), '--from', '7'],
      ['export', '--out', file('x'), '--from', '1m', '--to', '2m'],
    ]) {
      expect((await gateway.sbx(...argv)).code, argv.join(' ')).to.equal(2);
    }
    expect((await gateway.sbx('export', '--out', file('no/such/folder'))).err).to.contain("can't be written");
  });
});

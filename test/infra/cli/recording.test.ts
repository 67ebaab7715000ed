import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { momentOf } from '../../../infra/cli/moment.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { FILE_BYTES, PIECE_MS, recordedUntil } from '../../fakes/recordings.ts';
import { command } from '../../fixtures/command-line.ts';

const MINUTE_MS = 60_000;

describe('signalbox recording', () => {
  let gateway: FakeGateway;
  let folder: string;
  let end: number;
  const fetched = globalThis.fetch;
  const url = 'http://localhost';
  const recording = { kind: 'recording' as const, id: id('gate') };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-recording-'));
    // Ten whole minutes, so that files begin where the test says; what came since is missing.
    end = Math.floor(Date.now() / (10 * MINUTE_MS)) * 10 * MINUTE_MS - 10 * MINUTE_MS;
    gateway = await fakeGateway({ recordings: recordedUntil(end) });
    await gateway.camera('gate', 'hcm/airport');
    const recorded = { type: 'recording.configured', zone: 'hcm/airport', wanted: true, keep_ms: 7 * 86_400_000 };
    await gateway.house.roster.create(recording, recorded);
    // The command line's requests go to the gateway's HTTP floor without a port.
    globalThis.fetch = async (address, init = {}) => {
      const { method, headers, body } = init as { method: 'GET'; headers: Record<string, string>; body: string | null };
      const { pathname, search } = new URL(String(address));
      const sent = { method, url: pathname + search, headers: { ...headers, host: 'localhost' } };
      const answer = await gateway.server.inject(body === null ? sent : { ...sent, payload: body });
      const answered = new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
      const bytes = answer.rawPayload.length > 0 ? new Uint8Array(answer.rawPayload) : null;
      return new Response(bytes, { status: answer.statusCode, headers: answered });
    };
  });
  afterEach(async () => {
    globalThis.fetch = fetched;
    rmSync(folder, { recursive: true, force: true });
    await gateway.close();
  });

  const file = (name: string) => path.join(folder, name);
  const sbx = (words: string[], grant: object = { sub: 'ada', role: 'admin', zones: ['*'] }, columns?: number) => {
    writeFileSync(file('token'), gateway.token(grant));
    const argv = ['recording', ...words, '--url', url, '--token-file', file('token')];
    return command(argv, columns === undefined ? {} : { columns });
  };
  const ago = (minutes: number) => String(end - minutes * MINUTE_MS);
  const told = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

  describe('list', () => {
    it('prints what there is, what it takes, and what is missing', async () => {
      const { code, out, err } = await sbx(['list', 'gate', '--from', '4h']);
      expect(err).to.equal('');
      expect(code).to.equal(0);
      const [head, ...lines] = out.trim().split('\n');
      expect(head).to.match(/^gate waiting: the camera gives no picture yet; kept for 7 d$/);
      const [begin, last] = [end - 180 * MINUTE_MS, end];
      expect(lines).to.have.length(4);
      expect(lines[1]).to.match(new RegExp(`^recorded +${told(begin)} +${told(last)} +3 h +2\\.7 GB +source 0$`));
      expect(lines[2]).to.match(new RegExp(`^missing +${told(last)} .* min +the camera gives no picture yet$`));
      expect(lines[3]).to.equal('2.7 GB in all; as a file: signalbox recording get gate FROM TO');
    });

    it('tells what retention never touches, and for whom', async () => {
      const [from, to] = [Number(ago(30)), Number(ago(20))];
      await gateway.house.roster.offer(recording, { type: 'recording.protected', holder: 'inc_1', from, to });
      const { out } = await sbx(['list', 'gate', '--from', ago(60), '--to', ago(0)]);
      expect(out).to.match(new RegExp(`^kept +${told(from)} +${told(to)} +10 min +for inc_1$`, 'm'));
      expect(out).to.match(/^900 MB in all/m);
    });

    it('says where looking back ends for whoever asks, and answers as JSON', async () => {
      const guest = { sub: 'vera', role: 'viewer', zones: ['hcm/*'], history: { last_ms: 60 * MINUTE_MS } };
      expect((await sbx(['list', 'gate'], guest)).out).to.match(/nothing from before .* is told: .*last 1 h/);
      const { items, ...answer } = JSON.parse((await sbx(['list', 'gate', '--json'])).out);
      expect(answer).to.include({ camera: 'gate', bytes: 18 * FILE_BYTES });
    });
  });

  describe('protect and unprotect', () => {
    const operator = { sub: 'hoa', role: 'operator', zones: ['hcm/*'] };
    const protections = () => gateway.house.roster.view(recording)?.context.protections as object[];

    it('keep a stretch from retention under a name, and let go of it', async () => {
      const named = ['--name', 'Theft at the gate'];
      const { code, out, err } = await sbx(['protect', 'gate', ago(30), ago(20), ...named], operator);
      expect([code, err]).to.deep.equal([0, '']);
      const [, holder = ''] = /as (keep_[a-z2-7]{26})/.exec(out) ?? [];
      expect(out).to.contain('Theft at the gate').and.contain('kept, 150 MB');
      const [from, to] = [Number(ago(30)), Number(ago(20))];
      expect(protections()).to.deep.equal([{ holder, from, to, name: 'Theft at the gate', by: 'hoa' }]);
      const listed = (await sbx(['list', 'gate', '--from', '4h'])).out;
      expect(listed).to.match(new RegExp(`^kept .* 10 min +Theft at the gate \\(hoa, ${holder}\\)$`, 'm'));
      const gone = await sbx(['unprotect', 'gate', holder], operator);
      expect(gone.out).to.equal(`${holder} of gate is kept no longer than the rest\n`);
      expect(protections()).to.deep.equal([]);
      const again = await sbx(['unprotect', 'gate', holder], operator);
      expect([again.code, again.err]).to.deep.equal([
        1,
        `signalbox: There is no bookmark ${holder} of gate (not-found)\n`,
      ]);
    });

    it('say when nothing is there to be kept', async () => {
      const [from, to] = [String(end - 400 * MINUTE_MS), String(end - 390 * MINUTE_MS)];
      const { code, err } = await sbx(['protect', 'gate', from, to, '--name', 'Before'], operator);
      expect([code, err]).to.deep.equal([0, 'nothing was recorded then, as far as this gateway knows\n']);
    });

    it('want a name', async () => {
      expect((await sbx(['protect', 'gate', ago(3), ago(1)])).code).to.equal(2);
      expect((await sbx(['protect', 'gate', ago(3), ago(1), '--name', ' '])).code).to.equal(2);
    });
  });

  describe('get', () => {
    it('writes what a camera showed between two moments into a file', async () => {
      const { code, out, err } = await sbx(['get', 'gate', ago(3), ago(1), '--out', file('gate.mp4')]);
      expect(err).to.equal('');
      expect(code).to.equal(0);
      const begin = Number(ago(3));
      const pieces = Array.from({ length: 60 }, (_, n) => `piece ${begin + n * PIECE_MS}`);
      expect(readFileSync(file('gate.mp4'), 'latin1')).to.equal(`head${pieces.join('')}`);
      expect(out).to.equal(`${file('gate.mp4')}: 2 min of gate from ${new Date(begin).toISOString()} on, 0.0 MB\n`);
      const json = await sbx(['get', 'gate', ago(3), ago(1), '--out', file('again.mp4'), '--json']);
      expect(JSON.parse(json.out)).to.deep.include({ camera: 'gate', from: begin, to: Number(ago(1)), left_out: 0 });
    });

    it('tells whoever looks how far it is, and takes the line away at the end', async () => {
      const { err } = await sbx(['get', 'gate', ago(3), ago(1), '-o', file('gate.mp4')], undefined, 80);
      expect(err).to.contain('gate.mp4: 0.0 MB');
      expect(err.endsWith('\r\u001b[K'), 'nothing is left of it').to.equal(true);
    });

    it('leaves no file, nor a part of one, where nothing was recorded', async () => {
      const before = String(end - 400 * MINUTE_MS);
      const { code, err } = await sbx(['get', 'gate', before, String(Number(before) + 1_000), '-o', file('gate.mp4')]);
      expect([code, err]).to.deep.equal([1, 'signalbox: There is no recording of gate in that time (not-found)\n']);
      expect(readdirSync(folder)).to.deep.equal(['token']);
    });

    it('says what stands in its way on this machine', async () => {
      const { code, err } = await sbx(['get', 'gate', ago(3), ago(1), '-o', file('no/such/gate.mp4')]);
      expect(code).to.equal(1);
      expect(err).to.match(/gate\.mp4 can't be written \(ENOENT\): name a file in a folder that exists/);
      expect(existsSync(file('no'))).to.equal(false);
    });

    it('says what is written wrongly', async () => {
      const wrong: [string[], RegExp][] = [
        [['get', 'gate', ago(1), ago(3)], /nothing lies between .*: a time such as 14:03 is the last one/],
        [['get', 'gate', 'noon', ago(1)], /<from> noon: expected a time such as 14:03/],
        [['get', 'gate', '25:00', ago(1)], /<from> 25:00: expected/],
        [['get', '../x', ago(3), ago(1)], /is no camera id/],
        [['list', 'gate', '--from', '7'], /--from 7: expected/],
        [['list', 'gate', '--from', '1h', '--to', '2h'], /--from does not lie before --to/],
      ];
      for (const [words, expected] of wrong) {
        const { code, err } = await sbx(words);
        expect(code, words.join(' ')).to.equal(2);
        expect(err).to.match(expected);
      }
    });
  });

  it('goes for packages of video and log, too: written whole, or told why not', async () => {
    writeFileSync(file('token'), gateway.token({ sub: 'ada', role: 'admin', zones: ['*'] }));
    const stretch = ['--camera', 'gate', '--from', ago(3), '--to', ago(1), '--video'];
    const to = (name: string) =>
      command(['export', ...stretch, '-o', file(name), '--url', url, '--token-file', file('token')]);
    const { code, out } = await to('gate.tar');
    expect(code).to.equal(0);
    expect(out).to.match(/gate\.tar: log and 1 video of gate, \d+ bytes, 0 gaps; signed with key/);
    const refused = await to('no/gate.tar');
    expect(refused.code).to.equal(1);
    expect(refused.err).to.match(/gate\.tar can't be written \(ENOENT\): name a file in a folder that exists/);
    expect(readdirSync(folder).sort()).to.deep.equal(['gate.tar', 'token']);
  });

  it('takes a time of day for the last one that has passed', () => {
    const noon = new Date(2026, 10, 20, 12, 0).getTime();
    expect(momentOf('11:59', noon)).to.deep.equal({ at: noon - MINUTE_MS });
    expect(momentOf('12:00', noon)).to.deep.equal({ at: noon });
    expect(momentOf('9:05:30', noon)).to.deep.equal({ at: new Date(2026, 10, 20, 9, 5, 30).getTime() });
    expect(momentOf('14:03', noon)).to.deep.equal({ at: new Date(2026, 10, 19, 14, 3).getTime() });
    expect(momentOf('24:00', noon)).to.equal(undefined);
  });
});

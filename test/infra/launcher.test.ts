import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { DEMO_PICTURE } from '../../infra/demo/picture.ts';
import { readArguments } from '../../infra/launcher/command.ts';
import { demoCameraSettings } from '../../infra/launcher/demo-cameras.ts';
import { lastWords } from '../../infra/launcher/last-words.ts';
import { openProcessLog } from '../../infra/launcher/process-log.ts';
import { StateFolderRefused, socketsFolder, takeStateFolder } from '../../infra/launcher/state-folder.ts';
import { restartDelayMs } from '../../infra/launcher/supervise.ts';

describe('the launcher', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-launcher-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('reads the options of npm start, and none means the demo on the usual ports', () => {
    expect(readArguments([])).to.deep.equal({ config: undefined, port: undefined, state: undefined });
    expect(readArguments(['--config', 'a.yaml', '--port', '0', '--state', 'data'])).to.deep.equal({
      config: 'a.yaml',
      port: 0,
      state: 'data',
    });
    expect(readArguments(['--help'])).to.equal('help');
    for (const port of ['-1', '65536', '80.5', 'x']) {
      expect(() => readArguments([`--port=${port}`]), port).to.throw('expected a port from 0 to 65535');
    }
  });

  it('starts a failed program again at once, then ever more slowly, but at least every 10 s', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7, 100].map(restartDelayMs);
    expect(waits).to.deep.equal([0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('keeps the output of a program that never stops talking within bounds', () => {
    const file = path.join(folder, 'talker.log');
    const log = openProcessLog(file, 1000);
    for (let turn = 0; turn < 500; turn += 1) log.write(Buffer.from(`line ${turn}\n`));
    log.close();
    expect(statSync(file).size).to.be.at.most(1000);
    expect(statSync(`${file}.1`).size).to.be.at.most(1000);
    expect(readFileSync(file, 'utf8')).to.match(/line 499\n$/);
    expect(log.lastLines(2)).to.deep.equal(['line 498', 'line 499']);
    expect((statSync(file).mode & 0o777).toString(8)).to.equal('600');
  });

  it('tells of what a program said last that which says why it ended', () => {
    const pino = (level: number, msg: string, message?: string) =>
      JSON.stringify({ level, ...(message ? { err: { message } } : {}), msg });
    const told: [string, string][] = [
      ['INF ready\nERR listen udp :8189: address already in use\n', 'ERR listen udp :8189: address already in use'],
      [
        `${pino(30, 'ready')}\n/x/leases.ts:39\n  throw error;\n  ^\n\nApiError: wrong last sequence\n    at a (/x)\n    at b (/y)\n\nNode.js v20`,
        'ApiError: wrong last sequence',
      ],
      [`${pino(60, 'taken over', 'by gate-2')}\n${pino(30, 'leaving')}`, 'taken over: by gate-2'],
      ['panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:1', 'panic: runtime error'],
      ['FATAL ERROR: Reached heap limit\n----- Native stack trace -----\n 1: 0xb8d', 'FATAL ERROR: Reached heap limit'],
      ['', ''],
    ];
    for (const [lines, why] of told) expect(lastWords(lines.split('\n'))).to.equal(why);
    expect(lastWords(['x'.repeat(1_000)])).to.have.length(300);
  });

  it('does not take the last words of a program for those of the one that is started in its place', () => {
    const log = openProcessLog(path.join(folder, 'again.log'));
    log.write(Buffer.from('Error: the first\n'));
    log.begin();
    expect(lastWords(log.lastLines(10))).to.equal('');
    log.close();
  });

  it('lets one group at a time have a data folder, and forgets one whose launcher is gone', () => {
    const state = takeStateFolder(path.join(folder, 'data'));
    expect(() => takeStateFolder(path.join(folder, 'data'))).to.throw(StateFolderRefused, '--state DIR');
    const pidFile = path.join(state.run, 'launcher.pid');
    state.release();
    writeFileSync(pidFile, '999999999 1\n');
    takeStateFolder(path.join(folder, 'data')).release();
    writeFileSync(pidFile, '');
    takeStateFolder(path.join(folder, 'data')).release();
  });

  it('puts its sockets where the command line sees them, also as a service with a temporary folder of its own', () => {
    const runtime = path.join(folder, 'run');
    mkdirSync(runtime);
    const state = takeStateFolder(path.join(folder, 'data'), { RUNTIME_DIRECTORY: runtime });
    expect(path.dirname(state.sockets)).to.equal(runtime);
    state.release();
    expect(path.dirname(socketsFolder(path.join(folder, 'data'), {}))).to.equal(tmpdir());
    expect(readdirSync(runtime)).to.deep.equal([]);
  });

  it('makes each secret once', () => {
    const state = takeStateFolder(folder);
    const { file, value } = state.secret('redis');
    expect(value).to.match(/^[\w-]{32}$/);
    expect(state.secret('redis')).to.deep.equal({ file, value });
    expect(state.secret('nats-reader').value).not.to.equal(value);
    const shared = state.secret('redis', 'what other hosts have');
    expect([shared.file, readFileSync(file, 'utf8')]).to.deep.equal([file, 'what other hosts have']);
    expect((statSync(file).mode & 0o777).toString(8)).to.equal('600');
    state.release();
  });

  it('gives FFmpeg its picture word by word, whatever stands in a label', () => {
    const picture = { ...DEMO_PICTURE, label: "Bến Thành's, $HOME:%{pts}" };
    const { paths } = demoCameraSettings(9, '/opt/my ffmpeg/ffmpeg', picture) as {
      paths: { picture: { runOnInit: string } };
    };
    const command = paths.picture.runOnInit;
    expect(command).to.match(/^'\/opt\/my ffmpeg\/ffmpeg' '-v' 'error' /);
    expect(command).to.contain('Bến Thànhs HOMEpts');
    expect(command.match(/\$\w+/g)).to.deep.equal(['$RTSP_PORT', '$MTX_PATH']);
  });
});

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { descendants, makeState, startLauncher, untilReady, WITHOUT_CAMERAS } from '../fixtures/launcher/start.ts';
import { startNats } from '../fixtures/nats.ts';
import { freePort, until } from '../fixtures/process.ts';

/** Runs the launcher to its own end. */
async function failedStart(args: string[], env: NodeJS.ProcessEnv = {}) {
  const launcher = startLauncher(args, env);
  await until('the launcher to give up', () => launcher.child.exitCode !== null, 60_000);
  return { code: launcher.child.exitCode, said: launcher.output() };
}

describe('a start that can not work', function () {
  this.timeout(90_000);
  let state: ReturnType<typeof makeState>;
  beforeEach(() => {
    state = makeState();
  });
  afterEach(() => state.close());

  it('names the taken port and its setting, before anything is started', async () => {
    const port = await freePort();
    const holder = net.createServer().listen(port, '127.0.0.1');
    try {
      const { code, said } = await failedStart(['--port', String(port), '--state', state.path]);
      expect(code).to.equal(1);
      expect(said).to.contain(`port ${port} on 127.0.0.1 (page, API and signalling) is taken by another program`);
      expect(said).to.contain('http.port or --port');
      expect(said).not.to.contain('serves after');
      // What the demo's station lets in is a secret that stays with the folder.
      const left = readdirSync(path.join(state.path, 'run')).filter((name) => name !== 'demo-destination.key');
      expect(left, 'the data folder is free again').to.deep.equal([]);
    } finally {
      holder.close();
    }
  });

  it('says what is wrong on the command line', async () => {
    for (const [args, words] of [
      [['--port', 'http'], 'expected a port from 0 to 65535'],
      [['--prot', '0'], "Unknown option '--prot'"],
      [['--config', '/nowhere.yaml'], '--config /nowhere.yaml: there is no such file'],
    ] as const) {
      const { code, said } = await failedStart([...args, '--state', state.path]);
      expect(code, said).to.equal(1);
      expect(said).to.contain(words).and.not.to.contain('    at ');
    }
  });

  it('shows what a program said that ends at its start, and leaves nothing running', async () => {
    const broken = path.join(state.path, 'broken-nats');
    writeFileSync(broken, '#!/bin/sh\necho "cannot read the disk"\nexit 3\n', { mode: 0o755 });
    const launcher = startLauncher(['--port', '0', '--state', path.join(state.path, 'data')], {
      SIGNALBOX_NATS_SERVER: broken,
    });
    await until('it to give up', () => launcher.child.exitCode !== null, 60_000);
    expect(launcher.child.exitCode).to.equal(1);
    expect(launcher.output()).to.contain('nats ended at its start').and.contain('cannot read the disk');
    expect(launcher.output(), 'what never served is not tried again').not.to.contain('starting it again');
    expect(descendants(launcher.pid)).to.deep.equal([]);
  });

  it('takes over a data folder whose launcher was killed, and keeps it to its owner', async () => {
    const run = path.join(state.path, 'run');
    const launcher = startLauncher(['--port', '0', '--state', state.path]);
    await untilReady(launcher);
    const files = ['run', 'log', 'passwords'].flatMap((folder) =>
      readdirSync(path.join(state.path, folder)).map((name) => path.join(state.path, folder, name)),
    );
    expect(files.length).to.be.greaterThan(20);
    for (const file of files) {
      const { mode } = statSync(file);
      expect((mode & 0o777).toString(8), file).to.equal(statSync(file).isDirectory() ? '700' : '600');
    }
    expect((statSync(state.path).mode & 0o777).toString(8)).to.equal('700');
    const commandLines = descendants(launcher.pid).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    for (const name of ['nats-gateway', 'nats-reader', 'redis']) {
      const password = readFileSync(path.join(state.path, 'passwords', name), 'utf8');
      expect(commandLines.join('\n'), 'passwords are not in argv').not.to.contain(password);
      expect(launcher.output()).not.to.contain(password);
    }
    await launcher.stop('SIGTERM');
    writeFileSync(path.join(run, 'launcher.pid'), '1 12345\n');
    const again = startLauncher(['--port', '0', '--state', state.path, ...WITHOUT_CAMERAS]);
    await untilReady(again);
    await again.stop('SIGTERM');
  });

  it('tells a second machine on the same NATS what to do, and runs there once the first one is gone', async () => {
    const nats = await startNats();
    const start = (host: string, folder: string) => {
      const file = path.join(state.path, `${folder}.yaml`);
      writeFileSync(file, JSON.stringify({ host, nats: { servers: [nats.url] } }));
      return ['--port', '0', '--config', file, '--state', path.join(state.path, folder)];
    };
    const first = startLauncher(start('one', 'a'));
    try {
      await untilReady(first);
      const [other, twin] = await Promise.all([failedStart(start('two', 'b')), failedStart(start('one', 'c'))]);
      expect([other.code, twin.code]).to.deep.equal([1, 1]);
      expect(other.said).to.contain('host "one" runs on the same NATS').and.not.to.contain('serves after');
      expect(twin.said).to.contain('another launcher runs as host "one"').and.not.to.contain('    at ');
      await first.stop('SIGTERM');
      const second = startLauncher(start('two', 'b'));
      await untilReady(second);
      await second.stop('SIGTERM');
    } finally {
      await first.stop('SIGKILL');
      await nats.close();
    }
  });
});

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { freePort } from '../fixtures/process.ts';
import {
  type FakeMachine,
  makeMachine,
  printsVersion,
  type Releases,
  startReleases,
} from '../fixtures/setup/machine.ts';

/** apt-get, as far as set-up uses it: installing a package puts its program on the PATH. */
const APT_GET = `echo "apt-get $* frontend=$DEBIAN_FRONTEND" >> "$LOG"
case "$*" in
  *install*) for name in "$@"; do printf '#!/bin/sh\\n' > "$BIN/$name"; chmod +x "$BIN/$name"; done ;;
esac`;

describe('set-up on a fresh machine', () => {
  let machine: FakeMachine;
  let releases: Releases;
  let nowhere: string;
  before(async () => {
    nowhere = `http://127.0.0.1:${await freePort()}`;
  });
  beforeEach(async () => {
    machine = makeMachine();
    releases = await startReleases();
  });
  afterEach(() => {
    machine.close();
    releases.close();
  });

  it('does nothing where nothing is missing, and takes no time for it', async () => {
    const { code, said, tookMs } = await machine.setup('start');
    expect(code, said).to.equal(0);
    expect(said).to.match(/^signalbox set-up: no page is built.*\n$/);
    expect(tookMs).to.be.lessThan(2000);
  });

  it('installs npm packages when the lockfile asks for others, without running their scripts', async () => {
    machine.command('npm', 'echo "npm $*" >> "$LOG"');
    writeFileSync(path.join(machine.root, 'node_modules/.package-lock.json'), '{"packages":{}}');
    const { code } = await machine.setup('check');
    expect(code).to.equal(0);
    expect(machine.log()).to.match(/^npm ci --ignore-scripts/);
  });

  it('tells what failed when npm can not install', async () => {
    machine.command('npm', 'echo "no such registry"; exit 1');
    writeFileSync(path.join(machine.root, 'node_modules/.package-lock.json'), '{"packages":{}}');
    const { code, said } = await machine.setup('check');
    expect(code).to.equal(1);
    expect(said).to.contain('this failed: npm ci').and.contain('no such registry');
  });

  it('installs system packages with a fresh list and without questions', async () => {
    machine.remove('ffmpeg');
    machine.command('apt-get', APT_GET);
    machine.command('apt-cache', ':');
    machine.command('sudo', 'shift; exec "$@"');
    const { code, said } = await machine.setup('start');
    expect(code, said).to.equal(0);
    const [update, install] = machine.log().trim().split('\n');
    expect(update).to.match(/ update frontend=noninteractive$/);
    expect(install).to.match(/ install -y --no-install-recommends ffmpeg frontend=noninteractive$/);
  });

  it('stops with the one command to run where it has no right to install', async function () {
    // Only an administrator can try being somebody else.
    const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
    if (process.platform !== 'linux') this.skip();
    machine.remove('ffmpeg');
    machine.command('apt-get', APT_GET);
    const { code, said } = await machine.setup('start', {}, nobody);
    expect(code).to.equal(1);
    expect(said).to.contain('sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg');
    expect(machine.log()).to.equal('');
  });

  it('names what is missing where it knows no package manager', async () => {
    machine.remove('redis-server');
    const { code, said } = await machine.setup('start');
    expect(code).to.equal(1);
    expect(said).to.contain('these programs are missing: redis-server');
  });

  it('takes a release whose checksum is right, and finds it in the cache the next time', async () => {
    machine.remove('nats-server');
    machine.remove('mediamtx');
    releases.offer('nats-server', '2.15.1');
    releases.offer('mediamtx', '1.20.1');
    const { code, said } = await machine.setup('start', { SIGNALBOX_RELEASES: releases.url });
    expect(code, said).to.equal(0);
    const files = ['bin', 'bin/mediamtx', 'bin/mediamtx.version', 'bin/nats-server', 'bin/nats-server.version'];
    expect(machine.cached()).to.deep.equal(files);
    const again = await machine.setup('start', { SIGNALBOX_RELEASES: nowhere });
    expect(again.code).to.equal(0);
    expect(again.said).not.to.contain('downloading');
  });

  it('refuses a release whose checksum is wrong, and keeps nothing of it', async () => {
    machine.remove('nats-server');
    releases.offer('nats-server', '2.15.1', { damaged: true });
    machine.command('go', 'echo "go $*" >> "$LOG"');
    const { code, said } = await machine.setup('start', { SIGNALBOX_RELEASES: releases.url });
    expect(code).to.equal(1);
    expect(said).to.contain('does not have the checksum that its release publishes');
    expect(machine.cached()).to.deep.equal(['bin']);
    expect(machine.log(), 'a damaged release is an alarm, not a reason to build instead').to.equal('');
  });

  it('builds with Go where no release can be downloaded, and adds what the mediamtx module lacks', async () => {
    machine.remove('mediamtx');
    const hls = path.join(machine.root, 'node_modules/hls.js/dist');
    mkdirSync(hls, { recursive: true });
    writeFileSync(path.join(hls, 'hls.min.js'), 'player');
    const module = path.join(machine.root, 'module');
    mkdirSync(path.join(module, 'internal/core'), { recursive: true });
    machine.command(
      'go',
      `case "$1" in
        mod) echo '{"Dir": "${module}"}' ;;
        build) cat internal/core/VERSION internal/servers/hls/hls.min.js > "$LOG"
          printf '#!/bin/sh\\necho v1.20.1\\n' > "$3"; chmod +x "$3" ;;
      esac`,
    );
    const { code, said } = await machine.setup('start', { SIGNALBOX_RELEASES: nowhere });
    expect(code, said).to.equal(0);
    expect(said).to.contain("can't be reached");
    expect(machine.log()).to.equal('v1.20.1player');
    expect(existsSync(path.join(module, 'internal/core/VERSION')), 'the module itself stays as it was').to.equal(false);
    expect(machine.cached()).to.deep.equal(['bin', 'bin/mediamtx', 'bin/mediamtx.version']);
  });

  it('says where to get a server that can be neither downloaded nor built, and says it soon', async () => {
    machine.remove('nats-server');
    const { code, said, tookMs } = await machine.setup('start', { SIGNALBOX_RELEASES: nowhere });
    expect(code).to.equal(1);
    expect(said).to.contain('https://github.com/nats-io/nats-server/releases/tag/v2.15.1');
    expect(said).to.contain('SIGNALBOX_NATS_SERVER=');
    expect(tookMs).to.be.lessThan(5000);
    expect(machine.cached()).to.deep.equal(['bin']);
  });

  it("passes over a server on the PATH that is too old, such as Debian's nats-server", async () => {
    machine.command('nats-server', printsVersion('2.9.10'));
    releases.offer('nats-server', '2.15.1');
    const { code, said } = await machine.setup('start', { SIGNALBOX_RELEASES: releases.url });
    expect(code, said).to.equal(0);
    expect(said).to.contain('is version 2.9.10; nats-server 2.12.6 or newer is needed');
    expect(readFileSync(path.join(machine.cache, 'bin/nats-server'), 'utf8')).to.contain('2.15.1');
  });

  it('takes the server that the environment names, or says why it can not', async () => {
    machine.remove('nats-server');
    machine.command('mine', printsVersion('2.12.6'));
    const named = { SIGNALBOX_NATS_SERVER: path.join(machine.bin, 'mine') };
    expect((await machine.setup('start', named)).code).to.equal(0);
    machine.command('mine', printsVersion('2.11.0'));
    const { code, said } = await machine.setup('start', named);
    expect(code).to.equal(1);
    expect(said).to.contain('mine is version 2.11.0; nats-server 2.12.6 or newer is needed');
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { validate } from 'dockerfile-utils';
import { namesIn, serviceNamed } from '../fixtures/compose.ts';

const infra = path.resolve(import.meta.dirname, '../../infra');
const text = (name: string) => readFileSync(path.join(infra, name), 'utf8');

/** The instructions of a Dockerfile, each on one line. */
const instructions = (): string[] =>
  text('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(Boolean);

describe('infra/Dockerfile', () => {
  const lines = instructions();
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('is written as Docker reads it', () => {
    expect(validate(text('Dockerfile')).map(({ message }) => message)).to.deep.equal([]);
  });

  it('makes an image in stages, in which nobody is root, and whose health is asked', () => {
    expect(lines.filter((line) => line.startsWith('FROM '))).to.have.length(3);
    const user = last.find((line) => line.startsWith('USER '));
    expect(user).to.equal('USER 10001:10001');
    const after = last.slice(last.indexOf(user ?? ''));
    expect(
      after.filter((line) => /^(RUN|COPY|ADD)/.test(line)),
      'nothing is made as that user',
    ).to.deep.equal([]);
    expect(
      after.find((line) => line.startsWith('ENTRYPOINT ')),
      'orphans are buried',
    ).to.contain('["tini", "--", ');
    expect(after.find((line) => line.startsWith('HEALTHCHECK '))).to.contain('"infra/healthcheck.mjs", "/state"');
    expect(after).to.include('VOLUME ["/state"]');
    expect(last.find((line) => line.startsWith('ENV '))).to.contain('SIGNALBOX_STATE=/state');
  });

  it('names only files that are there', () => {
    const named = lines.flatMap((line) => [...line.matchAll(/infra\/[\w./-]+\.(?:mjs|ts)/g)].map(([file]) => file));
    expect(named).to.include.members(['infra/setup.mjs', 'infra/launcher.mjs', 'infra/healthcheck.mjs']);
    for (const file of named) expect(existsSync(path.join(infra, '..', file)), file).to.equal(true);
    for (const line of ['.git', 'test', '**/node_modules']) {
      expect(text('Dockerfile.dockerignore').split('\n')).to.include(line);
    }
  });

  it('is what compose builds, with a read-only root file system', () => {
    const ours = [...namesIn('one'), ...namesIn('cluster')].filter((name) => serviceNamed(name).build);
    expect(ours).to.have.members(['signalbox', 'a', 'b', 'c', 'edge']);
    for (const { image, build, read_only, cap_drop, tmpfs, volumes } of ours.map(serviceNamed)) {
      expect([image, build]).to.deep.equal(['signalbox', { context: '..', dockerfile: 'infra/Dockerfile' }]);
      expect([read_only, cap_drop]).to.deep.equal([true, ['ALL']]);
      const folders = volumes.filter((one) => !one.endsWith(':ro')).map((one) => one.replace(/^[\w-]+:/, ''));
      const writable = [...tmpfs, ...folders].map((one) => one.split(':')[0]);
      expect(writable).to.have.members(['/tmp', '/signalbox/.build/run', '/state']);
    }
  });
});

describe('infra/signalbox.service', () => {
  const settings = text('signalbox.service').split('\n');

  it('is started again however often it fails, and lets the command line reach the launcher', () => {
    expect(settings).to.include.members(['Restart=always', 'StartLimitIntervalSec=0']);
    expect(settings).to.include.members(['PrivateTmp=yes', 'RuntimeDirectory=signalbox']);
  });

  it('keeps the link that signs in out of the journal, and nothing else', () => {
    // Standard error would go where standard output does.
    expect(settings).to.include.members(['StandardOutput=null', 'StandardError=journal']);
  });
});

describe('infra/signalbox.service, judged by systemd', () => {
  let folder: string;
  let unit: string;

  before(function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      console.log('      left out: there is no systemd-analyze here');
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-unit-'));
    unit = path.join(folder, 'signalbox.service');
    // Whether the unit is right does not depend on where Node is on this machine.
    writeFileSync(unit, text('signalbox.service').replace('/usr/bin/node', process.execPath));
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  it('is a unit that systemd takes, without a word', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    const about = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('signalbox'));
    expect([status, about]).to.deep.equal([0, []]);
  });

  it('gives an intruder little to go on: exposure below 2.5 of 10', function () {
    const words = ['security', '--offline=true', '--threshold=25', unit];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
    if (/unrecognized option|Unknown/.test(stderr)) this.skip();
    expect(status, stdout.trim().split('\n').at(-1)).to.equal(0);
  });
});

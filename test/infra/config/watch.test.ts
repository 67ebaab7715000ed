import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { ConfigError } from '../../../infra/config/fault.ts';
import type { Config } from '../../../infra/config/model.ts';
import { type ConfigChange, type ConfigWatch, watchConfig } from '../../../infra/config/watch.ts';
import { loadConfig } from '../../../infra/config.ts';
import { until } from '../../fixtures/process.ts';

const camera = (name: string) => `cameras: { ${name}: "rtsp://10.0.0.7/a" }\n`;
const ids = (config: Config): string => [...config.cameras.keys()].join();

describe('a watched configuration', () => {
  let folder: string;
  let file: string;
  let watch: ConfigWatch;
  let changes: ConfigChange[];
  let refusals: ConfigError[];
  const start = () => {
    watch = watchConfig(
      loadConfig(file, {}),
      {},
      (change) => changes.push(change),
      (error) => refusals.push(error),
    );
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-watch-'));
    file = path.join(folder, 'signalbox.yaml');
    changes = [];
    refusals = [];
    writeFileSync(file, camera('a'));
  });
  afterEach(() => {
    watch.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const changed = () => until('the change to be seen', () => changes.at(-1));
  const refused = () => until('the change to be refused', () => refusals.at(-1));

  it('is read again when it is saved in place', async () => {
    start();
    writeFileSync(file, camera('b'));
    expect(ids((await changed()).config)).to.equal('b');
    expect((await changed()).restart).to.deep.equal([]);
  });

  it('is read again when an editor replaces it by renaming', async () => {
    start();
    for (const name of ['b', 'c']) {
      writeFileSync(path.join(folder, '.draft'), camera(name));
      renameSync(path.join(folder, '.draft'), file);
      await until(`${name} to be seen`, () => changes.some(({ config }) => ids(config) === name));
    }
  });

  it('is read again when the link that leads to it is turned, as in a mounted ConfigMap', async () => {
    rmSync(file);
    for (const version of ['v1', 'v2']) {
      mkdirSync(path.join(folder, version));
      writeFileSync(path.join(folder, version, 'signalbox.yaml'), camera(version));
    }
    symlinkSync('v1', path.join(folder, 'data'));
    symlinkSync(path.join('data', 'signalbox.yaml'), file);
    start();
    symlinkSync('v2', path.join(folder, 'data.new'));
    renameSync(path.join(folder, 'data.new'), path.join(folder, 'data'));
    expect(ids((await changed()).config)).to.equal('v2');
  });

  it('is refused as a whole when it is broken, with the line, and taken again when it is repaired', async () => {
    start();
    writeFileSync(file, `${camera('b')}htpp: {}\n`);
    expect((await refused()).message).to.equal(`${file}:2:1: htpp: there is no such setting; did you mean "http"?`);
    expect(changes).to.deep.equal([]);
    writeFileSync(file, camera('b'));
    expect(ids((await changed()).config)).to.equal('b');
  });

  it('takes no camera away while the file is emptied or gone', async () => {
    start();
    writeFileSync(file, '');
    expect((await refused()).message).to.contain('the file is empty');
    rmSync(file);
    await until('the loss to be told', () => refusals.at(-1)?.message.includes('the file is gone'));
    expect(changes).to.deep.equal([]);
  });

  it('is read once when it is written in pieces', async () => {
    start();
    writeFileSync(file, '# slowly\n');
    for (const piece of ['cameras:\n', '  b: rtsp://10.0.0.7/a\n', '  c: rtsp://10.0.0.7/a\n']) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync(file, piece);
    }
    expect(ids((await changed()).config)).to.equal('b,c');
    expect(changes).to.have.length(1);
  });

  it('names what only a restart can change', async () => {
    start();
    writeFileSync(file, `${camera('a')}http: { port: 9000 }\nports: { nats: 5222 }\n`);
    expect((await changed()).restart).to.deep.equal(['http', 'ports']);
  });

  it('says nothing when it is saved unchanged, or when its neighbours change', async () => {
    start();
    writeFileSync(file, camera('a'));
    writeFileSync(path.join(folder, 'other.yaml'), 'x');
    writeFileSync(file, camera('b'));
    await changed();
    expect(changes).to.have.length(1);
    expect(refusals).to.deep.equal([]);
  });
});

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { command } from '../../fixtures/command-line.ts';

describe('signalbox edge', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-edge-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes a configuration where an nginx of this version is installed. */
  async function written(version: string) {
    const nginx = path.join(folder, 'nginx');
    writeFileSync(nginx, `#!/bin/sh\necho "nginx version: nginx/${version} (Debian)" >&2\n`);
    chmodSync(nginx, 0o755);
    const places = ['--config', 'infra/demo.yaml', '--cache', path.join(folder, 'cache')];
    const { code, out, err } = await command(['edge', '--json', ...places], { env: { SIGNALBOX_NGINX: nginx } });
    expect(code, err).to.equal(0);
    return { err, settings: readFileSync(JSON.parse(out).file, 'utf8') };
  }

  it('warns of an nginx that lets who was refused watch on, and says in the file which one it needs', async () => {
    const { err, settings } = await written('1.18.0');
    expect(err).to.match(/nginx 1\.18\.0 is too old: .*install 1\.19\.3 or later/);
    expect(settings.slice(0, settings.indexOf('\npid'))).to.include('1.19.3');
  });

  for (const version of ['1.19.3', '1.19.10', '1.22.1', '2.0.0']) {
    it(`says nothing of nginx ${version}, which refuses at once`, async () => {
      expect((await written(version)).err).to.equal('');
    });
  }
});

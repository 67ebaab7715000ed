import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { configOf, fileBehind, serviceNamed } from '../fixtures/compose.ts';
import { freePort, run, until } from '../fixtures/process.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('the edge of infra/compose.yaml', () => {
  it('is made and started by one command, and leads players to the gateways', async function () {
    this.timeout(60_000);
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-compose-'));
    const asked: string[] = [];
    const gateway = http.createServer(({ url }, response) => {
      asked.push(String(url));
      response.writeHead(403).end();
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = gateway.address() as AddressInfo;
    const listen = `127.0.0.1:${await freePort()}`;
    const [shell, flag, words] = serviceNamed('edge').entrypoint as [string, string, string];
    const hosts = Object.values(configOf('edge').cluster?.hosts ?? {});
    expect(words).to.contain(` --origin ${hosts.map(({ address }) => `${address}:8080`).join(' ')} `);
    // What its container has, where this machine has it.
    const file = '/etc/signalbox/signalbox.yaml';
    const places: [string, string][] = [
      [file, fileBehind('edge', file)],
      ['/state/', `${folder}/`],
      ['0.0.0.0:8081', listen],
      ...hosts.map(({ address }): [string, string] => [`${address}:8080`, `127.0.0.1:${port}`]),
    ];
    const here = places.reduce((text, [inside, outside]) => text.replaceAll(inside, outside), words);
    const { environment } = serviceNamed('edge');
    const edge = run('/usr/bin/env', [shell, flag, here], {
      cwd: root,
      env: { ...process.env, ...environment, SIGNALBOX_STATE: folder },
    });
    try {
      const ask = () => fetch(`http://${listen}/hls/cam_001/ses_1/1/x/master.m3u8`).then(({ status }) => status);
      const leads = async () => (await ask().catch(() => 0)) === 403;
      await until(`the edge to lead to a gateway: ${edge.output()}`, leads, 40_000);
      expect(asked[0]).to.equal('/hls/cam_001/ses_1/1/x/master.m3u8');
    } finally {
      await edge.stop('SIGTERM');
      gateway.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

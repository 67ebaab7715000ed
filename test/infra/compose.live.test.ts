import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { freePort, run, until } from '../fixtures/process.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { services, configs } = parse(readFileSync(path.join(root, 'infra/compose.yaml'), 'utf8'), { merge: true });

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
    writeFileSync(path.join(folder, 'signalbox.yaml'), configs.signalbox.content);
    const [shell, flag, words] = services.edge.entrypoint as [string, string, string];
    expect(words).to.contain('--origin a:8080 a:8081 b:8080 b:8081');
    // What its container has, where this machine has it.
    const places: Record<string, string> = {
      '/etc/signalbox.yaml': path.join(folder, 'signalbox.yaml'),
      ...{ '/tmp': folder, '/cache': folder, '/cache/edge.conf': path.join(folder, 'edge.conf') },
      '0.0.0.0:8081': listen,
    };
    const here = words
      .split(' ')
      .map((word) => places[word] ?? word.replace(/^[ab]:80\d\d$/, `127.0.0.1:${port}`))
      .join(' ');
    const edge = run('/usr/bin/env', [shell, flag, here], {
      cwd: root,
      env: { ...process.env, ...services.edge.environment },
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

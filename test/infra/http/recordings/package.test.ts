import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { id } from '../../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../../fakes/http.ts';
import { recordedUntil } from '../../../fakes/recordings.ts';

describe('a package of video and log', () => {
  let gateway: FakeGateway;
  let folder: string;
  const { TMPDIR } = process.env;
  const now = Math.floor(Date.now() / 60_000) * 60_000;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-package-'));
    gateway = await fakeGateway({ recordings: recordedUntil(now) });
    await gateway.camera('gate', 'hcm/airport');
    const recorded = { type: 'recording.configured', zone: 'hcm/airport', wanted: true, keep_ms: 86_400_000 };
    await gateway.house.roster.create({ kind: 'recording', id: id('gate') }, recorded);
    process.env.TMPDIR = folder;
  });
  afterEach(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  const ask = () => {
    const headers = { host: 'localhost', ...gateway.bearer({ sub: 'anna', role: 'admin', zones: ['*'] }) };
    const url = `/recordings/gate/package.tar?from=${now - 60_000}&to=${now - 30_000}`;
    return gateway.server.inject({ url, headers, payloadAsStream: true });
  };

  it('leaves nothing on the disk, read to its end or broken off, and even where the gateway dies with it', async () => {
    const whole = await ask();
    expect(whole.statusCode).to.equal(200);
    // What is still to be read has no name any more.
    expect(readdirSync(folder)).to.deep.equal([]);
    let bytes = 0;
    for await (const chunk of whole.stream()) bytes += chunk.length;
    expect(bytes).to.equal(Number(whole.headers['content-length']));
    (await ask()).stream().destroy();
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});

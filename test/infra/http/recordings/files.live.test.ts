import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openRecordings } from '../../../../adapters/recordings.files.ts';
import { id } from '../../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../../fakes/http.ts';
import { fileNameAt, recordFile } from '../../../fixtures/recorded-file.ts';

interface Got {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

const SECRET = 'what lies outside is nobody’s business';

describe('files of the past, over HTTP', function () {
  this.timeout(30_000);
  let base: string;
  let gateway: FakeGateway;
  let port: number;
  let begin: number;
  let name: string;
  /** The signed folder of somebody who may look at the camera's past. */
  let signed: string;

  /** Asks as it stands: no client makes the path any tidier. */
  const ask = (route: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> =>
    new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, path: route, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      request.on('error', reject).end();
    });
  const mine = () => gateway.bearer({ sub: 'vera', zones: ['hcm/*'] }) as Record<string, string>;

  before(async () => {
    base = mkdtempSync(path.join(tmpdir(), 'sbx-files-'));
    const folder = path.join(base, 'recordings');
    begin = Math.floor(Date.now() / 1_000) * 1_000 - 600_000;
    name = fileNameAt(begin);
    recordFile(path.join(folder, 'in/gate/0', name), { seconds: 8, sound: true });
    recordFile(path.join(folder, 'in/gate/0', fileNameAt(begin + 8_000)), { seconds: 8, sound: true });
    // Another camera's, whatever lies beside recordings, and ways out of their folder.
    for (const inside of ['recordings/in/vault/0', 'outside/0']) {
      mkdirSync(path.join(base, inside), { recursive: true });
      copyFileSync(path.join(folder, 'in/gate/0', name), path.join(base, inside, name));
    }
    writeFileSync(path.join(base, 'secret.txt'), SECRET);
    writeFileSync(path.join(folder, 'in/gate/0/notes.txt'), SECRET);
    symlinkSync(path.join(base, 'outside/0'), path.join(folder, 'in/gate/out'));
    symlinkSync('../vault/0', path.join(folder, 'in/gate/1'));
    symlinkSync(path.join(base, 'outside/0', name), path.join(folder, 'in/gate/0', fileNameAt(begin - 60_000)));
    symlinkSync(path.join(base, 'outside'), path.join(folder, 'in/yard'));
    gateway = await fakeGateway({ recordings: openRecordings(folder) });
    for (const camera of ['gate', 'yard', 'vault']) {
      const zone = camera === 'vault' ? 'hn/bank' : 'hcm/airport';
      await gateway.camera(camera, zone);
      const recorded = { type: 'recording.configured', zone, wanted: true, keep_ms: 86_400_000 };
      await gateway.house.roster.create({ kind: 'recording', id: id(camera) }, recorded);
    }
    await gateway.server.listen({ host: '127.0.0.1', port: 0 });
    port = (gateway.server.server.address() as AddressInfo).port;
    const { hls_url: url } = JSON.parse((await ask('/recordings/gate', mine())).body.toString());
    signed = new URL(url).pathname.replace('media.m3u8', '');
  });
  after(async () => {
    await gateway?.close();
    rmSync(base, { recursive: true });
  });

  const stem = () => name.replace('.mp4', '');
  const exported = () => `/recordings/gate/export.mp4?from=${begin + 1_000}&to=${begin + 15_000}`;

  it('are given in parts, to the byte: from, to, the last, and what there is of it', async () => {
    for (const [route, headers] of [
      [`${signed}0.${stem()}.0.m4s`, {}],
      [`${signed}0.${stem()}.mp4`, {}],
      [exported(), mine()],
    ] as [string, Record<string, string>][]) {
      const { status, body: whole, headers: told } = await ask(route, headers);
      expect([status, told['accept-ranges']], route).to.deep.equal([200, 'bytes']);
      const size = whole.length;
      for (const [range, from, to] of [
        ['bytes=0-0', 0, 1],
        ['bytes=10-99', 10, 100],
        [`bytes=${size - 5}-`, size - 5, size],
        ['bytes=-7', size - 7, size],
        [`bytes=-${size * 2}`, 0, size],
        [`bytes=3-${size * 9}`, 3, size],
        [
          `bytes=${Math.floor(size / 2)}-${Math.floor(size / 2) + 500}`,
          Math.floor(size / 2),
          Math.floor(size / 2) + 501,
        ],
      ] as [string, number, number][]) {
        const part = await ask(route, { ...headers, range });
        const end = Math.min(to, size);
        expect(part.status, `${route} ${range}`).to.equal(206);
        expect(part.headers['content-range']).to.equal(`bytes ${from}-${end - 1}/${size}`);
        expect(part.headers['content-length']).to.equal(String(end - from));
        expect(part.body.equals(whole.subarray(from, end)), `${route} ${range}`).to.equal(true);
      }
      const head = await ask(route, headers, 'HEAD');
      expect([head.status, head.headers['content-length']]).to.deep.equal([200, String(size)]);
    }
  });

  it('are refused where there is nothing of the part, and given whole where a part makes no sense', async () => {
    for (const [route, headers] of [
      [`${signed}0.${stem()}.1.m4s`, {}],
      [exported(), mine()],
    ] as [string, Record<string, string>][]) {
      const { body: whole } = await ask(route, headers);
      for (const range of [`bytes=${whole.length}-`, `bytes=${whole.length + 5}-${whole.length + 9}`, 'bytes=-0']) {
        const refused = await ask(route, { ...headers, range });
        expect(refused.status, range).to.equal(416);
        expect(refused.headers['content-range']).to.equal(`bytes */${whole.length}`);
        expect(JSON.parse(refused.body.toString())).to.include({ reason: 'range' });
      }
      for (const range of ['bytes=5-2', 'bytes=0-1,5-9', 'bytes=', 'bytes=-', 'lines=1-2', 'bytes=a-b']) {
        const { status, body } = await ask(route, { ...headers, range });
        expect([status, body.equals(whole)], range).to.deep.equal([200, true]);
      }
    }
  });

  it('go on where a download broke off, and begin anew where it is another file by now', async () => {
    const { body: whole, headers } = await ask(exported(), mine());
    const { etag = '' } = headers;
    expect(etag).to.match(/^"[\w-]+"$/);
    const rest = await ask(exported(), { ...mine(), range: 'bytes=1000-', 'if-range': etag });
    expect(rest.status).to.equal(206);
    expect(Buffer.concat([whole.subarray(0, 1_000), rest.body]).equals(whole)).to.equal(true);
    for (const other of ['"another"', `W/${etag}`, new Date().toUTCString()]) {
      const again = await ask(exported(), { ...mine(), range: 'bytes=1000-', 'if-range': other });
      expect([again.status, again.body.equals(whole)], other).to.deep.equal([200, true]);
    }
    const longer = await ask(`/recordings/gate/export.mp4?from=${begin}&to=${begin + 9_000}`, mine());
    expect(longer.headers.etag).to.not.equal(etag);
  });

  it('lie in the folder of recordings: no name leads out of it, to another camera, or to what is no recording', async () => {
    const up = '../'.repeat(9);
    const names = [
      '..%2f..%2f..%2fsecret.txt',
      '..%2F..%2F..%2F..%2Fsecret.txt',
      '%2e%2e%2f%2e%2e%2fsecret.txt',
      '..%252f..%252fsecret.txt',
      '..%5c..%5csecret.txt',
      `${up}secret.txt`,
      `${up}etc/passwd`,
      '%2fetc%2fpasswd',
      '/etc/passwd',
      'notes.txt',
      '0.notes.txt',
      `0.${stem()}.mp4%00`,
      `0.${stem()}%00.mp4`,
      `%00`,
      `..%2fvault%2f0.${stem()}.mp4`,
      `0%2f..%2f..%2fvault%2f0.${stem()}.mp4`,
      `...${stem()}.mp4`,
      // Links: a source that lies elsewhere, one that is another camera's, a file.
      `out.${stem()}.mp4`,
      `out.${stem()}.0.m4s`,
      `1.${stem()}.0.m4s`,
      `0.${fileNameAt(begin - 60_000)}`,
      // Well-formed, and not there.
      `0.${stem()}.99.m4s`,
      `0.${fileNameAt(begin - 120_000)}`,
      `nobody.${stem()}.mp4`,
    ];
    for (const wanted of names) {
      const { status, body } = await ask(`${signed}${wanted}`);
      expect(status, wanted).to.be.oneOf([400, 403, 404]);
      expect(body.toString('latin1'), wanted).to.not.contain('nobody').and.to.not.contain('root:');
      expect(body.indexOf('moof'), wanted).to.equal(-1);
    }
    // The signature is of this camera alone, and who may see one may not see the other.
    expect((await ask(`${signed.replace('/gate/', '/vault/')}0.${stem()}.mp4`)).status).to.equal(403);
    expect((await ask('/recordings/vault', mine())).status).to.equal(403);
    // What links lead to is not listed either, nor given out by another door.
    const told = JSON.parse((await ask(`/api/v1/recordings/gate?from=${begin - 90_000}`, mine())).body.toString());
    expect(told.ranges.map(({ source, from }: { source: string; from: number }) => [source, from])).to.deep.equal([
      ['0', begin],
    ]);
    const yard = JSON.parse((await ask(`/api/v1/recordings/yard?from=${begin - 90_000}`, mine())).body.toString());
    expect(yard.ranges).to.deep.equal([]);
    const gone = await ask(`/recordings/yard/export.mp4?from=${begin}&to=${begin + 5_000}`, mine());
    expect(gone.status).to.equal(404);
    for (const camera of ['..', '%2e%2e', '..%2f..', 'gate%2f..%2fvault', 'gate%00', 'GATE']) {
      const { status } = await ask(`/recordings/${camera}/export.mp4?from=${begin}&to=${begin + 5_000}`, mine());
      expect(status, camera).to.be.oneOf([400, 403, 404]);
    }
  });

  it('are no longer given once their address has run out, nor by one that is altered', async () => {
    const file = `0.${stem()}.0.m4s`;
    const [, , camera, session, expires, signature] = signed.split('/');
    expect((await ask(`${signed}${file}`)).status).to.equal(200);
    const gone = { camera: id('gate'), session: id(session as string), expires: Math.floor(Date.now() / 1_000) - 1 };
    const late = await ask(`/recordings/${gateway.services.hls.paths.sign(gone)}/${file}`);
    expect([late.status, JSON.parse(late.body.toString()).reason]).to.deep.equal([410, 'expired']);
    const longer = `/recordings/${camera}/${session}/${Number(expires) + 60}/${signature}/${file}`;
    const other = `/recordings/${camera}/${session}/${expires}/${[...(signature ?? '')].reverse().join('')}/${file}`;
    for (const altered of [longer, other]) expect((await ask(altered)).status).to.equal(403);
    // A right to the present is none to the past.
    expect((await ask(`${signed.replace('/recordings/', '/hls/')}playlist.m3u8`)).status).to.equal(403);
  });

  it('say which picture they hold: in the list, and in the playlist that players read first', async () => {
    const told = JSON.parse((await ask(`/api/v1/recordings/gate?from=${begin}`, mine())).body.toString());
    expect(told.ranges[0]).to.include({ source: '0', rung: 'source', width: 160, height: 90, sound: 'mp4a' });
    expect(told.ranges[0].codec).to.match(/^avc1\./);
    const master = await ask(`/recordings/gate/index.m3u8?from=${begin}&to=${begin + 16_000}`, mine());
    expect(master.body.toString()).to.match(/STREAM-INF:BANDWIDTH=\d+,RESOLUTION=160x90\n/);
  });
});

import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type net from 'node:net';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { type Running, until } from '../fixtures/process.ts';
import { listen, startSwitcher, type TestSwitcher } from '../fixtures/switcher.ts';

describe('the program path through relays that admit nobody without a token', function () {
  this.timeout(30_000);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  let keys: http.Server;
  let relay: TestMediamtx;
  let switcher: TestSwitcher;
  let camera: Running;
  let minted = 0;
  let signer = privateKey;

  const token = (action: string, path: string) => {
    minted += 1;
    const claims = { sub: 'switcher', mediamtx_permissions: [{ action, path }] };
    return jwt.sign(claims, signer, { algorithm: 'ES256', keyid: 'one', expiresIn: 60 });
  };
  const publishing = async () =>
    (await relay.api('GET', '/v3/rtspsessions/list')).items
      .filter((one: { path: string; state: string }) => one.path === 'cam_1' && one.state === 'publish')
      .map((one: { id: string }) => one.id);

  before(async () => {
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }] };
    keys = http.createServer((_request, response) => response.end(JSON.stringify(jwks)));
    await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
    const port = (keys.address() as net.AddressInfo).port;
    [relay, switcher] = await Promise.all([
      startMediamtx({
        authMethod: 'jwt',
        authJWTJWKS: `http://127.0.0.1:${port}/jwks.json`,
        authJWTExclude: [{ action: 'api' }, { action: 'metrics' }],
      }),
      startSwitcher(),
    ]);
    camera = startCamera(`${relay.rtsp('in/cam_1/0')}?token=${token('publish', 'in/cam_1/0')}`);
    await until('the camera', async () => (await relay.api('GET', '/v3/paths/get/in/cam_1/0')).available);
  });
  after(async () => {
    await camera.stop();
    await Promise.all([relay.close(), switcher.close()]);
    keys.close();
  });

  it('shows its tokens, takes fresh ones without disturbing the picture, and never tells them', async () => {
    const programs = switcher.gateway({
      sourceUrl: (id, source) => `${relay.rtsp(`in/${id}/${source}`)}?token=${token('read', `in/${id}/${source}`)}`,
      outputs: (id) => [{ relay: 'relay-1', url: `${relay.rtsp(id)}?token=${token('publish', id)}` }],
      refreshEveryMs: 100,
    });
    const ears = listen();
    const flowing = ears.next('source.flowing');
    programs.slot({ camera: 'cam_1', name: 'Gate', sources: ['0'], silentMs: 900 }, ears.report);
    await flowing;
    const [session] = await publishing();
    const before = minted;
    await until('fresh tokens', () => minted > before + 6);
    expect(await publishing()).to.deep.equal([session]);
    expect(ears.heard.map(({ event }) => event.type)).to.deep.equal(['source.flowing', 'program.switched']);

    // Tokens of a stranger, and a connection that has to be made anew: refused.
    signer = stranger;
    await until('the stranger’s tokens to be handed over', () => minted > before + 10);
    const lost = ears.next('program.lost');
    await relay.api('POST', `/v3/rtspsessions/kick/${session}`);
    await lost;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await publishing()).to.deep.equal([]);
    const restored = ears.next('program.restored', 15_000);
    signer = privateKey;
    await restored;
    expect(JSON.stringify(ears.heard)).to.not.match(/token|eyJ/);
    expect(switcher.process().output()).to.not.match(/token|eyJ/);
  });
});

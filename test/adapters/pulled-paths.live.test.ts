import { expect } from 'chai';
import { pullPaths } from '../../adapters/mediamtx/pulled-paths.ts';
import { relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { startCamera } from '../fixtures/camera.ts';
import { type Running, until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

describe('paths that a relay pulls from another one', function () {
  this.timeout(40_000);
  let keys: TokenKeys;
  let near: TestRelay;
  let far: TestRelay;
  let camera: Running;

  before(async () => {
    keys = await serveTokenKeys();
    [near, far] = await Promise.all([startRelay('delivery', keys), startRelay('delivery', keys)]);
    const picture = { fps: 15, gopSeconds: 1, bitrateBps: 300_000 };
    camera = startCamera(near.rtsp('north', token('publish')), picture);
    await until('the picture', async () => (await path(near)).available, 20_000);
  });
  after(async () => {
    await camera?.stop();
    await near?.close();
    await far?.close();
    keys?.close();
  });

  const token = (action: 'read' | 'publish') => keys.token('switcher', [{ action, path: 'north' }]);
  const path = async (relay: TestRelay) => {
    const found = (await relay.api.paths()).find(({ name }) => name === 'north');
    return { available: false, inboundBytes: 0, outboundBytes: 0, ...found };
  };
  const sourceOf = async () => (await far.api.pathConfigs()).find(({ name }) => name === 'north')?.source ?? '';

  it('carry nothing until somebody reads them; who does keeps the picture when there is another token', async () => {
    const paths = relayPaths(far.api, undefined, 100);
    const refused = (detail: string) => expect.fail(detail);
    const [first, second] = [
      token('read'),
      keys.token('switcher', [{ action: 'read', path: 'north' }, { action: 'api' }]),
    ];
    const pull = (pass: string) => pullPaths(paths, (name) => near.rtsp(name, pass), refused).set(['north']);
    pull(first);
    await until('the path', async () => (await sourceOf()).endsWith(first));
    const before = (await path(near)).outboundBytes;
    await until('the camera to have sent more', async () => (await path(near)).inboundBytes > 100_000);
    expect(await path(far)).to.include({ available: false, inboundBytes: 0 });
    expect((await path(near)).outboundBytes, 'nobody reads').to.equal(before);

    const reader = await readProgram(far.rtsp('north', token('read')));
    await until('pictures', () => reader.packets.length > 20);
    pull(second);
    await paths.restore();
    const pictures = reader.packets.length;
    await until('more pictures', () => reader.packets.length > pictures + 30);
    expect(reader.dropped()).to.equal(undefined);
    expect(reader.faults()).to.deep.equal([]);
    expect(await sourceOf(), 'it reads with the one that it has').to.match(new RegExp(`${first}$`));
    reader.close();
    await until('the other token, once nobody reads', async () => (await sourceOf()).endsWith(second), 20_000);
    const again = await readProgram(far.rtsp('north', token('read')));
    await until('pictures with it', () => again.packets.length > 5);
    again.close();
    paths.close();
  });
});

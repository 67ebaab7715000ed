import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { startCamera } from '../fixtures/camera.ts';
import { startEdge, type TestEdge } from '../fixtures/edge.ts';
import { freePort, type Running, until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { askRtsp, serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

const MASTER = '/hls/cam_001/ses_1/1795660902/c2lnbmF0dXJl/master.m3u8';
const CLIENTS = { hanoi: '127.0.0.1', hcm: '127.0.0.2' };

/** A server that says its name to whoever comes. */
interface Named {
  port: number;
  open(port?: number): Promise<void>;
  close(): Promise<void>;
}

function named(server: net.Server | http.Server): Named {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
  });
  const one: Named = {
    port: 0,
    async open(port = 0) {
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      one.port = (server.address() as AddressInfo).port;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return one;
}

const gateway = (name: string) => named(http.createServer((_request, response) => response.end(name)));
const relay = (name: string) => named(net.createServer((socket) => socket.end(name)));

/** A relay of a configuration that others run at this port. */
const listedRelay = (region: string, port: number) =>
  `  - { id: ${region}, region: ${region}, api: "http://127.0.0.1:9", whep: "http://127.0.0.1:9", rtsp: "rtsp://127.0.0.1:${port}" }\n`;

/** What an HLS player of this address is answered. */
const playlist = (url: string, localAddress: string) =>
  new Promise<string>((resolve, reject) => {
    const request = http.get(`${url}${MASTER}`, { localAddress, agent: false }, async (response) => {
      resolve(
        `${response.statusCode} ${await response
          .setEncoding('utf8')
          .toArray()
          .then((all) => all.join(''))}`,
      );
    });
    request.on('error', reject);
  });

/** What an RTSP client of this address is told. */
const stream = (port: number, localAddress: string) =>
  new Promise<string>((resolve, reject) => {
    let told = '';
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    socket.setEncoding('utf8').on('data', (text) => {
      told += text;
    });
    socket.on('close', () => resolve(told)).on('error', reject);
  });

describe('clients that no gateway placed, at an edge before two regions', function () {
  this.timeout(30_000);
  const gateways = { hanoi: gateway('hanoi'), hcm: gateway('hcm') };
  const relays = { hanoi: relay('hanoi'), hcm: relay('hcm') };
  let edge: TestEdge;
  let rtsp: number;

  before(async function () {
    // Elsewhere a loopback interface has one address.
    if (process.platform !== 'linux') this.skip();
    for (const one of [...Object.values(gateways), ...Object.values(relays)]) await one.open();
    rtsp = await freePort();
    const listed = Object.entries(relays).map(([region, { port }]) => listedRelay(region, port));
    const networks = `{ ${CLIENTS.hanoi}/32: hanoi, ${CLIENTS.hcm}/32: hcm }`;
    const yaml = `cameras: {}\nregions: { default: hcm, networks: ${networks} }\nrelays:\n${listed.join('')}`;
    const origins = Object.entries(gateways).map(([region, { port }]) => `127.0.0.1:${port}=1@${region}`);
    edge = await startEdge(origins, undefined, { yaml, more: ['--rtsp', `127.0.0.1:${rtsp}`] });
  });
  after(async () => {
    await edge?.close();
    for (const one of [...Object.values(gateways), ...Object.values(relays)]) await one.close();
  });

  const answers = async (): Promise<Record<string, string[]>> => {
    const asked = Object.entries(CLIENTS).map(async ([region, from]) => {
      const each = [await playlist(edge.url, from), await stream(rtsp, from), await playlist(edge.url, from)];
      return [region, [...each, await stream(rtsp, from)]] satisfies [string, string[]];
    });
    return Object.fromEntries(await Promise.all(asked));
  };
  const own = { hanoi: ['200 hanoi', 'hanoi', '200 hanoi', 'hanoi'], hcm: ['200 hcm', 'hcm', '200 hcm', 'hcm'] };

  it('reach the gateways and the relays of their own region', async () => {
    expect(await answers()).to.deep.equal(own);
  });

  it('are served by the other region at once while their own is gone, and by their own when it is back', async () => {
    const { hanoi } = gateways;
    const { hanoi: relayOfHanoi } = relays;
    await Promise.all([hanoi.close(), relayOfHanoi.close()]);
    expect(await answers()).to.deep.equal({ ...own, hanoi: own.hcm });
    await Promise.all([hanoi.open(hanoi.port), relayOfHanoi.open(relayOfHanoi.port)]);
    const isOwn = async () => JSON.stringify(await answers()) === JSON.stringify(own);
    await until('clients of the region to be served there again', isOwn, 15_000, 200);
  });
});

describe('an RTSP client at an edge before a real relay', function () {
  this.timeout(30_000);
  let keys: TokenKeys;
  let relay: TestRelay;
  let camera: Running;
  let edge: TestEdge;
  /** The address of the camera, with the edge's host and port in place of the relay's. */
  let address: (token: string) => string;

  before(async () => {
    keys = await serveTokenKeys();
    relay = await startRelay('delivery', keys);
    camera = startCamera(relay.rtsp('cam_001', keys.token('switcher', [{ action: 'publish', path: 'cam_001' }])));
    await until('the program to be there', async () => (await relay.api.paths()).some((path) => path.available));
    const port = await freePort();
    const yaml = `cameras: {}\nrelays:\n${listedRelay('hcm', relay.place.rtsp)}`;
    edge = await startEdge(['127.0.0.1:9'], undefined, { yaml, more: ['--rtsp', `127.0.0.1:${port}`] });
    address = (token) => relay.rtsp('cam_001', token).replace(`:${relay.place.rtsp}/`, `:${port}/`);
  });
  after(async () => {
    await edge?.close();
    await camera?.stop();
    await relay?.close();
    keys?.close();
  });

  it('sees the camera that its token opens, and no other', async () => {
    const reader = await readProgram(address(keys.token('viewer_1', [{ action: 'read', path: 'cam_001' }])));
    await until('pictures', () => reader.packets.length > 20);
    reader.close();
    const other = address(keys.token('viewer_1', [{ action: 'read', path: 'cam_002' }]));
    expect(await askRtsp('DESCRIBE', other)).to.equal(401);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openSwitcherPool, type SwitcherPool, switchersIn } from '../../../adapters/switch.rtp/pool.ts';
import { openSwitcherPools } from '../../../adapters/switch.rtp/pools.ts';
import type { CarryOrder, Told } from '../../../adapters/switch.rtp/talk.ts';
import { type LinkMessage, type Peer, serveLink } from '../../../bus/carriers/link.ts';
import { until } from '../../fixtures/process.ts';

const order = (camera: string) => (): CarryOrder => ({
  type: 'carry',
  epoch: 1,
  camera,
  name: camera,
  sources: [{ id: '0', url: 'rtsp://127.0.0.1:1/in' }],
  outputs: [],
  active: { source: '0', how: 'at-once', run: 0 },
  armed: [],
  silent_ms: 900,
  keyframes: false,
});

describe('spreading cameras over switchers', () => {
  let folder: string;
  const closers: (() => void)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-pool-'));
  });
  afterEach(() => {
    for (const close of closers.splice(0)) close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The link's end of a switcher, which says that it carries these cameras and notes its orders. */
  const switcher = async (number: number, cameras: string[], refuse = false) => {
    const orders: string[] = [];
    const peers = new Set<Peer>();
    const server = await serveLink(path.join(folder, `switcher-${number}.sock`), {
      up(peer) {
        peers.add(peer);
        peer.send({ type: 'hello', switcher: `switcher-${number}`, cameras });
      },
      hear(message: LinkMessage, _payload, peer) {
        orders.push(`${message.type} ${message.camera}`);
        if (refuse) peer.send({ type: 'refused', camera: message.camera, reason: 'full', text: 'full' });
      },
    });
    closers.push(() => server.close());
    return { orders, close: () => server.close() };
  };

  const pool = () => {
    const heard: string[] = [];
    const asked: number[] = [];
    const opened: SwitcherPool = openSwitcherPool({
      host: { ...switchersIn(folder), ensureSwitchers: (count) => asked.push(count) },
      told: (camera, message: Told) => heard.push(`${camera} ${message.type}`),
      rates() {},
      delay() {},
      away: (camera, name) => heard.push(`${camera} away from ${name}`),
    });
    closers.push(() => opened.close());
    return { ...opened, heard, asked };
  };

  it('leaves each camera where it is carried already', async () => {
    const [one, two] = [await switcher(1, []), await switcher(2, ['cam_2'])];
    const { keep } = pool();
    for (const camera of ['cam_1', 'cam_2', 'cam_3']) keep(camera, order(camera));
    await until('all orders', () => one.orders.length + two.orders.length === 3);
    expect(two.orders).to.include('carry cam_2');
    expect(one.orders).to.include('carry cam_1');
  });

  it('asks for another switcher when all are full', async () => {
    const one = await switcher(1, []);
    const { keep, asked } = pool();
    for (let index = 0; index < 21; index += 1) keep(`cam_${index}`, order(`cam_${index}`));
    await until('the question', () => asked.at(-1) === 2);
    await until('the first twenty', () => one.orders.length === 20);
    const two = await switcher(2, []);
    await until('the last camera to find its place', () => two.orders.length === 1);
    expect(two.orders).to.deep.equal(['carry cam_20']);
  });

  it('asks at once for as many switchers as two hundred cameras need', async () => {
    await switcher(1, []);
    const { keep, asked } = pool();
    for (let index = 0; index < 200; index += 1) keep(`cam_${index}`, order(`cam_${index}`));
    await until('the question', () => asked.at(-1) === 10);
  });

  it('goes elsewhere when a switcher says that it is full', async () => {
    const [, two] = [await switcher(1, [], true), await switcher(2, ['other_1', 'other_2'])];
    const { keep } = pool();
    keep('cam_1', order('cam_1'));
    await until('the other one', () => two.orders.length === 1);
  });

  it('orders everything again when a switcher comes back, and nothing when it lets go', async () => {
    const one = await switcher(1, []);
    const { keep, forget, heard } = pool();
    keep('cam_1', order('cam_1'));
    keep('cam_2', order('cam_2'));
    await until('both orders', () => one.orders.length === 2);
    forget('cam_2');
    one.close();
    await until('the loss', () => heard.includes('cam_1 away from switcher-1'));
    const again = await switcher(1, []);
    await until('the order', () => again.orders.length === 1);
    forget('cam_1', { type: 'drop', epoch: 1, camera: 'cam_1' });
    await until('the drop', () => again.orders.length === 2);
    expect(again.orders).to.deep.equal(['carry cam_1', 'drop cam_1']);
    expect(heard).to.deep.equal(['cam_1 away from switcher-1']);
  });
});

describe('the switchers of several hosts', () => {
  const closers: (() => void)[] = [];
  const folders: string[] = [];
  afterEach(() => {
    for (const close of closers.splice(0).reverse()) close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  /** A host with one switcher, which notes its orders; it can be cut off and come back. */
  const host = async (name: string, cameras: string[]) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-pools-'));
    folders.push(folder);
    const orders: string[] = [];
    const start = () =>
      serveLink(path.join(folder, 'switcher-1.sock'), {
        up: (peer) => peer.send({ type: 'hello', switcher: 'switcher-1', cameras }),
        hear: (message: LinkMessage) => void orders.push(`${message.type} ${message.camera} ${message.epoch}`),
      });
    let server = await start();
    closers.push(() => server.close());
    return {
      ...{ name, orders, ...switchersIn(folder), ensureSwitchers() {} },
      cutOff: () => server.close(),
      async comeBack() {
        server = await start();
      },
    };
  };

  it('carry a camera at one host at a time, and end its program at one that was cut off meanwhile', async () => {
    const [a, b] = [await host('a', ['cam_1']), await host('b', [])];
    let at = 'a';
    const away: string[] = [];
    const pools = openSwitcherPools({
      ...{ hosts: [a, b], hostOf: () => at, told() {}, rates() {}, delay() {} },
      drop: (camera) => ({ type: 'drop', epoch: 2, camera }),
      away: (_camera, switcher) => void away.push(switcher),
    });
    closers.push(() => pools.close());
    pools.keep('cam_1', order('cam_1'));
    await until('the first order', () => a.orders.length > 0);
    expect([a.orders, b.orders]).to.deep.equal([['carry cam_1 1'], []]);
    a.cutOff();
    await until('the loss', () => away.length > 0);
    at = 'b';
    pools.renew('cam_1');
    await until('the order elsewhere', () => b.orders.length > 0);
    expect(b.orders).to.deep.equal(['carry cam_1 1']);
    // It comes back and says that it carries the camera still.
    await a.comeBack();
    await until('its program to be ended there', () => a.orders.includes('drop cam_1 2'));
    expect(b.orders, 'and nothing else changes').to.deep.equal(['carry cam_1 1']);
  });
});

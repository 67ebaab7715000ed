import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { serveDoor, throughDoor } from '../../bus/carriers/door.ts';
import { openLink, serveLink } from '../../bus/carriers/link.ts';
import { freePort, until } from '../fixtures/process.ts';

describe('the door of a host', () => {
  let folder: string;
  const closers: (() => void)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-door-'));
  });
  afterEach(() => {
    for (const close of closers.splice(0).reverse()) close();
    rmSync(folder, { recursive: true, force: true });
  });

  const SECRET = 's'.repeat(44);
  /** A host with one socket that says everything back. */
  const host = async () => {
    const place = { address: '127.0.0.1', port: await freePort() };
    const echo = await serveLink(path.join(folder, 'switcher-1.sock'), {
      hear: (message, payload, peer) => peer.send(message, payload),
    });
    const door = await serveDoor(place, folder, SECRET);
    closers.push(echo.close, door.close);
    return { place, echo, door };
  };
  const visit = (place: { address: string; port: number }, name = 'switcher-1.sock', secret = SECRET) => {
    const heard: string[] = [];
    const link = openLink(throughDoor(place, name, secret), {
      hear: (message, payload) => void heard.push(`${message.type} ${payload?.length ?? 0}`),
    });
    closers.push(link.close);
    return { link, heard };
  };

  it('leads a gateway of another host to a switcher, with pictures and all', async () => {
    const { place } = await host();
    const { link, heard } = visit(place);
    await until('the link', () => link.isUp());
    link.send({ type: 'keyframe' }, new Uint8Array(300_000));
    await until('the answer', () => heard.length > 0);
    expect(heard).to.deep.equal(['keyframe 300000']);
  });

  it('lets nobody in without the key, and to nothing but the sockets of its folder', async () => {
    const { place } = await host();
    const stranger = visit(place, 'switcher-1.sock', 'x'.repeat(44));
    const climber = visit(place, '../switcher-1.sock');
    const good = visit(place);
    await until('the one with the key', () => good.link.isUp());
    climber.link.send({ type: 'hello' });
    good.link.send({ type: 'hello' });
    await until('an answer', () => good.heard.length > 0);
    expect(stranger.link.isUp()).to.equal(false);
    expect([...stranger.heard, ...climber.heard]).to.deep.equal([]);
    const plain = net.connect(place.port, place.address);
    closers.push(() => plain.destroy());
    plain.on('error', () => {});
    const closed = new Promise<void>((resolve) => void plain.once('close', () => resolve()));
    plain.write('switcher-1.sock\n');
    await closed;
  });

  it('is found again when its host comes back', async () => {
    const { place, door } = await host();
    const { link } = visit(place);
    await until('the link', () => link.isUp());
    door.close();
    await until('the loss', () => !link.isUp());
    closers.push((await serveDoor(place, folder, SECRET)).close);
    await until('the link again', () => link.isUp());
  });

  it('counts a host as gone from which no sign of life comes, though its connections stand', async () => {
    // A cut network closes nothing: here, one that takes everything in and passes nothing on.
    const { place } = await host();
    let cut = false;
    const between = net.createServer((near) => {
      const far = net.connect(place.port, place.address);
      near.on('data', (chunk) => !cut && far.write(chunk)).on('error', () => far.destroy());
      far.on('data', (chunk) => !cut && near.write(chunk)).on('error', () => near.destroy());
      near.on('close', () => far.destroy());
    });
    const port = await freePort();
    await new Promise<void>((resolve) => void between.listen(port, '127.0.0.1', () => resolve()));
    closers.push(() => between.close());
    const { link } = visit({ address: '127.0.0.1', port });
    await until('the link', () => link.isUp());
    cut = true;
    await until('the loss', () => !link.isUp(), 5_000);
    cut = false;
    await until('the link again', () => link.isUp(), 5_000);
  });
});

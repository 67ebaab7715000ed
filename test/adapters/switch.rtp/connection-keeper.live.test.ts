import net from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { type ConnectionKeeper, keepConnections } from '../../../adapters/switch.rtp/connection-keeper.ts';
import { freePort, type Running, run, until } from '../../fixtures/process.ts';

const MODULE = path.resolve('adapters/switch.rtp/kept-connections.ts');
/** What both processes of a switcher publish, as far as it matters here. */
const TRACKS = `[{ media: 'video', encoding: 'H264', payloadType: 96, clockRate: 90000, control: '' }]`;

/** A relay that only listens: what came on each connection, and whether it is still there. */
async function startListener() {
  const connections: { text: string; ended: boolean }[] = [];
  const server = net.createServer((socket) => {
    const connection = { text: '', ended: false };
    connections.push(connection);
    socket.on('error', () => {}).on('close', () => Object.assign(connection, { ended: true }));
    socket.on('data', (chunk) => {
      connection.text += chunk;
      socket.write(`heard ${chunk}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as net.AddressInfo).port, connections, close: () => server.close() };
}

describe('what a switcher publishes on', function () {
  this.timeout(30_000);
  const keeper: ConnectionKeeper = keepConnections();
  const running: Running[] = [];
  after(async () => {
    keeper.close();
    await Promise.all(running.map((one) => one.stop()));
  });

  /** A process with such a parent, which does what the script says with `kept`. */
  const start = (script: string, serve = keeper.serve): Running => {
    const text = `const { keptConnections } = await import('${MODULE}');
      const kept = await keptConnections();
      const tracks = ${TRACKS};
      const say = (socket) => socket.on('data', (chunk) => console.log(String(chunk)));
      ${script}`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', text];
    const one = run(process.execPath as `/${string}`, args, { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
    running.push(one);
    serve(one.child);
    return one;
  };

  it('is open when it is killed, and the next one goes on with it; what nobody could go on with ends', async () => {
    const relay = await startListener();
    const first = start(`
      for (const name of ['one', 'two']) {
        const socket = await kept.dial('127.0.0.1', ${relay.port}, 5000);
        say(socket).write(name);
        if (name === 'one') kept.note(socket, { address: 'rtsp://relay/cam', session: '7', tracks });
      }`);
    await until('both to be answered', () => /heard one/.test(first.output()) && /heard two/.test(first.output()));
    await first.stop('SIGKILL');
    await until('the second to end', () => relay.connections[1]?.ended);
    const second = start(`
      const { socket, session } = kept.take('rtsp://relay/cam?token=another', tracks);
      say(socket).write(' and ' + session);
      console.log('left', kept.left().length);`);
    await until('it to be answered on', () => second.output().includes('heard  and 7'));
    expect(second.output()).to.include('left 0');
    expect(relay.connections).to.deep.equal([
      { text: 'one and 7', ended: false },
      { text: 'two', ended: true },
    ]);
    keeper.close();
    await second.stop('SIGKILL');
    await until('the first to end where no other process is to come', () => relay.connections[0]?.ended);
    relay.close();
  });

  it('ends when it lets go of it, or goes on with other tracks', async () => {
    const relay = await startListener();
    const first = start(`
      for (const name of ['one', 'two']) {
        const socket = await kept.dial('127.0.0.1', ${relay.port}, 5000);
        kept.note(say(socket), { address: 'rtsp://relay/' + name, session: '7', tracks });
        socket.write(name);
        if (name === 'two') socket.on('data', () => socket.destroy());
      }`);
    await until('the one that it let go of to end', () =>
      relay.connections.some(({ text, ended }) => text === 'two' && ended),
    );
    await first.stop('SIGKILL');
    const second = start(`console.log('taken', kept.take('rtsp://relay/one', [{ ...tracks[0], encoding: 'H265' }]));`);
    await until('the other to end as well', () => relay.connections.every(({ ended }) => ended));
    await until('nothing to be taken', () => second.output().includes('taken undefined'));
    relay.close();
  });

  it('is opened without its parent where that hangs', async () => {
    const one = start(
      `await kept.dial('127.0.0.1', 1, 50).catch(({ message }) => console.log(message));
      console.log('by itself:', kept.dial('127.0.0.1', 1, 50));`,
      (child) => void child.send({ type: 'that-is-all' }),
    );
    await until('it to go on', () => one.output().includes('by itself: undefined'));
    expect(one.output()).to.include('the launcher, which opens connections, does not answer');
  });

  it('says why a relay could not be reached', async () => {
    const port = await freePort();
    const one = start(
      `await kept.dial('127.0.0.1', ${port}, 5000).catch(({ code, message }) => console.log(code, message));`,
    );
    await until('a reason', () => one.output().includes('refused nothing listens there'));
  });
});

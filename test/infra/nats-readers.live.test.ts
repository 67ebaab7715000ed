import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { expect } from 'chai';
import { build } from 'esbuild';
import { connect, type NatsConnection } from 'nats';
import type { Browser, Page } from 'playwright-core';
import { id } from '../../bus/identity.ts';
import {
  askSubject,
  EVERY_FACT,
  FACT_STREAM,
  factSubject,
  factsOf,
  inboxOf,
  journalSubject,
} from '../../bus/subjects.ts';
import { natsProgram } from '../../infra/launcher/servers.ts';
import { type StateFolder, takeStateFolder } from '../../infra/launcher/state-folder.ts';
import { makeAuthority } from '../fixtures/certificates.ts';
import { openPage, startChromium } from '../fixtures/chromium.ts';
import { command } from '../fixtures/command-line.ts';
import { makeState } from '../fixtures/launcher/start.ts';
import { startNats } from '../fixtures/nats.ts';
import { freePort, type Running, run, until } from '../fixtures/process.ts';

const gate = { kind: 'camera', id: id('cam_001') } as const;
const other = { kind: 'camera', id: id('cam_002') } as const;

/** What a server refused to a connection. */
function refusalsOf(connection: NatsConnection): string[] {
  const faults: string[] = [];
  void (async () => {
    for await (const status of connection.status()) if (status.type === 'error') faults.push(String(status.error));
  })();
  return faults;
}

describe('programs that hear facts over NATS', function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof makeState>;
  let state: StateFolder;
  let server: Running;
  let gateway: NatsConnection;
  let board: NatsConnection;
  let websocket: { host: string; port: number; origins: string[] };
  let servers: string;

  /** A page of a site that may open it; by its other name it is a site that may not. */
  let site: http.Server;
  const originOf = (host: string) => `http://${host}:${(site.address() as AddressInfo).port}`;

  let browser: Browser;
  let client: string;

  const secret = (name: string, of = state) => of.secret(`nats-reader-${name}`).value;
  const loginOf = (user: string, server: string, of: StateFolder) => ({
    ...{ servers: server, inboxPrefix: inboxOf(user), reconnect: false },
    ...{ user, pass: secret(user, of) },
  });
  /** A page of a site, with a NATS client in it. @param trusts whether it takes any certificate */
  const openAt = async (host: string, trusts = false): Promise<Page> => {
    const { page } = await openPage(browser, undefined, { ignoreHTTPSErrors: trusts });
    await page.goto(originOf(host));
    await page.addScriptTag({ content: client });
    return page;
  };
  before(async () => {
    const bundled = await build({
      stdin: { contents: `export { wsconnect } from '@nats-io/nats-core';`, resolveDir: import.meta.dirname },
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'Nats',
      platform: 'browser',
      logLevel: 'silent',
    });
    client = bundled.outputFiles[0]?.text ?? '';
    browser = await startChromium();
    folder = makeState();
    state = takeStateFolder(folder.path);
    const port = await freePort();
    site = http.createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<title>a'));
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    websocket = { host: '127.0.0.1', port: await freePort(), origins: [originOf('127.0.0.1')] };
    const readers = { wall: {}, board: { cameras: [gate.id] } };
    const program = natsProgram({ port, websocket, readers }, state, process.env);
    server = run(program.file as `/${string}`, program.args, { env: program.env });
    await until('nats-server', program.ready);
    servers = `127.0.0.1:${port}`;
    gateway = await connect({ servers, user: 'gateway', pass: state.secret('nats-gateway').value });
    board = await connect({ servers, user: 'board', pass: secret('board'), inboxPrefix: inboxOf('board') });
    const manager = await jetstreamManager(gateway);
    await manager.streams.add({ name: FACT_STREAM, subjects: [EVERY_FACT], allow_direct: true });
    await manager.streams.add({ name: 'KV_signalbox_test', subjects: ['$KV.signalbox_test.>'], allow_direct: true });
    for (const at of [gate, other]) await jetstream(gateway).publish(factSubject(at, 'live'), at.id);
  });
  after(async () => {
    await gateway?.close();
    await board?.close();
    await browser?.close();
    await server?.stop();
    site?.close();
    state.release();
    folder.close();
  });

  it('hear the facts of their cameras', async () => {
    const heard: string[] = [];
    board.subscribe(factsOf(gate), { callback: (_error, message) => void heard.push(message.string()) });
    await board.flush();
    await jetstream(gateway).publish(factSubject(other, 'stalled'), 'of the other');
    await jetstream(gateway).publish(factSubject(gate, 'stalled'), 'of theirs');
    await until('the fact', () => heard.length > 0);
    expect(heard).to.deep.equal(['of theirs']);
  });

  it('are refused the facts of others, journals, leases, to tell, to ask and to make a consumer', async () => {
    const faults = refusalsOf(board);
    const said: string[] = [];
    gateway.subscribe('>', { callback: (_error, message) => void said.push(message.subject) });
    await gateway.flush();
    const hidden = [EVERY_FACT, factsOf(other), journalSubject(gate), '$KV.>', '_INBOX.>', '>'];
    for (const subject of hidden) board.subscribe(subject, { callback() {} });
    const forbidden = [
      factSubject(gate, 'live'),
      askSubject(gate, 'view'),
      journalSubject(gate),
      '$KV.signalbox_test.key',
      `$JS.API.DIRECT.GET.${FACT_STREAM}.${factSubject(other, 'live')}`,
      `$JS.API.DIRECT.GET.KV_signalbox_test.$KV.signalbox_test.key`,
      `$JS.API.CONSUMER.CREATE.${FACT_STREAM}.spy.${EVERY_FACT}`,
      `$JS.API.STREAM.MSG.GET.${FACT_STREAM}`,
      `$JS.API.DIRECT.GET.${FACT_STREAM}.${factSubject(gate, 'live')}`,
    ];
    for (const subject of forbidden) board.publish(subject, '{}');
    await board.flush();
    await until('a refusal of each', () => faults.length >= hidden.length + forbidden.length);
    expect(said.filter((subject) => forbidden.includes(subject))).to.deep.equal([]);
  });

  it('can’t have the server write where they may not: whoever asks it names where the answer goes', async () => {
    const wall = await connect({ servers, user: 'wall', pass: secret('wall'), inboxPrefix: inboxOf('wall') });
    const manager = await jetstreamManager(gateway);
    const places = [journalSubject(other), factSubject(other, 'live')];
    const before = (await manager.streams.info(FACT_STREAM)).state.last_seq;
    const said: string[] = [];
    const listening = gateway.subscribe('>', { callback: (_error, message) => void said.push(message.subject) });
    await gateway.flush();
    for (const reader of [board, wall]) {
      const faults = refusalsOf(reader);
      for (const place of places) {
        reader.publish(`$JS.API.DIRECT.GET.${FACT_STREAM}.${factSubject(gate, 'live')}`, '', { reply: place });
        const config = { deliver_subject: place, deliver_policy: 'all', ack_policy: 'none' };
        reader.publish(`$JS.API.CONSUMER.CREATE.${FACT_STREAM}`, JSON.stringify({ stream_name: FACT_STREAM, config }));
      }
      await reader.flush();
      await until('a refusal of each', () => faults.length >= 2 * places.length);
    }
    await gateway.flush();
    expect(said.filter((subject) => places.includes(subject))).to.deep.equal([]);
    const { state: after } = await manager.streams.info(FACT_STREAM);
    expect([after.last_seq, after.consumer_count]).to.deep.equal([before, 0]);
    listening.unsubscribe();
    await wall.close();
  });

  it('come from a browser over WebSocket, as a dashboard does', async () => {
    const page = await openAt('127.0.0.1');
    const login = loginOf('wall', `ws://127.0.0.1:${websocket.port}`, state);
    await page.evaluate(listenIn(login, EVERY_FACT));
    await jetstream(gateway).publish(factSubject(other, 'live'), 'over WebSocket');
    await until('the fact in the browser', async () => (await heardIn(page)).includes('over WebSocket'));
    const stranger = await page.evaluate(listenIn({ ...login, pass: 'guessed' }, EVERY_FACT)).catch(String);
    expect(stranger).to.match(/authorization/i);
    const elsewhere = await (await openAt('localhost')).evaluate(listenIn(login, EVERY_FACT)).catch(String);
    expect(elsewhere).to.match(/connection refused/i);
  });

  it('come over TLS where there is a certificate, which the browser checks, and in no other way', async () => {
    const authority = makeAuthority();
    const own = makeState();
    const room = takeStateFolder(own.path);
    const [port, safePort] = [await freePort(), await freePort()];
    const safe = { ...websocket, port: safePort, tls: authority };
    const program = natsProgram({ port, websocket: safe, readers: { wall: {} } }, room, process.env);
    const running = run(program.file as `/${string}`, program.args, { env: program.env });
    try {
      await until('nats-server', program.ready);
      const pass = room.secret('nats-gateway').value;
      const teller = await connect({ servers: `127.0.0.1:${port}`, user: 'gateway', pass });
      const login = loginOf('wall', `wss://127.0.0.1:${safePort}`, room);
      const [trusting, wary] = [await openAt('127.0.0.1', true), await openAt('127.0.0.1')];
      await trusting.evaluate(listenIn(login, EVERY_FACT));
      teller.publish(factSubject(gate, 'live'), 'over TLS');
      await until('the fact in the browser', async () => (await heardIn(trusting)).includes('over TLS'));
      const unknown = await wary.evaluate(listenIn(login, EVERY_FACT)).catch(String);
      expect(unknown, 'an authority that the browser does not know').to.match(/connection refused/i);
      const plain = { ...login, servers: `ws://127.0.0.1:${safePort}` };
      expect(await trusting.evaluate(listenIn(plain, EVERY_FACT)).catch(String)).to.match(/connection refused/i);
      await teller.close();
    } finally {
      await running.stop();
      room.release();
      own.close();
      authority.close();
    }
  });

  it('are written as users of a NATS of your own, which lets the gateways in too', async () => {
    const file = path.join(folder.path, 'accounts.conf');
    const yaml = path.join(folder.path, 'signalbox.yaml');
    writeFileSync(path.join(folder.path, 'gateway.pass'), 'of the gateways\n');
    const readers = '{ board: { cameras: [cam_001] }, hall: { zones: [hcm/*] }, empty: { zones: [hanoi] } }';
    const cameras = "{ cam_002: { zone: hcm/hall, sources: ['rtsp://127.0.0.1:9/a'] } }";
    writeFileSync(
      yaml,
      `nats: { servers: ['nats://127.0.0.1:4222'], user: signalbox, password_file: gateway.pass, readers: ${readers} }\ncameras: ${cameras}\n`,
    );
    const argv = ['nats', 'accounts', '--config', yaml, '--out', file, '--state', folder.path];
    const { code, out, err } = await command(argv, { env: process.env });
    expect([code, err]).to.deep.equal([0, '']);
    expect(out)
      .to.contain('nats-server takes it')
      .and.to.contain('_INBOX_board')
      .and.contain('hcm/*: cam_002 at present')
      .and.not.to.contain(secret('board'));
    const own = await startNats(`include ${JSON.stringify(path.join('..', path.relative(tmpdir(), file)))}`);
    try {
      const ours = await connect({ servers: own.url, user: 'signalbox', pass: 'of the gateways' });
      const reader = await connect({
        servers: own.url,
        user: 'board',
        pass: secret('board'),
        inboxPrefix: inboxOf('board'),
      });
      const heard: string[] = [];
      reader.subscribe(factsOf(gate), { callback: (_error, message) => void heard.push(message.string()) });
      await reader.flush();
      ours.publish(factSubject(gate, 'live'), 'heard');
      await until('the fact', () => heard.includes('heard'));
      const faults = refusalsOf(reader);
      reader.publish(factSubject(gate, 'live'), 'forged');
      await reader.flush();
      await until('the refusal', () => faults.length > 0);
      await Promise.all([ours.close(), reader.close()]);
    } finally {
      await own.close();
    }
  });
});

/** Connects within a page, and keeps what is heard there. */
const listenIn = (login: object, subject: string): string => `(async () => {
  const connection = await Nats.wsconnect(${JSON.stringify(login)});
  globalThis.heard = [];
  connection.subscribe(${JSON.stringify(subject)}, { callback: (_error, message) => globalThis.heard.push(message.string()) });
  await connection.flush();
})()`;
const heardIn = (page: Page): Promise<string[]> => page.evaluate('heard') as Promise<string[]>;

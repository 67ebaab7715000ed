import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

describe('http: over real sockets', () => {
  let gateway: FakeGateway;
  let port: number;
  const vera = { sub: 'vera', cameras: ['cam_001'] };
  const anna = { sub: 'anna', role: 'admin' as const };

  before(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await gateway.server.listen({ host: '127.0.0.1', port: 0 });
    ({ port } = gateway.server.server.address() as AddressInfo);
  });
  after(() => gateway.close());
  afterEach(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).to.equal(200);
  });

  /** What comes back for bytes that may be no HTTP at all. */
  const raw = async (bytes: string): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => {
      heard += String(chunk);
    });
    socket.on('error', () => {});
    socket.write(bytes);
    await Promise.race([once(socket, 'close'), once(socket, 'end')]);
    socket.destroy();
    return heard;
  };

  it('answers what is no HTTP with an error that programs can read', async () => {
    for (const bytes of [
      'hello\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET /\x00 HTTP/1.1\r\nhost: localhost\r\n\r\n',
    ]) {
      const answer = await raw(bytes);
      expect(answer, JSON.stringify(bytes)).to.match(/^HTTP\/1\.1 400 /);
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).to.have.keys(['error', 'reason']);
    }
    expect(await raw(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)).to.match(
      /^HTTP\/1\.1 431 /,
    );
    const smuggled =
      'POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n';
    expect(await raw(smuggled))
      .to.match(/^HTTP\/1\.1 400 /)
      .and.not.contain('signalbox_');
  });

  it('refuses sockets of pages elsewhere before they are sockets', async () => {
    for (const route of ['/webrtc/cam_001', '/api/v1/events']) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${route}`, {
        origin: 'https://evil.example.com',
        headers: gateway.bearer(anna),
      });
      const [error] = await once(socket, 'error');
      expect((error as Error).message).to.equal('Unexpected server response: 403');
    }
    const upgrade = http.request({
      host: '127.0.0.1',
      port,
      path: '/webrtc/..%2f',
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    });
    upgrade.on('error', () => {});
    upgrade.end();
    await Promise.race([once(upgrade, 'response'), once(upgrade, 'close')]);
    upgrade.destroy();
  });

  it('speaks the subprotocol, and ends the session within a moment of its revocation', async () => {
    const granted = (await (
      await fetch(`http://127.0.0.1:${port}/live/cam_001/webrtc`, { headers: gateway.bearer(vera) })
    ).json()) as Record<string, string>;
    expect(granted.webrtc_url).to.equal(`ws://127.0.0.1:${port}/webrtc/cam_001`);
    const socket = new WebSocket(granted.webrtc_url ?? '', 'signalbox.v1', { origin: `http://127.0.0.1:${port}` });
    const heard: { type: string; reason?: string }[] = [];
    socket.on('message', (data) => heard.push(JSON.parse(String(data))));
    await once(socket, 'open');
    expect(socket.protocol).to.equal('signalbox.v1');
    socket.send(JSON.stringify({ type: 'hello', stream_token: granted.stream_token, leg: 'a' }));
    await until('welcome', () => heard.some((one) => one.type === 'welcome'));
    const revokedAt = performance.now();
    await fetch(`http://127.0.0.1:${port}/api/v1/revocations`, {
      method: 'POST',
      headers: { ...gateway.bearer(anna), 'content-type': 'application/json' },
      body: '{"sub":"vera"}',
    });
    await until('the end', () => heard.some((one) => one.type === 'end' && one.reason === 'revoked'));
    expect(performance.now() - revokedAt).to.be.lessThan(2_000);
    await once(socket, 'close');
  });

  it('streams events, resumes after the last one seen, and lets go when the reader goes', async () => {
    const at = { kind: 'camera' as const, id: id('cam_001') };
    /** Reads until a fact came whose type ends like this; its id. */
    const read = async (ending: string, after?: string): Promise<string> => {
      const headers = { ...gateway.bearer(anna), ...(after ? { 'last-event-id': after } : {}) };
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/events?types=camera`, { headers });
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        const found = text.split('\n\n').find((block) => block.includes(`"type":"signalbox.camera.${ending}"`));
        if (!found) continue;
        return /^id: (\d+)$/m.exec(found)?.[1] ?? '';
      }
      throw new Error('the stream ended');
    };
    const first = read('stalled');
    const soon = setInterval(
      () => void gateway.house.roster.offer(at, { type: 'source.silent', source: '0', silent_ms: 900 }),
      50,
    );
    const seen = await first;
    clearInterval(soon);
    await gateway.house.roster.offer(at, flows());
    await gateway.house.roster.offer(at, feeds());
    expect(Number(await read('live', seen))).to.be.greaterThan(Number(seen));
  });
});

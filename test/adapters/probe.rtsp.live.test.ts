import net from 'node:net';
import { expect } from 'chai';
import { createRtspProbe } from '../../adapters/probe.rtsp.ts';
import type { ProbeInput, ProbeReport } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { freePort, type Running, until } from '../fixtures/process.ts';

const USER = { username: 'operator', password: 'correct[horse]' };

describe('knocking at a camera', function () {
  this.timeout(20_000);
  let open: TestMediamtx;
  let basic: TestMediamtx;
  let digest: TestMediamtx;
  const cameras: Running[] = [];
  const secrets = new Map([
    ['good', USER],
    ['bad', { ...USER, password: 'wrong' }],
  ]);
  const probe = createRtspProbe({ credential: (ref) => secrets.get(ref) });

  before(async () => {
    const guarded = (method: string) => ({
      rtspAuthMethods: [method],
      authInternalUsers: [
        { user: 'any', permissions: [{ action: 'publish' }, { action: 'api' }] },
        { user: USER.username, pass: USER.password, permissions: [{ action: 'read' }] },
      ],
    });
    [open, basic, digest] = await Promise.all([
      startMediamtx(),
      startMediamtx(guarded('basic')),
      startMediamtx(guarded('digest')),
    ]);
    for (const server of [open, basic, digest]) {
      cameras.push(startCamera(server.rtsp('live'), { audio: 'aac' }));
      await until('a camera', async () => (await server.api('GET', '/v3/paths/get/live')).available);
    }
  });
  after(async () => {
    await Promise.all(cameras.map((camera) => camera.stop()));
    await Promise.all([open, basic, digest].map((server) => server.close()));
  });

  const held: { release(): void }[] = [];
  afterEach(() => {
    for (const one of held.splice(0)) one.release();
  });

  /** Everything that a probe of this address reports, as it comes. */
  const knock = (input: Pick<ProbeInput, 'url'> & Partial<ProbeInput>, slot = probe) => {
    const reports: ProbeReport[] = [];
    const defaults = { source: '0', everyMs: 50, unauthorizedEveryMs: 60_000, firstAfterMs: 0 };
    held.push(slot({ ...defaults, ...input }, (event) => reports.push(event)));
    return reports;
  };
  const first = async (input: Pick<ProbeInput, 'url'> & Partial<ProbeInput>, slot = probe) => {
    const reports = knock(input, slot);
    const report = await until('a report', () => reports[0], 5_000, 5);
    return report.type === 'probe.failed' ? report.reason : report.tracks.map(({ codec }) => codec).join(' ');
  };
  /** A TCP server that treats every caller alike. */
  const serve = async (greet: (socket: net.Socket) => void) => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      greet(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    held.push({
      release() {
        server.close();
        for (const socket of sockets) socket.destroy();
      },
    });
    return { url: `rtsp://127.0.0.1:${(server.address() as net.AddressInfo).port}/live`, sockets };
  };

  it('learns what a camera has to show', async () => {
    expect(await first({ url: open.rtsp('live') })).to.equal('H264 MPEG4-GENERIC');
  });

  it('gives its password by Basic and by Digest', async () => {
    for (const server of [basic, digest])
      expect(await first({ url: server.rtsp('live'), credential: 'good' })).to.equal('H264 MPEG4-GENERIC');
  });

  it('tells a wrong password from a missing path, a closed port and an unknown host', async () => {
    expect(await first({ url: basic.rtsp('live'), credential: 'bad' })).to.equal('unauthorized');
    expect(await first({ url: digest.rtsp('live'), credential: 'bad' })).to.equal('unauthorized');
    expect(await first({ url: digest.rtsp('live') })).to.equal('unauthorized');
    expect(await first({ url: open.rtsp('nothing') })).to.equal('not-found');
    expect(await first({ url: `rtsp://127.0.0.1:${await freePort()}/live` })).to.equal('refused');
    expect(await first({ url: 'rtsp://camera.invalid/live' })).to.equal('unknown-host');
  });

  it('tells what hangs from what speaks something else', async () => {
    process.kill(open.process().pid, 'SIGSTOP');
    const quick = { signal: AbortSignal.timeout(100) };
    await until('the server to hang', () =>
      fetch(`http://127.0.0.1:${open.ports.api}/`, quick).then(
        () => false,
        () => true,
      ),
    );
    const hanging = await first({ url: open.rtsp('live') });
    process.kill(open.process().pid, 'SIGCONT');
    expect(hanging).to.equal('timeout');
    const web = await serve((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await first({ url: web.url })).to.equal('unsupported');
    const flood = await serve((socket) => socket.write(`RTSP/1.0 200 OK\r\nX: ${'x'.repeat(1_000_000)}`));
    expect(await first({ url: flood.url })).to.equal('unsupported');
    const rude = await serve((socket) => socket.destroy());
    expect(await first({ url: rude.url })).to.equal('refused');
    expect(await first({ url: web.url.replace('rtsp:', 'rtsps:') })).to.equal('unsupported');
  });

  /** A camera that offers these sections. */
  const offering = async (...sections: string[]): Promise<string> => {
    const sdp = ['v=0', ...sections, ''].join('\r\n');
    const { url } = await serve((socket) => {
      socket.on('data', (request) => {
        const cseq = /CSeq: (\d+)/.exec(request.toString())?.[1];
        socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`);
      });
    });
    return url;
  };

  it('refuses a camera whose video nobody here can carry, and looks past such video at what follows', async () => {
    const jpeg = ['m=video 0 RTP/AVP 26', 'm=audio 0 RTP/AVP 8'];
    expect(await first({ url: await offering(...jpeg) })).to.equal('unsupported');
    const both = await offering(...jpeg, 'm=video 0 RTP/AVP 96', 'a=rtpmap:96 H265/90000');
    expect(await first({ url: both })).to.equal('PCMA H265');
  });

  it('reports a change only, and is back soon after the camera is', async () => {
    const port = await freePort();
    const reports = knock({ url: `rtsp://127.0.0.1:${port}/live` });
    await until('a refusal', () => reports.length === 1);
    let calls = 0;
    const server = net.createServer((socket) => {
      calls += 1;
      socket.on('error', () => {}).end('RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n');
    });
    held.push({ release: () => server.close() });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await until('several knocks', () => calls >= 3, 2_000);
    expect(reports.map((report) => report.type === 'probe.failed' && report.reason)).to.deep.equal([
      'refused',
      'not-found',
    ]);
  });

  it('never tries a wrong password again before its time, whoever starts it anew, but a new one at once', async () => {
    let calls = 0;
    const lock = await serve((socket) => {
      socket.on('data', (request) => {
        calls += 1;
        const cseq = /CSeq: (\d+)/.exec(request.toString())?.[1];
        socket.write(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${cseq}\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n`);
      });
    });
    const passwords = new Map([['ref', { username: 'a', password: 'one' }]]);
    const slot = createRtspProbe({ credential: (ref) => passwords.get(ref) });
    const input = { url: lock.url, credential: 'ref', unauthorizedEveryMs: 400 };
    const startedAt = performance.now();
    expect(await first(input, slot)).to.equal('unauthorized');
    expect(calls, 'asked, then answered the challenge').to.equal(2);
    expect(await first(input, slot), 'anew').to.equal('unauthorized');
    expect(calls).to.equal(2);
    await until('the next try', () => calls > 2, 2_000, 2);
    expect(performance.now() - startedAt).to.be.above(400);
    passwords.set('ref', { username: 'a', password: 'two' });
    const before = calls;
    expect(await first(input, slot)).to.equal('unauthorized');
    expect(calls).to.be.above(before);
  });

  it('knocks at a hanging camera once at a time', async () => {
    const mute = await serve(() => {});
    const reports = knock({ url: mute.url, everyMs: 1 });
    await until('a timeout', () => reports.length === 1);
    expect(mute.sockets.size).to.be.at.most(2);
  });
});

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx } from '../fixtures/mediamtx.ts';
import { startNats } from '../fixtures/nats.ts';
import { until } from '../fixtures/process.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const CONNECTIONS = 48;
const PEOPLE = 2_000;
const POSTS = 200;
const AT_ONCE = 6;

/** An offer of one H.264 video, as a browser would make it. */
const OFFER = [
  ...['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0'],
  ...['m=video 9 UDP/TLS/RTP/SAVPF 102', 'c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0'],
  ...['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=ice-options:trickle'],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  ...['a=setup:actpass', 'a=mid:0', 'a=recvonly', 'a=rtcp-mux', 'a=rtcp-rsize', 'a=rtpmap:102 H264/90000'],
  ...['a=rtcp-fb:102 nack', 'a=rtcp-fb:102 nack pli'],
  'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  '',
].join('\r\n');

interface Answer {
  status: number;
  location?: string;
}

/** One request over a kept connection; the body is read and dropped. */
function request(
  agent: http.Agent,
  port: number,
  route: string,
  options: http.RequestOptions,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = http.request({ host: '127.0.0.1', port, path: route, agent, ...options }, (response) => {
      response.on('end', () => {
        const { location } = response.headers;
        resolve({ status: response.statusCode ?? 0, ...(location ? { location } : {}) });
      });
      response.resume();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The gateway in its own process, and a way to ask it things. */
async function startGateway(natsUrl: string, whepPort: number) {
  const child: ChildProcess = fork(
    path.join(import.meta.dirname, 'admission/gateway.ts'),
    [natsUrl, String(whepPort)],
    {
      execArgv: ['--import', 'tsx'],
    },
  );
  // biome-ignore lint/suspicious/noExplicitAny: whatever was asked for
  const answer = async (): Promise<any> => (await once(child, 'message'))[0];
  const { port, jwks } = await answer();
  return {
    port: port as number,
    jwks: jwks as object,
    ask(what: object) {
      const answered = answer();
      child.send(what);
      return answered;
    },
    // It ends by itself, and takes its data folder along.
    close: () => void (child.connected && child.disconnect()),
  };
}
type Gateway = Awaited<ReturnType<typeof startGateway>>;

/** Admits as fast as it goes for some seconds, each time somebody else. */
async function admitFor(gateway: Gateway, tokens: string[], seconds: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const before = (await gateway.ask({ cpu: true })).cpu;
  const start = performance.now();
  let admitted = 0;
  let next = 0;
  const worker = async () => {
    while (performance.now() - start < seconds * 1000) {
      const headers = { authorization: `Bearer ${tokens[next++ % tokens.length]}` };
      const { status } = await request(agent, gateway.port, '/live/cam_001/webrtc', { headers });
      if (status !== 200) throw new Error(`admission was answered with ${status}`);
      admitted++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const elapsed = (performance.now() - start) / 1000;
  const after = (await gateway.ask({ cpu: true })).cpu;
  agent.destroy();
  const cpu = (after.user + after.system - before.user - before.system) / 1e6;
  return { perCoreSecond: admitted / cpu, perSecond: admitted / elapsed };
}

/** POSTs offers, a few at once, and takes every session down again, which is not measured. */
async function postOffers(agent: http.Agent, port: number, route: string, tokens: string[]): Promise<number> {
  const headers = (n: number) => ({
    'content-type': 'application/sdp',
    authorization: `Bearer ${tokens[n % tokens.length]}`,
  });
  const opened: { at: string; n: number }[] = [];
  const start = performance.now();
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < POSTS; n = next++) {
      const { status, location } = await request(agent, port, route, { method: 'POST', headers: headers(n) }, OFFER);
      if (status !== 201 || !location) throw new Error(`${route} was answered with ${status}`);
      opened.push({ at: location, n });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const perSecond = POSTS / ((performance.now() - start) / 1000);
  for (const { at, n } of opened) await request(agent, port, at, { method: 'DELETE', headers: headers(n) });
  return perSecond;
}

async function againstBareWhep(pairs: number, say: (text: string) => void): Promise<BenchRow> {
  let keys: object = { keys: [] };
  const jwks = http.createServer((_request, response) => response.end(JSON.stringify(keys))).listen(0, '127.0.0.1');
  await once(jwks, 'listening');
  const mediamtx = await startMediamtx({
    authMethod: 'jwt',
    authJWTJWKS: `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks.json`,
    authJWTExclude: [{ action: 'api' }, { action: 'metrics' }],
  });
  const nats = await startNats(); // its own: another gateway's cells have another owner
  const gateway = await startGateway(nats.url, mediamtx.ports.whep);
  keys = gateway.jwks;
  const agent = new http.Agent({ keepAlive: true });
  const { token: publish } = await gateway.ask({ relay: 'publish' });
  const camera = startCamera(`${mediamtx.rtsp('cam_001')}?token=${publish}`);
  try {
    await until(
      'the camera at the relay',
      async () => (await mediamtx.api('GET', '/v3/paths/get/cam_001')).ready,
      20_000,
    );
    const { tokens } = await gateway.ask({ tokens: POSTS });
    const { token: read } = await gateway.ask({ relay: 'read' });
    const ours: number[] = [];
    const bare: number[] = [];
    for (let pair = 0; pair < pairs + 1; pair++) {
      const through = await postOffers(agent, gateway.port, '/live/cam_001/whep', tokens);
      const direct = await postOffers(agent, mediamtx.ports.whep, '/cam_001/whep', [read]);
      if (pair === 0) continue; // both warm up
      ours.push(through);
      bare.push(direct);
      say(`admission: WHEP ${through.toFixed(0)}/s through the gateway, ${direct.toFixed(0)}/s bare`);
    }
    const ratio = quantile(
      ours.map((value, n) => value / (bare[n] as number)),
      0.5,
    );
    return {
      measure: `WHEP POST with the real relay, ${AT_ONCE} at once`,
      ours: quantile(ours, 0.5),
      peer: quantile(bare, 0.5),
      ratio,
      unit: 'sessions/s',
      aim: '≥ 0.9×',
      met: ratio >= 0.9,
    };
  } finally {
    agent.destroy();
    gateway.close();
    await camera.stop();
    await mediamtx.close();
    await nats.close();
    jwks.close();
    jwks.closeAllConnections();
  }
}

/** Sessions admitted per second and core, and what the gateway costs in front of a relay. */
export async function bench(options: BenchOptions): Promise<BenchTable> {
  const { seconds = 4, pairs = 5, say = () => {} } = options;
  const nats = await startNats();
  const gateway = await startGateway(nats.url, 0);
  try {
    const rows: BenchRow[] = [];
    const fresh: number[] = [];
    const remembered: number[] = [];
    const speeds: number[] = [];
    const { tokens } = await gateway.ask({ tokens: PEOPLE });
    await admitFor(gateway, tokens, 2); // warm up
    for (let pair = 0; pair < 3; pair++) {
      // New tokens each time, more than can be used, so that every signature is checked.
      const { tokens: unseen } = await gateway.ask({ tokens: 20_000 });
      const first = await admitFor(gateway, unseen, seconds);
      const again = await admitFor(gateway, tokens, seconds);
      fresh.push(first.perCoreSecond);
      remembered.push(again.perCoreSecond);
      speeds.push(again.perSecond);
      say(
        `admission: ${first.perCoreSecond.toFixed(0)} a core-second with new tokens, ${again.perCoreSecond.toFixed(0)} with known ones`,
      );
    }
    const row = (measure: string, values: number[]): BenchRow => {
      const ours = quantile(values, 0.5);
      return { measure, ours, unit: 'sessions per second and core', aim: '≥ 2,500', met: ours >= 2_500 };
    };
    rows.push(row('admission, every token seen for the first time', fresh));
    rows.push(row(`admission, tokens of ${PEOPLE.toLocaleString('en')} people seen before`, remembered));
    rows.push({
      measure: 'the same by the clock, client and NATS beside it',
      ours: quantile(speeds, 0.5),
      unit: 'sessions/s',
    });
    gateway.close();
    rows.push(await againstBareWhep(pairs, say));
    return {
      name: 'admission',
      machine: thisMachine(),
      rows,
      notes: [
        'GET /live/:camera/webrtc over kept connections: HTTP, check of the login token, rights, viewer cell, fenced record acknowledged by JetStream on file, stream token signed. Per core: divided by the processor time of the gateway process alone.',
        'Checked signatures are remembered (10,000 tokens, keyed by SHA-256, never beyond their end; revocation is asked every time); the first row has no use of it.',
        `WHEP: ${POSTS} POSTs a round against mediamtx's own endpoint with a relay token, rounds interleaved; sessions are deleted between rounds.`,
      ],
    };
  } finally {
    gateway.close();
    await nats.close();
  }
}

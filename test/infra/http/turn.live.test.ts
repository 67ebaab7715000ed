import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { iceServers } from '../../../infra/http/ice.ts';
import { openPage, startChromium } from '../../fixtures/chromium.ts';
import { freePort, type Running, run, until } from '../../fixtures/process.ts';

const SECRET = 'a secret that only the gateway and coturn know';

/** What a browser came to that may use TURN alone. */
interface Outcome {
  said?: string;
  types: string[];
  errors: number[];
}

/** Whether a STUN server answers a binding request (RFC 8489). */
async function answersStun(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  const answer = new Promise<boolean>((resolve) => {
    socket.once('message', (message) => resolve(message.readUInt16BE(0) === 0x0101));
    socket.once('error', () => resolve(false));
    setTimeout(() => resolve(false), 100);
  });
  socket.send(request, port, '127.0.0.1');
  const answered = await answer;
  socket.close();
  return answered;
}

/** Two peers in one page that see each other through the TURN server or not at all. */
async function talkOverTurn(page: Page, servers: object[]): Promise<Outcome> {
  return page.evaluate(async (iceServers) => {
    // biome-ignore lint/suspicious/noExplicitAny: this runs in the page
    const { RTCPeerConnection, setTimeout } = globalThis as any;
    const outcome: Outcome = { types: [], errors: [] };
    const [a, b] = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
    for (const [one, other] of [
      [a, b],
      [b, a],
    ]) {
      one.onicecandidate = ({ candidate }: { candidate: { type: string } | null }) => {
        if (!candidate) return;
        outcome.types.push(candidate.type);
        other.addIceCandidate(candidate);
      };
      one.onicecandidateerror = ({ errorCode }: { errorCode: number }) => outcome.errors.push(errorCode);
    }
    const channel = a.createDataChannel('words');
    const heard = new Promise((resolve) => {
      b.ondatachannel = (event: { channel: { onmessage: unknown } }) => {
        event.channel.onmessage = ({ data }: { data: string }) => resolve(data);
      };
    });
    channel.onopen = () => channel.send('through the relay');
    await a.setLocalDescription(await a.createOffer());
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription(await b.createAnswer());
    await a.setRemoteDescription(b.localDescription);
    const refused = new Promise((resolve) => {
      a.addEventListener('icecandidateerror', () => setTimeout(resolve, 500));
    });
    const late = new Promise((resolve) => setTimeout(resolve, 10_000));
    outcome.said = (await Promise.race([heard, refused, late])) as string | undefined;
    a.close();
    b.close();
    return outcome;
  }, servers);
}

describe('TURN credentials against a real coturn', () => {
  let folder: string;
  let coturn: Running;
  let browser: Browser;
  let page: Page;
  let url: string;
  const handedOut = (secret: string, ttlMs = 60_000) =>
    iceServers(
      {
        config: { ice: { stun: [], turn: { urls: [url], secretFile: '', credentialTtlMs: ttlMs } } } as never,
        turnSecret: () => secret,
        log: undefined as never,
      },
      'vera',
    );

  before(async function () {
    this.timeout(30_000);
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-turn-'));
    const port = await freePort();
    url = `turn:127.0.0.1:${port}?transport=udp`;
    const relayPort = await freePort();
    const settings = [
      `listening-port=${port}`,
      'listening-ip=127.0.0.1',
      'relay-ip=127.0.0.1',
      `min-port=${Math.min(relayPort, 65_000)}`,
      `max-port=${Math.min(relayPort, 65_000) + 50}`,
      'use-auth-secret',
      `static-auth-secret=${SECRET}`,
      'realm=signalbox.test',
      'allow-loopback-peers',
      ...['no-tls', 'no-dtls', 'no-cli', 'no-multicast-peers', 'no-software-attribute'],
      `pidfile=${folder}/turn.pid`,
      `userdb=${folder}/turn.db`,
      'log-file=stdout',
      'simple-log',
    ];
    writeFileSync(path.join(folder, 'turnserver.conf'), settings.join('\n'), { mode: 0o600 });
    coturn = run('turnserver', ['-c', path.join(folder, 'turnserver.conf')]);
    await until(`coturn to answer; it said ${coturn.output()}`, () => answersStun(port));
    browser = await startChromium();
    ({ page } = await openPage(browser));
  });
  after(async () => {
    await browser?.close();
    await coturn?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('carry two browsers that can reach each other in no other way', async function () {
    this.timeout(20_000);
    const outcome = await talkOverTurn(page, handedOut(SECRET));
    expect(outcome.said, JSON.stringify(outcome)).to.equal('through the relay');
    expect(new Set(outcome.types)).to.deep.equal(new Set(['relay']));
  });

  it('are refused when made with another secret, or when their time is over', async function () {
    this.timeout(25_000);
    for (const servers of [handedOut('another secret'), handedOut(SECRET, -60_000)]) {
      const outcome = await talkOverTurn(page, servers);
      expect(outcome.said).to.equal(undefined);
      expect(outcome.types).to.deep.equal([]);
      expect(outcome.errors).to.include(401);
    }
  });
});

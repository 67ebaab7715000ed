import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { findProgram } from '../../infra/binaries.ts';
import { DEMO_PICTURE, pictureArguments } from '../../infra/demo/picture.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { openDistantPage, type Played } from '../fixtures/distant-page.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { makeNetwork, type Network, PUBLIC, SERVER, TURN, whyNoNamespaces } from '../fixtures/namespaces.ts';
import { type Running, run, until } from '../fixtures/process.ts';

const SECRET = 'a secret that only the gateway and coturn know';
const TURN_PORT = 3478;
const PICTURE = { ...DEMO_PICTURE, width: 640, height: 360, fps: 15, gopSeconds: 1, bitrateBps: 600_000 };
const SOURCE = 'rtsp://127.0.0.1:5540/gate';

/** What check-ice said, and its exit code. */
interface Checked {
  code: number;
  text: string;
  came: Record<string, string>;
}

const start = ([program = '', ...words]: string[]): Running => run(program as `/${string}`, words);

describe('networks between viewer and gateway, in namespaces of their own', () => {
  let folder: string;
  let network: Network;
  let group: TestGroup;
  let browser: Browser;
  let url: string;
  let tokenFile: string;
  let web: number;
  let media: number;
  const running: Running[] = [];

  /** `signalbox check-ice` on the viewer's machine. */
  const check = (): Promise<Checked> =>
    new Promise((resolve) => {
      const words = ['check-ice', 'gate', '--url', url, '--token-file', tokenFile, '--json'];
      const [ip = '', ...inside] = network.viewer;
      const done = (error: { code?: unknown } | null, out: string, err: string) => {
        const ways: { kind: string; where: string[]; came: string }[] = out ? JSON.parse(out).ways : [];
        const name = ({ kind, where }: (typeof ways)[number]) =>
          kind === 'turn' ? `turn over ${where[0]?.slice(-3)}` : kind;
        const came = Object.fromEntries(ways.map((way) => [name(way), way.came]));
        resolve({ code: error ? Number(error.code) : 0, text: out + err, came });
      };
      execFile(ip, [...inside, process.execPath, path.resolve('infra/signalbox.mjs'), ...words], done);
    });
  const inBrowser = async (useTurn = false): Promise<Played> => {
    const page = await openDistantPage(browser, url);
    try {
      return await page.play('gate', group.token({ role: 'viewer', zones: ['*'] }), useTurn);
    } finally {
      await page.close();
    }
  };

  before(async function () {
    this.timeout(120_000);
    const why = whyNoNamespaces();
    if (why !== undefined) {
      process.stdout.write(`    not run: ${why}\n`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-networks-'));
    const write = (name: string, text: string, mode = 0o600) => {
      writeFileSync(path.join(folder, name), text, { mode });
      return path.join(folder, name);
    };
    network = makeNetwork();
    const off = Object.fromEntries(['rtmp', 'srt', 'hls', 'webrtc', 'moq', 'api'].map((name) => [name, false]));
    const source = { ...off, rtspAddress: '127.0.0.1:5540', rtspTransports: ['tcp'], paths: { all_others: {} } };
    running.push(start([...network.server, findProgram('mediamtx'), write('source.yml', JSON.stringify(source))]));
    await until('the camera to send', () => {
      const camera = running[1];
      if (camera?.child.exitCode === null) return /frame=/.test(camera.output()) || camera.output() === '';
      running[1] = start([...network.server, findProgram('ffmpeg'), ...pictureArguments(PICTURE, SOURCE)]);
      return false;
    });
    const turn = {
      urls: ['udp', 'tcp'].map((transport) => `turn:${PUBLIC}:${TURN_PORT}?transport=${transport}`),
      secret_file: write('turn-secret', SECRET),
    };
    group = await startTestGroup(
      {
        http: { listen: `${SERVER}:8080`, insecure: true },
        media: { listen: SERVER, insecure: true },
        auth: 'local',
        ice: { public_hosts: [PUBLIC], tcp: true, turn },
        cameras: { gate: { name: 'Gate', zone: 'hcm/test', sources: [SOURCE], keep: 'warm' } },
      },
      undefined,
      false,
      network.server,
    );
    const settings = [
      ...[`listening-port=${TURN_PORT}`, `listening-ip=${TURN}`, `relay-ip=${TURN}`],
      ...['use-auth-secret', `static-auth-secret=${SECRET}`, 'realm=signalbox.test'],
      ...['no-tls', 'no-dtls', 'no-cli', 'no-multicast-peers', 'simple-log', 'log-file=stdout'],
      ...['denied-peer-ip=10.0.0.0-10.255.255.255', 'denied-peer-ip=192.168.0.0-192.168.255.255'],
      ...['denied-peer-ip=172.16.0.0-172.31.255.255', `allowed-peer-ip=${SERVER}`],
      ...[`pidfile=${folder}/turn.pid`, `userdb=${folder}/turn.db`],
    ];
    running.push(
      start([...network.server, findProgram('turnserver'), '-c', write('coturn.conf', settings.join('\n'))]),
    );
    web = group.group.http.port;
    media = group.group.relays.find(({ role }) => role === 'delivery')?.webrtcUdp ?? 0;
    network.passOn('tcp', web, SERVER);
    for (const transport of ['udp', 'tcp'] as const) {
      network.passOn(transport, media, SERVER);
      network.passOn(transport, TURN_PORT, TURN);
    }
    url = `http://${PUBLIC}:${web}`;
    tokenFile = write('viewer.token', group.token({ sub: 'check', role: 'viewer' }));
    const wrapper = `#!/bin/sh\nexec ${network.viewer.join(' ')} ${findProgram('chromium')} "$@"\n`;
    browser = await startChromium([], write('chromium', wrapper, 0o700));
    let last: Checked | undefined;
    await until(
      `everything to serve; last ${JSON.stringify(last)}`,
      async () => {
        last = await check();
        return last.code === 0;
      },
      45_000,
    );
  });
  after(async function () {
    this.timeout(30_000);
    await browser?.close();
    await group?.stop().catch((error) => process.stderr.write(`${error}\n`));
    for (const one of running) await one.stop();
    network?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('play through NAT on both sides, on every way, where nothing is refused', async function () {
    this.timeout(90_000);
    network.letOut();
    const checked = await check();
    expect(checked.came, checked.text).to.deep.equal({
      ...{ udp: 'works', tcp: 'works', 'turn over udp': 'works', 'turn over tcp': 'works' },
    });
    const played = await inBrowser();
    expect(played.frames, JSON.stringify(played)).to.be.at.least(5);
    expect(played).to.include({ protocol: 'udp', address: PUBLIC });
  });

  it('play over TCP where UDP is refused, and check-ice says which port to open', async function () {
    this.timeout(90_000);
    network.letOut({ udp: [], tcp: [web, media] });
    const checked = await check();
    expect(checked.code, checked.text).to.equal(0);
    expect(checked.came).to.deep.equal({
      ...{ udp: 'no-connection', tcp: 'works', 'turn over udp': 'no-answer', 'turn over tcp': 'no-answer' },
    });
    expect(checked.text).to.include(`Open UDP ${media}`);
    const played = await inBrowser();
    expect(played.frames, JSON.stringify(played)).to.be.at.least(5);
    expect(played).to.include({ protocol: 'tcp', address: PUBLIC });
  });

  it('play through a real coturn where nothing else is let out', async function () {
    this.timeout(90_000);
    network.letOut({ udp: [], tcp: [web, TURN_PORT] });
    const checked = await check();
    expect(checked.code, checked.text).to.equal(0);
    expect(checked.came).to.deep.equal({
      ...{ udp: 'no-connection', tcp: 'no-connection', 'turn over udp': 'no-answer', 'turn over tcp': 'works' },
    });
    const played = await inBrowser(true);
    expect(played.frames, JSON.stringify(played)).to.be.at.least(5);
  });

  it('show no picture where the page alone is let out, and check-ice fails', async function () {
    this.timeout(90_000);
    network.letOut({ udp: [], tcp: [web] });
    const checked = await check();
    expect(checked.code, checked.text).to.equal(1);
    expect(checked.came, checked.text).to.deep.equal({
      ...{ udp: 'no-connection', tcp: 'no-connection', 'turn over udp': 'no-answer', 'turn over tcp': 'no-answer' },
    });
  });

  it('do not lead into the private network: coturn refuses every peer there but the relay, and loopback', async function () {
    this.timeout(60_000);
    const asked = async (peer: string): Promise<string> => {
      const words = ['-v', '-W', SECRET, '-u', 'vera', '-e', peer, '-r', String(media), '-n', '1', '-m', '1', TURN];
      const client = start([...network.server, findProgram('turnutils_uclient'), ...words]);
      const told = await until(
        `coturn to answer for ${peer}`,
        () => /channel bind: error[^\n]*|success: 0x\w+/.exec(client.output())?.[0],
      );
      await client.stop();
      return told;
    };
    for (const peer of ['127.0.0.1', '10.77.0.1', '192.168.77.2', '172.16.0.1'])
      expect(await asked(peer), peer).to.match(/403|forbidden/i);
    expect(await asked(SERVER)).to.match(/success/i);
  });
});

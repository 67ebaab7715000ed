import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { startChromium } from '../fixtures/chromium.ts';
import { startEdge } from '../fixtures/edge.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { LOW_LATENCY, openHlsPage } from '../fixtures/hls-page.ts';
import { startSite } from '../fixtures/site.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const PLAYERS = 200;
/** hls.js asks for its playlist once a segment. */
const ASK_EVERY_MS = 2_000;
/** The first seconds of a page are its start, not its running. */
const SETTLE_MS = 5_000;

interface Origin {
  /** Requests that came through: for playlists and segments, and for the right to have them. */
  counts: { files: number; checks: number };
  address: string;
  close(): void;
}

/** Counts what an edge asks of a gateway. */
async function countBefore(group: TestGroup): Promise<Origin> {
  const counts = { files: 0, checks: 0 };
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    if (/\.\w+(\?|$)/.test(request.url ?? '')) counts.files++;
    else counts.checks++;
    const { url: path, method, headers } = request;
    const asked = http.request(group.url, { agent, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    request.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ counts, address: `127.0.0.1:${port}` },
    close() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

/** The address of a new session, through the edge. */
async function addressOf(group: TestGroup, edge: string, sub: string, query = ''): Promise<string> {
  const token = group.token({ sub, role: 'viewer' });
  const { body } = await group.api('GET', `/live/north/hls${query}`, undefined, token);
  return edge + new URL(body.hls_url).pathname;
}

/** How late hls.js shows the picture, in ms. */
async function lateness(browser: Browser, address: string, seconds: number, settings?: object): Promise<number> {
  const page = await openHlsPage(browser, address, settings);
  try {
    const first = (await page.moving(0, 5, 40_000)).frames[0]?.at ?? 0;
    await wait(SETTLE_MS + seconds * 1_000);
    const { frames } = await page.seen();
    const late = frames.flatMap(({ at, latency_ms }) =>
      at > first + SETTLE_MS && latency_ms !== undefined ? [latency_ms] : [],
    );
    if (late.length < seconds * 5) throw new Error(`only ${late.length} frames with a clock in ${seconds} s`);
    return quantile(late, 0.5);
  } finally {
    await page.close();
  }
}

/** Plays by requests alone until the time is over; tells what the edge's `X-Cache` said, or the status of a failure. */
async function playByRequests(address: string, untilMs: number): Promise<string[]> {
  const said: string[] = [];
  const had = new Set<string>();
  const playlist = address.replace(/[^/]+$/, '480p.m3u8');
  const get = async (url: string): Promise<string> => {
    const answer = await fetch(url);
    said.push(answer.ok ? (answer.headers.get('x-cache') ?? 'none') : String(answer.status));
    return answer.text();
  };
  // They come one by one, not all at once.
  await wait(Math.random() * ASK_EVERY_MS);
  while (performance.now() < untilMs) {
    const began = performance.now();
    const segments = (await get(playlist)).split('\n').filter((line) => line.endsWith('.m4s'));
    for (const segment of had.size === 0 ? segments.slice(-2) : segments.filter((one) => !had.has(one))) {
      had.add(segment);
      await get(address.replace(/[^/]+$/, segment));
    }
    for (const segment of segments) had.add(segment);
    await wait(Math.max(0, ASK_EVERY_MS - (performance.now() - began)));
  }
  return said;
}

/** HLS through a real nginx edge: how late it is, plain and with low latency, and what 200 players cost the gateway. */
export async function bench({ pairs = 3, seconds = 10, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const picture = { width: 640, height: 480, fps: 25, gopSeconds: 1, bitrateBps: 1_000_000 };
  const [site, browser] = await Promise.all([startSite(['north'], {}, picture), startChromium()]);
  const north = { ...site.cameras().north, ladder: ['480p', '360p'], keep: 'warm' };
  const group = await startTestGroup({ cameras: { north } });
  const origin = await countBefore(group);
  const edge = await startEdge([origin.address]);
  const plain: number[] = [];
  const low: number[] = [];
  try {
    const events = group.follow(0);
    await events.next('rendition.running', 'rendition/north', 0, 40_000).finally(() => events.close());
    for (let pair = 1; pair <= pairs; pair++) {
      plain.push(await lateness(browser, await addressOf(group, edge.url, `plain-${pair}`), seconds));
      const address = await addressOf(group, edge.url, `low-${pair}`, '?latency=low');
      low.push(await lateness(browser, address, seconds, LOW_LATENCY));
      say(`pair ${pair} of ${pairs}: plain ${plain.at(-1)?.toFixed(0)} ms, low ${low.at(-1)?.toFixed(0)} ms`);
    }
    const addresses: string[] = [];
    for (let n = 0; n < PLAYERS; n++) addresses.push(await addressOf(group, edge.url, `player-${n}`));
    Object.assign(origin.counts, { files: 0, checks: 0 });
    const untilMs = performance.now() + seconds * 2_000;
    const said = (await Promise.all(addresses.map((address) => playByRequests(address, untilMs)))).flat();
    const hits = said.filter((one) => one === 'HIT' || one === 'UPDATING').length;
    const failed = said.filter((one) => /^\d/.test(one)).length;
    const { files, checks } = origin.counts;
    const [plainMs, lowMs] = [quantile(plain, 0.5), quantile(low, 0.5)];
    return {
      name: 'hls',
      machine: thisMachine(),
      rows: [
        ...[
          {
            measure: 'glass to glass in hls.js, p50',
            ours: plainMs,
            unit: 'ms',
            aim: '≤ 5,000',
            met: plainMs <= 5_000,
          },
          { measure: 'the same, low latency', ours: lowMs, unit: 'ms', aim: '≤ 5,000', met: lowMs <= 5_000 },
        ],
        { measure: `edge, ${PLAYERS} players: hits`, ours: (hits / said.length) * 100, unit: '%' },
        { measure: 'requests of players', ours: said.length, unit: '' },
        { measure: 'of these, at the gateway: playlists and segments', ours: files, unit: '' },
        { measure: 'of these, at the gateway: checks of the right', ours: checks, unit: '' },
        { measure: 'failed', ours: failed, unit: '', aim: '0', met: failed === 0 },
      ],
      notes: [
        `${pairs} pairs of ${seconds} s, 480p at 25 frames/s, a key frame each second, through a real nginx; camera, FFmpeg, relays, edge, players and browser share the machine.`,
        `The ${PLAYERS} players ask for ${seconds * 2} s as hls.js does: a playlist every 2 s, each new segment once, by addresses of their own. A check of the right is good for a second, so each player costs one at each look.`,
      ],
    };
  } finally {
    await edge.close();
    origin.close();
    await browser.close();
    await group.stop();
    await site.close();
  }
}

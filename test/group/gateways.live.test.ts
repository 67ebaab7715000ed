import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { type Group, groupFileName, group as groupShape } from '../../infra/group.ts';
import { ownerOf } from '../../machines/policy/ownership.ts';
import { type Balancer, startBalancer } from '../fixtures/balancer.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { byCell, demandFaultless, readBooks } from '../fixtures/journal.ts';
import { freePort, until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, type Watcher, watchCamera } from '../fixtures/watcher.ts';
import { openWhepPage } from '../fixtures/whep-page.ts';

const CAMERAS = ['north', 'south'];

/** One gateway of the group: its file, and what its process is called. */
interface Gateway {
  group: Group;
  process: string;
}

describe('a group of two gateways', function () {
  this.timeout(90_000);
  let site: Site;
  let browser: Browser;
  let balancer: Balancer;
  let group: TestGroup;
  let gateways: [Gateway, Gateway];
  let watcher: Watcher;

  before(async () => {
    const port = await freePort();
    [site, browser] = await Promise.all([startSite(CAMERAS), startChromium()]);
    const http = { public_url: `http://127.0.0.1:${port}` };
    group = await startTestGroup({ gateways: 2, http, cameras: site.cameras() });
    const file = (number: number) => path.join(group.state, 'run', groupFileName(number));
    const read = (number: number): Group => groupShape.parse(JSON.parse(readFileSync(file(number), 'utf8')));
    gateways = [
      { group: read(1), process: 'gateway' },
      { group: read(2), process: 'gateway-2' },
    ];
    balancer = await startBalancer(port, () => gateways.map((gateway) => gateway.group.http.port));
    for (const gateway of gateways) {
      for (const camera of CAMERAS) await until(`${camera} to be live`, () => stateAt(gateway, camera, 'live'), 20_000);
    }
    const public_ = { ...group, url: balancer.url, group: { ...group.group, http: { host: '127.0.0.1', port } } };
    watcher = await watchCamera(browser, public_, 'north');
    await watcher.moving();
  });
  after(async () => {
    await browser?.close();
    balancer?.close();
    await group?.stop();
    await site?.close();
  });

  /** Calls one gateway's API, as administrator. */
  const call = async ({ group: { http } }: Gateway, method: string, route: string) => {
    const answer = await fetch(`http://127.0.0.1:${http.port}${route}`, {
      method,
      headers: { authorization: `Bearer ${group.token()}` },
      signal: AbortSignal.timeout(3_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  };
  const stateAt = async (gateway: Gateway, camera: string, wanted: string) =>
    (await call(gateway, 'GET', `/api/v1/cameras/${camera}`)).body.state === wanted;
  /** The gateway that wrote the last record of a cell, and the sequence of it. */
  const holderOf = async (cell: string) => {
    const last = byCell((await readBooks(group.group)).entries)
      .get(cell)
      ?.at(-1);
    return { node: last?.record.node ?? '', left: last?.record.left, seq: last?.seq ?? 0 };
  };
  const named = (node: string) => gateways.find((gateway) => gateway.group.node === node) as Gateway;
  const otherThan = (gateway: Gateway) => gateways.find((one) => one !== gateway) as Gateway;
  /** Every cell whose last record is a gateway's. */
  const heldBy = async ({ group: { node } }: Gateway) =>
    [...byCell((await readBooks(group.group)).entries)]
      .filter(([, entries]) => entries.at(-1)?.record.node === node && !isOver(entries.at(-1)?.record.after))
      .map(([cell]) => cell);
  const isOver = (after: unknown) => (after as { status?: string }).status === 'done';
  /** Waits until the cells that fall to a gateway have come back to it. */
  const settled = () =>
    until(
      'every cell to be where it belongs',
      async () => {
        const nodes = gateways.map((gateway) => gateway.group.node);
        for (const [cell, entries] of byCell((await readBooks(group.group)).entries)) {
          const [kind = '', id = ''] = cell.split('/');
          const last = entries.at(-1)?.record;
          if (kind !== 'viewer' && (last?.left || ownerOf({ kind, id }, nodes).owner !== last?.node)) return false;
        }
        return true;
      },
      20_000,
      100,
    );

  it('shows every camera and answers for every session at either', async () => {
    const [one, two] = gateways;
    const admitted = await call(two, 'GET', '/live/south/webrtc');
    expect(admitted.status).to.equal(200);
    const session = `/api/v1/sessions/${admitted.body.session_id}`;
    await until('the other gateway to know it', async () => (await call(one, 'GET', session)).status === 200);
    expect((await call(one, 'GET', session)).body).to.include({ camera: 'south', state: 'admitted' });
    expect((await call(one, 'DELETE', session)).status).to.equal(204);
    await until('it to be over', async () => (await call(two, 'GET', session)).body.state === 'ended');
    for (const gateway of gateways) {
      const { body } = await call(gateway, 'GET', '/api/v1/cameras');
      expect(
        body.items.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`).toSorted(),
      ).to.deep.equal(['north live', 'south live']);
    }
  });

  it('takes candidates and the end of a WHEP connection at the gateway that did not open it', async () => {
    const [opener, other] = gateways.map(({ group: { http } }) => `http://127.0.0.1:${http.port}`);
    const client = await openWhepPage(browser);
    try {
      const token = group.token({ sub: 'whep-person' });
      const { location, session } = await client.open(`${opener}/live/south/whep`, token);
      await client.moving();
      const headers = { authorization: `Bearer ${token}` };
      const trickled = await fetch(`${other}${location}`, {
        method: 'PATCH',
        headers: { ...headers, 'content-type': 'application/trickle-ice-sdpfrag' },
        body: ['a=ice-ufrag:abcd', 'm=video 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0', 'a=end-of-candidates', ''].join('\r\n'),
      });
      expect(trickled.status).to.equal(204);
      const leftAt = Date.now();
      expect((await fetch(`${other}${location}`, { method: 'DELETE', headers })).status).to.equal(200);
      await until(
        'its session to be over',
        async () => (await call(gateways[0], 'GET', `/api/v1/sessions/${session}`)).body.state === 'ended',
      );
      const { why } = (await call(gateways[0], 'GET', `/api/v1/sessions/${session}`)).body;
      expect(why, `after ${Date.now() - leftAt} ms`).to.include({ reason: 'closed' });
    } finally {
      await client.close();
    }
  });

  it('has the cells of a killed gateway taken up by the others, while the picture moves and the session goes on', async () => {
    await settled();
    const [session] = (await call(gateways[0], 'GET', '/api/v1/sessions')).body.items;
    const victim = named((await holderOf(`viewer/${session.id}`)).node);
    const heir = otherThan(victim);
    const cells = await heldBy(victim);
    expect(cells).to.include(`viewer/${session.id}`);
    const killedAt = await group.signal(victim.process, 'SIGKILL');
    // It is started again at once, and killed again: such a one never comes back in time.
    let dead = false;
    const keepDead = (async () => {
      while (!dead) {
        const { pid } = (await group.processes()).find(({ name }) => name === victim.process) ?? {};
        if (pid) await group.signal(victim.process, 'SIGKILL').catch(() => {});
      }
    })();
    await until(
      'the other gateway to hold everything',
      async () => {
        const held = await heldBy(heir);
        return cells.every((cell) => held.includes(cell));
      },
      10_000,
      50,
    );
    const tookMs = Date.now() - killedAt;
    dead = true;
    await keepDead;
    figure('one of two gateways killed: its cells taken up after', tookMs);
    expect(tookMs).to.be.lessThan(5_000); // the books themselves take a while to read
    await until('the player to signal again', async () =>
      (await watcher.watched()).sockets.some((at) => at > killedAt),
    );
    const seen = await watcher.moving(Date.now(), 30);
    figure('one of two gateways killed: longest gap between frames', longestGapMs(seen.presented, killedAt));
    expect(longestGapMs(seen.presented, killedAt)).to.be.lessThan(1_000);
    const shown = (await call(heir, 'GET', `/api/v1/sessions/${session.id}`)).body;
    expect(shown).to.include({ id: session.id, state: 'watching' });
    expect((await call(heir, 'GET', '/live/south/webrtc')).status).to.equal(200);
    await until('it to serve again', () => stateAt(victim, 'north', 'live'), 20_000);
    await settled();
  });

  it('hears nothing more of a gateway that was paused past its lease and woken: no record, no order', async () => {
    const { node } = await holderOf('camera/north');
    const paused = named(node);
    const heir = otherThan(paused);
    const stoppedAt = await group.signal(paused.process, 'SIGSTOP');
    let taken = 0;
    try {
      await until('the other gateway to hold its cells', async () => (await heldBy(paused)).length === 0, 10_000, 50);
      taken = (await holderOf('camera/north')).seq;
    } finally {
      await group.signal(paused.process, 'SIGCONT');
    }
    expect((await call(heir, 'GET', '/api/v1/cameras/north')).body, 'its picture was never missed').to.include({
      state: 'live',
    });
    await until('it to answer again', () => stateAt(paused, 'north', 'live'), 10_000);
    await settled();
    const seen = await watcher.moving(Date.now(), 15);
    figure('one of two gateways paused and woken: longest gap between frames', longestGapMs(seen.presented, stoppedAt));
    expect(longestGapMs(seen.presented, stoppedAt)).to.be.lessThan(1_000);
    // A cell changes hands only by a claim; between the claim and its return, nothing of the paused one stands there.
    const books = await readBooks(group.group);
    for (const [cell, entries] of byCell(books.entries)) {
      for (const [index, { seq, record }] of entries.entries()) {
        const before = entries[index - 1]?.record;
        if (before && before.node !== record.node && before.incarnation === record.incarnation) {
          expect(record.heard, `${cell} at ${seq}, after ${taken}`).to.deep.equal([]);
        }
      }
    }
    demandFaultless(books);
    expect(watcher.faults).to.deep.equal([]);
  });
});

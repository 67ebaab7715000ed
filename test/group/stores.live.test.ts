import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import type { Answer, TestGroup } from '../fixtures/group.ts';
import { byCell, demandFaultless, readBooks, replayAgainstTheLiving } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import type { Site } from '../fixtures/site.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs, type Watcher } from '../fixtures/watcher.ts';
import { openWhepPage } from '../fixtures/whep-page.ts';

/** NATS is away for at least this long. */
const AWAY_MS = 10_000;

describe('a group that loses its gateway or its stores', function () {
  this.timeout(120_000);
  let watched: WatchedGroup | undefined;
  let site: Site;
  let group: TestGroup;
  let browser: Browser;
  let events: Follower;
  let watcher: Watcher;
  let people = 0;

  before(async () => {
    watched = await startWatchedGroup(['north', 'south']);
    ({ site, group, browser, events, watcher } = watched);
  });
  after(() => watched?.close());

  /** Admission by token alone, each time of another person. */
  const admit = (camera = 'north'): Promise<Answer> =>
    group.api('GET', `/live/${camera}/webrtc`, undefined, group.token({ sub: `person-${++people}`, role: 'viewer' }));
  const readiness = async (): Promise<{ status: string; reasons: { part: string }[] }> =>
    (await group.api('GET', '/readyz')).body;
  const isReady = () => until('the group to be ready', async () => (await readiness()).status === 'ready', 20_000);
  /** What is shown of every camera and session, without what is measured anew all the time. */
  const shown = async (): Promise<object[]> => {
    const lists = await Promise.all(['cameras', 'sessions'].map((list) => group.api('GET', `/api/v1/${list}`)));
    const items = lists.flatMap(({ body }) => body.items as { id: string; state: string; since: number }[]);
    return items.map(({ id, state, since }) => ({ id, state, since }));
  };
  /** The stream as somebody reads it who comes only now. */
  /** Whoever reads from the beginning has what the one who followed has. */
  const expectTheSameAnew = async (): Promise<void> => {
    const fresh = group.follow(0);
    const last = events.heard.at(-1)?.sequence ?? 0;
    await until('the stream from its beginning', () => (fresh.heard.at(-1)?.sequence ?? 0) >= last);
    fresh.close();
    const upToThere = (heard: typeof events.heard) =>
      heard.filter(({ sequence }) => sequence <= last).map(({ sequence, id }) => `${sequence} ${id}`);
    expect(upToThere(fresh.heard)).to.deep.equal(upToThere(events.heard));
  };

  it('keeps every picture moving when its gateway is killed, and takes everything up again', async () => {
    const before = await shown();
    const { peers, sockets } = await watcher.watched();
    const gateway = await group.pid('gateway');
    const granted: string[] = [];
    let killedAt = Number.NaN;
    // People go on asking to be let in; the kill comes between.
    for (let asked = 0; asked < 12; asked++) {
      if (asked === 6) killedAt = await group.signal('gateway', 'SIGKILL');
      const answer = await admit('south').catch(() => undefined);
      if (answer?.status === 200) granted.push(answer.body.session_id);
    }
    await group.restarted('gateway', gateway);
    await isReady();
    figure('gateway killed: ready again after', Date.now() - killedAt);
    expect(Date.now() - killedAt).to.be.lessThan(6_000);

    expect(await shown()).to.deep.include.members(before);
    for (const session of granted) {
      expect((await group.api('GET', `/api/v1/sessions/${session}`)).body).to.include({ state: 'admitted' });
    }
    const rejoined = await until('the player to signal again', async () =>
      (await watcher.watched()).sockets.find((at) => at > killedAt),
    );
    figure('gateway killed: the player signals again after', rejoined - killedAt);
    const seen = await watcher.moving(Date.now());
    figure('gateway killed: longest gap between frames', longestGapMs(seen.presented, killedAt));
    expect(longestGapMs(seen.presented, killedAt)).to.be.lessThan(1_000);
    expect(seen.peers).to.deep.equal(peers);
    expect(seen.sockets.length).to.be.greaterThan(sockets.length);
    await expectTheSameAnew();
    demandFaultless(await readBooks(group.group));
  });

  it('shows pictures and lets people in while NATS is away for ten seconds, and tells all of it once afterwards', async () => {
    const killedAt = Date.now();
    const toldBefore = events.heard.length;
    let pid = await group.pid('nats');
    process.kill(pid, 'SIGKILL');
    // Killed again each time it is started; the last start is held until the time is over.
    const news = setInterval(() => {
      const started = group.link.heard.filter(({ type, name }) => type === 'started' && name === 'nats').at(-1);
      if (!started || started.pid === pid) return;
      pid = Number(started.pid);
      process.kill(pid, Date.now() - killedAt < AWAY_MS / 2 ? 'SIGKILL' : 'SIGSTOP');
    }, 1);
    const degraded = await until('readiness to tell', async () => {
      const { status, reasons } = await readiness();
      return status === 'degraded' && reasons.some(({ part }) => part === 'nats');
    });
    expect(degraded).to.equal(true);
    figure('NATS killed: readiness says degraded after', Date.now() - killedAt);

    const granted: string[] = [];
    let longestMs = 0;
    const letIn = async () => {
      const answer = await admit();
      expect(answer.status).to.equal(200);
      granted.push(answer.body.session_id);
      longestMs = Math.max(longestMs, answer.tookMs);
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await letIn();
    await site.leave('south');
    const stateOfSouth = async () => (await group.api('GET', '/api/v1/cameras/south')).body.state;
    await until('south to be offline', async () => (await stateOfSouth()) === 'offline');
    const client = await openWhepPage(browser);
    const { status, session } = await client.open(`${group.url}/live/north/whep`, group.token({ sub: 'whep-person' }));
    expect(status).to.equal(201);
    granted.push(String(session));
    await client.moving();
    await site.join('south');
    await until('south to be live', async () => (await stateOfSouth()) === 'live');
    while (Date.now() - killedAt < AWAY_MS) await letIn();
    expect(events.heard.length, 'nothing is told that NATS does not have').to.equal(toldBefore);
    expect((await readiness()).status).to.equal('degraded');
    clearInterval(news);
    const returnedAt = Date.now();
    process.kill(pid, 'SIGCONT');
    await isReady();
    figure('NATS back: everything delivered after', Date.now() - returnedAt);
    figure('NATS away: longest admission', longestMs);
    figure('NATS away: people let in', granted.length, '');

    const { presented } = await watcher.moving(Date.now());
    figure('NATS away: longest gap between frames', longestGapMs(presented, killedAt));
    expect(longestGapMs(presented, killedAt)).to.be.lessThan(1_000);
    for (const one of granted) await events.next('viewer.admitted', `viewer/${one}`);
    const south = events.heard.filter((event) => event.subject === 'camera/south' && event.at > killedAt);
    expect(
      south.map(({ data }) => data.state).filter((state) => state !== 'connecting' && state !== 'holding'),
    ).to.deep.equal(['offline', 'live']);
    await expectTheSameAnew();
    const books = await readBooks(group.group);
    demandFaultless(books);
    const cells = byCell(books.entries);
    for (const one of granted) expect(cells.get(`viewer/${one}`)?.[0]?.record.late, one).to.equal(true);
    await client.close();
  });

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    it(`lets people in by their token, without waiting for it, while Redis ${signal === 'SIGKILL' ? 'is killed' : 'hangs'}`, async () => {
      const before = await group.pid('redis');
      const hitAt = await group.signal('redis', signal);
      const took: number[] = [];
      while (took.length < 10 || Date.now() - hitAt < 1_000) {
        const answer = await admit();
        expect(answer.status).to.equal(200);
        took.push(answer.tookMs);
      }
      figure(`Redis ${signal}: longest of ${took.length} admissions`, Math.max(...took));
      expect(Math.max(...took)).to.be.lessThan(1_000);
      if (signal === 'SIGSTOP') {
        expect((await readiness()).reasons.map(({ part }) => part)).to.include('redis');
        process.kill(before, 'SIGCONT');
      } else await group.restarted('redis', before);
      await isReady();
    });
  }

  it('loses nothing that it answered when its gateway is killed while NATS is away', async () => {
    const gateway = await group.pid('gateway');
    const killedAt = await group.signal('nats', 'SIGKILL');
    // Its former failures are not forgotten yet, so the launcher waits a while before it starts NATS again.
    await until('readiness to tell', async () => (await readiness()).status === 'degraded');
    const granted: string[] = [];
    while (granted.length < 5) {
      const answer = await admit('south');
      expect(answer.status).to.equal(200);
      granted.push(answer.body.session_id);
    }
    await group.signal('gateway', 'SIGKILL');
    await group.restarted('gateway', gateway);
    await until('the gateway to answer', async () => (await readiness()).status === 'ready', 60_000);
    figure('NATS killed, then the gateway: ready again after', Date.now() - killedAt);
    for (const session of granted) {
      expect((await group.api('GET', `/api/v1/sessions/${session}`)).body).to.include({ state: 'admitted' });
      await events.next('viewer.admitted', `viewer/${session}`);
    }
    const { presented } = await watcher.moving(Date.now());
    figure('NATS killed, then the gateway: longest gap between frames', longestGapMs(presented, killedAt));
    expect(longestGapMs(presented, killedAt)).to.be.lessThan(1_000);
    await expectTheSameAnew();
  });

  it('tells at its address what its gateway waits for that is started while NATS is away, and serves once it is there', async () => {
    const [nats, gateway] = await Promise.all([group.pid('nats'), group.pid('gateway')]);
    const killedAt = await group.signal('nats', 'SIGSTOP');
    await group.signal('gateway', 'SIGKILL');
    const started = await group.restarted('gateway', gateway);
    const asked = (route: string) => group.api('GET', route).catch(() => undefined);
    const { status, body } = await until('readiness to tell', async () => {
      const answer = await asked('/readyz');
      return answer?.text.includes('NATS does not answer') ? answer : undefined;
    });
    expect(status).to.equal(503);
    expect(body.status).to.equal('down');
    const [, since = ''] = /since (\S+Z):/.exec(body.reasons[0].text) ?? [];
    expect(Date.parse(since)).to.be.within(killedAt, Date.now());
    expect(await asked('/healthz'), 'its process is up').to.deep.include({ status: 200 });
    const refused = await admit();
    expect([refused.status, refused.body.reason]).to.deep.equal([503, 'gateway-waits']);
    expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
    const page = await fetch(group.url, { headers: { accept: 'text/html' } });
    expect(page.headers.get('refresh'), 'a page that is opened meanwhile comes by itself').to.match(/^\d+$/);
    expect(await page.text())
      .to.include('NATS does not answer')
      .and.to.include(since);
    expect(group.logs()).to.include('the start waits: NATS does not answer');

    const returnedAt = Date.now();
    process.kill(nats, 'SIGCONT');
    await isReady();
    figure('gateway started while NATS was away: ready after NATS is back', Date.now() - returnedAt);
    expect(await group.pid('gateway'), 'it has waited, and not ended').to.equal(started);
    const { presented } = await watcher.moving(Date.now());
    expect(longestGapMs(presented, killedAt)).to.be.lessThan(1_000);
    await expectTheSameAnew();
  });

  it('has a journal from which a replay reaches the state of every cell, through kills and outage', async () => {
    const { cells, faults } = await replayAgainstTheLiving(group);
    figure('kills and outage: cells replayed from the journal', cells, '');
    expect(faults).to.deep.equal([]);
  });
});

import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { processesOf, startChromium } from '../fixtures/chromium.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { replayAgainstTheLiving } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs, type Watcher, watchCamera } from '../fixtures/watcher.ts';
import { openWhepPage } from '../fixtures/whep-page.ts';

const POOL = {
  relays: ['relay-1', 'relay-2'].map((id) => ({ id, region: 'hcm', weight: 3 })),
  regions: { default: 'hcm' },
};

/** Two people watch a camera with a key frame every two seconds: one keeps a second connection ready, one does not. */
describe('viewers of a group with two delivery relays', function () {
  this.timeout(60_000);
  let watched: WatchedGroup | undefined;
  let group: TestGroup;
  let events: Follower;
  let cold: Watcher;
  let hot: Watcher;

  before(async () => {
    const picture = { fps: 30, gopSeconds: 2, bitrateBps: 1_500_000 };
    watched = await startWatchedGroup(['north'], POOL, picture);
    ({ group, events, watcher: cold } = watched);
    hot = await watchCamera(watched.browser, group, 'north', { query: 'hot=1' });
    await hot.moving();
  });
  after(() => watched?.close());

  /** Both relays serve, both pictures move from where they are known to be, and the second connection of who has one flows. */
  const steady = async () => {
    const serving = async () =>
      (await group.api('GET', '/api/v1/relays')).body.items.every(
        ({ state }: { state: string }) => state === 'serving',
      );
    await until('every relay to serve', serving, 20_000);
    const from = Date.now();
    await Promise.all([cold.moving(from, 10), hot.moving(from, 10)]);
    const flows = async () => (await hot.watched()).unseen.filter((at) => at > from).length > 5;
    await until('the second connection to flow', flows, 15_000);
    for (const which of ['cold', 'hot'] as const) {
      await until('it to be known where it watches', async () => {
        const [{ state, relay }, { moves }] = await Promise.all([sessionOf(which), pageOf(which).watched()]);
        return state === 'watching' && relay === (moves.at(-1)?.relay ?? relay);
      });
    }
  };
  /** The paths that somebody watches over WebRTC. */
  const paths = async (): Promise<string[]> => {
    const lists = ['relay-1', 'relay-2'].map((relay) => group.askRelay(relay, 'webrtcsessions/list'));
    const items: { path: string; state: string }[] = (await Promise.all(lists)).flatMap((list) => list.items);
    return items.filter(({ state }) => state === 'read').map(({ path }) => path);
  };
  const pageOf = (which: 'cold' | 'hot'): Watcher => (which === 'cold' ? cold : hot);
  const sessionOf = async (which: 'cold' | 'hot') => {
    const session = (await pageOf(which).watched()).sessions.at(-1);
    return (await group.api('GET', `/api/v1/sessions/${session}`)).body;
  };
  /** Gap on each screen around an instant, once both have moved on. */
  const gaps = async (at: number) => {
    const [a, b] = await Promise.all([cold.moving(at + 1_000, 20), hot.moving(at + 1_000, 20)]);
    return { cold: longestGapMs(a.presented, at), hot: longestGapMs(b.presented, at) };
  };

  it('carry on when their relay is killed: through a second connection, or a departure path at the other relay', async () => {
    for (const which of ['hot', 'hot', 'cold'] as const) {
      await steady();
      const { relay, id } = await sessionOf(which);
      const killedAt = await group.signal(`relay:${relay}`, 'SIGKILL');
      const moved = await events.next('viewer.moved', `viewer/${id}`, killedAt);
      const gap = (await gaps(killedAt))[which];
      figure(`delivery relay killed, ${which}: longest gap between frames`, gap);
      expect(moved.data).to.include({ from_relay: relay, state: 'watching' });
      // It is told at once; on a busy machine its own watchdog may be as fast.
      expect(moved.data.why.reason).to.be.oneOf(['relay-lost', 'silence']);
      expect(moved.data.decide_ms).to.be.lessThan(500);
      expect(gap).to.be.lessThan(which === 'hot' ? 800 : 1_500);
      const told = (await pageOf(which).watched()).moves.at(-1);
      expect(told).to.include({ relay: moved.data.relay });
    }
    const text = await hot.page.locator('.sbx-moved').textContent();
    expect(text).to.match(/^Moved to relay-[12]: .+, (\d+ ms|without a gap)$/);
  });

  it('see a picture at once, then go on where everybody watches', async () => {
    const late = await watchCamera(watched?.browser as Browser, group, 'north');
    const { states } = await late.moving();
    figure(
      'first frame of a page that opens a warm camera, key frame every 2 s',
      states[0]?.firstFrameMs ?? Number.NaN,
    );
    expect(states[0]?.firstFrameMs).to.be.lessThan(1_500);
    await until('everybody to be on the program path', async () => (await paths()).every((path) => path === 'north'));
    await late.close();
  });

  it('are cut on a departure path as anywhere else', async () => {
    const client = await openWhepPage(watched?.browser as Browser);
    const opened = await client.open(`${group.url}/live/north/whep`, group.token());
    try {
      await client.moving();
      const departed = async () => (await paths()).filter((path) => path.startsWith('departure/north/')).length;
      await until('it alone to be on a departure path', async () => (await departed()) === 1);
      expect((await group.api('DELETE', `/api/v1/sessions/${opened.session}`)).status).to.equal(204);
      await until('the relay to have let it go', async () => (await departed()) === 0, 5_000);
    } finally {
      await client.close();
    }
  });

  it('stay on their departure path when their gateway is killed, and give it back when they leave', async () => {
    const client = await openWhepPage(watched?.browser as Browser);
    const departed = async () => (await paths()).filter((path) => path.startsWith('departure/north/'));
    /** Every departure path that is kept, also for those who may come. */
    const kept = async (): Promise<string[]> => {
      const lists = ['relay-1', 'relay-2'].map((relay) => group.askRelay(relay, 'paths/list'));
      const items: { name: string }[] = (await Promise.all(lists)).flatMap((list) => list.items);
      return items.map(({ name }) => name).filter((name) => name.startsWith('departure/north/'));
    };
    try {
      await until('every departure path to be free', async () => (await kept()).length === 4, 20_000);
      expect((await client.open(`${group.url}/live/north/whep`, group.token())).status).to.equal(201);
      await client.moving();
      await until('it alone to be on a departure path', async () => (await departed()).length === 1);
      const [path = ''] = await departed();
      const before = await kept();
      const killedAt = await group.kill('gateway');
      const oldAndNew = async () => {
        const now = await kept();
        const old = now.filter((one) => before.includes(one));
        return { old, fresh: now.length - old.length };
      };
      await until(
        'the new gateway to have taken back all others, and prepared its own',
        async () => {
          const { old, fresh } = await oldAndNew();
          return old.length === 1 && fresh >= 4;
        },
        30_000,
      );
      const { frames } = await client.moving(Date.now(), 30);
      const gap = longestGapMs(
        frames.map(({ at }) => at),
        killedAt,
      );
      figure('gateway killed, on a departure path: longest gap between frames', gap);
      expect(await departed()).to.include(path);
      expect(gap).to.be.lessThan(1_000);
      await group.ready();
      expect(await client.leave()).to.equal(200);
      await until('its path to be let go', async () => !(await kept()).includes(path), 5_000);
    } finally {
      await client.close();
    }
  });

  it('are known to have left when they did so while their gateway was away', async () => {
    const client = await openWhepPage(watched?.browser as Browser);
    try {
      const opened = await client.open(`${group.url}/live/north/whep`, group.token());
      await client.moving();
      const its = async () => (await group.api('GET', `/api/v1/sessions/${opened.session}`)).body;
      await until('it to watch', async () => (await its()).state === 'watching');
      const before = await group.pid('gateway');
      const killedAt = await group.signal('gateway', 'SIGKILL');
      await client.hangUp();
      await group.restarted('gateway', before);
      await group.ready();
      const left = await until(
        'its session to have lost its connection',
        async () => {
          const now = await its();
          return now.state === 'connecting' && now;
        },
        10_000,
      );
      figure('viewer left while the gateway was away: known after', left.since - killedAt);
      expect(left.why).to.include({ reason: 'seat-left' });
      expect(left.legs).to.deep.equal([]);
      expect((await group.api('DELETE', `/api/v1/sessions/${opened.session}`)).status).to.equal(204);
    } finally {
      await client.close();
    }
  });

  it('go by themselves when their relay hangs and nobody tells', async () => {
    await steady();
    const { relay } = await sessionOf('hot');
    const hungAt = await group.signal(`relay:${relay}`, 'SIGSTOP');
    try {
      const { hot: gap } = await gaps(hungAt);
      figure('delivery relay hangs, hot: longest gap between frames', gap);
      expect(gap).to.be.lessThan(1_000);
      expect((await hot.watched()).moves.at(-1)).to.include({ reason: 'silence' });
    } finally {
      await group.signal(`relay:${relay}`, 'SIGCONT');
    }
  });

  it('leave a relay that is drained without missing a frame, and it is empty then', async () => {
    await steady();
    const { relay, id } = await sessionOf('cold');
    const at = Date.now();
    expect((await group.api('POST', `/api/v1/relays/${relay}/drain`)).status).to.be.lessThan(300);
    try {
      const moved = await events.next('viewer.moved', `viewer/${id}`, at, 10_000);
      expect(moved.data.why).to.include({ reason: 'draining' });
      await events.next('relay.drained', `relay/${relay}`, at, 10_000);
      const gap = (await gaps(moved.at)).cold;
      figure('delivery relay drained, cold: longest gap between frames', gap);
      expect(gap).to.be.lessThan(600);
    } finally {
      await group.api('DELETE', `/api/v1/relays/${relay}/drain`);
    }
  });

  for (const [moment, legs] of [
    ['it has no picture yet', 1],
    ['it goes on from its departure path', 2],
  ] as const) {
    it(`open elsewhere at once when their relay is drained while ${moment}`, async () => {
      await steady();
      const late = await watchCamera(watched?.browser as Browser, group, 'north');
      const its = async () => {
        const session = (await late.watched()).sessions.at(-1);
        return session && (await group.api('GET', `/api/v1/sessions/${session}`)).body;
      };
      const begun = await until(`it to have ${legs} legs`, async () => {
        const found = await its();
        return found?.legs.length >= legs && found;
      });
      const at = Date.now();
      expect((await group.api('POST', `/api/v1/relays/${begun.relay}/drain`)).status).to.be.lessThan(300);
      try {
        // A player gives up a leg that shows nothing after 12 s.
        const there = async () => (await its()).relay !== begun.relay && (await its()).state === 'watching';
        await until('it to watch at the other relay', there, 8_000, 20);
        const movedAt = Date.now();
        const { presented } = await late.moving(movedAt, 20, 8_000);
        const first = presented.find((shown) => shown > at) ?? Number.NaN;
        figure(`relay drained while ${moment}: to its next frame`, first - at);
        expect(longestGapMs(presented, at)).to.be.lessThan(5_000);
        await events.next('relay.drained', `relay/${begun.relay}`, at, 10_000);
      } finally {
        await group.api('DELETE', `/api/v1/relays/${begun.relay}/drain`);
        await late.close();
      }
    });
  }

  for (const [how, signal] of [
    ['was killed', 'SIGKILL'],
    ['is cut off, and goes on when it is back', 'SIGSTOP'],
  ] as const) {
    it(`hold up no drain when their browser ${how}`, async () => {
      await steady();
      const browser = await startChromium();
      const late = await watchCamera(browser, group, 'north');
      await late.moving();
      const session = (await late.watched()).sessions.at(-1);
      const its = async () => (await group.api('GET', `/api/v1/sessions/${session}`)).body;
      const { relay } = await until('it to be known where it watches', async () => {
        const found = await its();
        return found.state === 'watching' && found;
      });
      const pids = await processesOf(browser);
      const signalAll = (name: NodeJS.Signals) => {
        for (const pid of pids) process.kill(pid, name);
      };
      signalAll(signal);
      const at = Date.now();
      try {
        expect((await group.api('POST', `/api/v1/relays/${relay}/drain`)).status).to.be.lessThan(300);
        // A relay notices after half a minute, and a move is given up after 20 s.
        const { at: emptyAt } = await events.next('relay.drained', `relay/${relay}`, at, 15_000);
        figure(`relay drained with a viewer on it whose browser ${how}: empty after`, emptyAt - at);
        if (signal === 'SIGSTOP') {
          signalAll('SIGCONT');
          const back = async () => (await its()).state === 'watching' && (await its()).relay !== relay;
          await until('it to watch at the other relay', back, 10_000);
          await late.moving(Date.now(), 20);
        }
      } finally {
        await group.api('DELETE', `/api/v1/relays/${relay}/drain`);
        await group.api('DELETE', `/api/v1/sessions/${session}`);
        if (signal === 'SIGSTOP') signalAll('SIGCONT');
        await browser.close();
      }
    });
  }

  it('are carried on when their gateway and their relay are killed together', async () => {
    await steady();
    const [first, second] = [await sessionOf('cold'), await sessionOf('hot')];
    const { relay } = first;
    const other = relay === 'relay-1' ? 'relay-2' : 'relay-1';
    const before = await group.pid('gateway');
    await group.signal('gateway', 'SIGKILL');
    const killedAt = await group.signal(`relay:${relay}`, 'SIGKILL');
    await group.restarted('gateway', before);
    const { cold: gap, hot: hotGap } = await gaps(killedAt);
    figure('gateway and delivery relay killed together, cold: longest gap between frames', gap);
    figure('gateway and delivery relay killed together, hot: longest gap between frames', hotGap);
    // It is at the other relay before any gateway could send it there.
    expect((await cold.watched()).moves.at(-1)).to.include({ reason: 'silence', relay: other });
    expect(gap).to.be.lessThan(3_500);
    for (const [which, { id }] of [
      ['cold', first],
      ['hot', second],
    ] as const) {
      const there = which === 'cold' || second.relay === relay ? other : second.relay;
      await until(
        'it to be known where it watches',
        async () => {
          const now = await sessionOf(which);
          return now.state === 'watching' && now.relay === there && now.legs.length === (which === 'cold' ? 1 : 2);
        },
        10_000,
      );
      expect((await sessionOf(which)).id, 'the same session').to.equal(id);
    }
  });

  it('are carried on by whichever relay is back first when every one has died', async () => {
    await steady();
    const sessions = [await sessionOf('cold'), await sessionOf('hot')].map(({ id }) => id);
    const before = await group.pid('relay:relay-2');
    await group.signal('relay:relay-1', 'SIGKILL');
    const killedAt = await group.signal('relay:relay-2', 'SIGKILL');
    await group.restarted('relay:relay-2', before);
    const gap = await gaps(killedAt);
    figure('every delivery relay killed, cold: longest gap between frames', gap.cold);
    figure('every delivery relay killed, hot: longest gap between frames', gap.hot);
    for (const [index, which] of (['cold', 'hot'] as const).entries()) {
      await until('it to watch', async () => (await sessionOf(which)).state === 'watching', 10_000);
      expect((await sessionOf(which)).id, 'the same session').to.equal(sessions[index]);
    }
  });

  it('go back to a relay that was away, whom it hurts least, and without missing a frame', async () => {
    await steady();
    const before = await group.pid('relay:relay-1');
    await group.signal('relay:relay-1', 'SIGKILL');
    await group.restarted('relay:relay-1', before);
    await steady();
    const [{ id, relay }, ready] = [await sessionOf('cold'), await sessionOf('hot')];
    expect([relay, ready.relay]).to.deep.equal(['relay-2', 'relay-2']);
    const settleWithin = (limits: object) => {
      const cameras = watched?.site.cameras();
      writeFileSync(group.group.config, JSON.stringify({ ...POOL, limits, cameras }));
    };
    settleWithin({ settled: '3s' });
    const moved = await events.next('viewer.moved', `viewer/${id}`, Date.now(), 30_000);
    settleWithin({});
    expect(moved.data).to.include({ from_relay: 'relay-2', relay: 'relay-1' });
    expect(moved.data.why).to.include({ reason: 'rebalance' });
    const gap = (await gaps(moved.at)).cold;
    figure('moved for the sake of balance, cold: longest gap between frames', gap);
    expect(gap).to.be.lessThan(600);
    expect((await cold.watched()).moves.at(-1)).to.include({ relay: 'relay-1', reason: 'rebalance' });
    expect((await sessionOf('hot')).relay).to.equal('relay-2');
  });

  it('have a journal from which a replay reaches the state of every one of them', async () => {
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});

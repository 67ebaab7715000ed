import { expect } from 'chai';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs, median, type Watcher, watchCamera } from '../fixtures/watcher.ts';

const ROUNDS = Number(process.env.SBX_ROUNDS ?? 3);

describe('viewers of a group with two delivery relays', function () {
  this.timeout(90_000);
  let watched: WatchedGroup | undefined;
  let group: TestGroup;
  let cold: Watcher;
  let hot: Watcher;

  before(async () => {
    const relays = [
      { id: 'relay-1', region: 'hcm', weight: 3 },
      { id: 'relay-2', region: 'hcm', weight: 3 },
    ];
    const picture = { fps: 30, gopSeconds: 2, bitrateBps: 1_500_000 };
    watched = await startWatchedGroup(['north'], { relays, regions: { default: 'hcm' } }, picture);
    ({ group, watcher: cold } = watched);
    hot = await watchCamera(watched.browser, group, 'north', { query: 'hot=1' });
    await hot.moving();
  });
  after(() => watched?.close());

  const sessions = async () => (await group.api('GET', '/api/v1/sessions')).body.items;
  const sessionOf = async (watcher: Watcher) => {
    const name = await watcher.page.evaluate('sessionOfPage');
    return (await sessions()).find(({ id }: { id: string }) => id === name);
  };

  it('runs', async () => {
    console.log(JSON.stringify(await sessions(), null, 1));
    void [sessionOf, median, expect, until, ROUNDS];
    await until('hot', async () => (await sessions()).some(({ legs }: { legs: string[] }) => legs.length === 2));
    const gaps: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const relay = (await sessions())[0].relay;
      const on = (await sessions()).map(({ relay: one }: { relay: string }) => one).join();
      const killedAt = await group.signal(`relay:${relay}`, 'SIGKILL');
      await new Promise((r) => setTimeout(r, 4000));
      const [c, h] = await Promise.all([cold.watched(), hot.watched()]);
      gaps.push(longestGapMs(c.presented, killedAt));
      console.log(on, relay, 'cold', longestGapMs(c.presented, killedAt), 'hot', longestGapMs(h.presented, killedAt));
      console.log(JSON.stringify((await sessions()).map((s: { relay: string; state: string; legs: string[]; why: object }) => [s.relay, s.state, s.legs, s.why])));
    }
    figure('cold', median(gaps));
    console.log(
      group
        .logs()
        .split('\n')
        .filter((l) => /"level":[45]0/.test(l))
        .slice(-10)
        .join('\n'),
    );
  });
});

import { expect } from 'chai';
import { command } from '../fixtures/command-line.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs, type Watcher } from '../fixtures/watcher.ts';

describe('a group with two delivery relays', function () {
  this.timeout(60_000);
  let watched: WatchedGroup | undefined;
  let group: TestGroup;
  let events: Follower;
  let watcher: Watcher;

  before(async () => {
    const relays = [
      { id: 'relay-1', region: 'hcm', weight: 3 },
      { id: 'relay-2', region: 'hanoi', weight: 3 },
    ];
    const regions = { default: 'hcm', networks: { '1.0.0.0/8': 'hanoi' } };
    watched = await startWatchedGroup(['north'], { relays, regions, http: { trusted_proxies: ['127.0.0.1'] } });
    ({ group, events, watcher } = watched);
  });
  after(() => watched?.close());

  const sessions = async () => (await group.api('GET', '/api/v1/sessions')).body.items;

  it('seats viewers by the network they come from, and says why', async () => {
    const ask = async (from: string) => {
      const headers = { authorization: `Bearer ${group.token()}`, 'x-forwarded-for': from };
      const answer = await fetch(`${group.url}/live/north/webrtc`, { headers });
      // biome-ignore lint/suspicious/noExplicitAny: the test reads what it knows is there
      return (await answer.json()) as any;
    };
    const near = await ask('14.1.2.3');
    expect(near.relay).to.equal('relay-1');
    const far = await ask('1.2.3.4');
    expect(far.relay).to.equal('relay-2');
    expect(far.why).to.deep.include({ trigger: 'placement' });
    expect(far.why.rejected).to.deep.equal([{ option: 'relay-1', because: 'it is in hcm, not in hanoi' }]);
    for (const { session_id } of [near, far]) await group.api('DELETE', `/api/v1/sessions/${session_id}`);
  });

  it('carries a picture on through the other relay when its own hangs', async () => {
    const [before] = await sessions();
    const hungAt = await group.signal(`relay:${before.relay}`, 'SIGSTOP');
    try {
      await until('the session to leave it', async () => (await sessions())[0].relay !== before.relay, 15_000);
      const { presented } = await watcher.moving(Date.now(), 30);
      figure('one of two delivery relays hangs: longest gap between frames', longestGapMs(presented, hungAt));
    } finally {
      await group.signal(`relay:${before.relay}`, 'SIGCONT');
    }
    await events.next('relay.serving', `relay/${before.relay}`, hungAt, 15_000);
  });

  it('tells in a drill what every viewer sees of the death of its relay, and can still cut a viewer that moved', async () => {
    const [session] = await sessions();
    const other = session.relay === 'relay-1' ? 'relay-2' : 'relay-1';
    const asked = ['drill', '--kill', session.relay, '--duration', '6s', '--json', '--state', group.state];
    const { code, out, err } = await command(asked);
    expect(code, err).to.equal(0);
    const drill = JSON.parse(out);
    expect(drill).to.include({ process: `relay:${session.relay}`, signal: 'SIGKILL' });
    expect(drill.back_ms).to.be.lessThan(6_000);
    expect(drill.events.map((event: { type: string }) => event.type)).to.include.members([
      'relay.dead',
      'relay.serving',
    ]);
    const [viewer] = drill.viewers;
    expect(viewer).to.include({ id: session.id, camera: 'north', relay_before: session.relay, relay_after: other });
    const { presented } = await watcher.moving(Date.now());
    figure('one of two delivery relays killed: longest gap between frames', longestGapMs(presented, drill.at));
    // The player's own figure and what this test saw on its page differ by a frame at most.
    expect(viewer.gap_ms).to.be.closeTo(longestGapMs(presented, drill.at), 70).and.lessThan(8_000);

    const at = Date.now();
    expect((await group.api('DELETE', `/api/v1/sessions/${session.id}`)).status).to.equal(204);
    await events.next('viewer.ended', `viewer/${session.id}`, at);
    const left = async () => (await group.askRelay(other, 'webrtcsessions/list')).items.length;
    await until('the relay to have nobody left', async () => (await left()) === 0, 5_000);
    const states = (await watcher.watched()).states.map(({ name }) => name);
    expect(states.at(-1)).to.equal('ended');
    expect(watcher.faults).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { command } from '../fixtures/command-line.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';

/** People whom an incident let in are cut within this time after it. */
const CUT_WITHIN_MS = 5_000;

describe('a drill of an emergency', function () {
  this.timeout(60_000);
  let group: TestGroup;
  let events: Follower;
  let incident: string;
  let session: string;
  /** Moments that are looked at again afterwards, epoch ms. */
  const moments = { running: 0, over: 0 };
  const minh = () => group.token({ sub: 'minh', role: 'viewer', zones: [] });
  const json = async (...argv: string[]) => {
    const { code, out, err } = await command([...argv, '--json', '--state', group.state]);
    expect(code, err).to.equal(0);
    return JSON.parse(out);
  };

  before(async () => {
    group = await startTestGroup({
      cameras: { gate: { zone: 'hcm/test', sources: ['rtsp://127.0.0.1:9/none'] } },
      destinations: { 'city-tv': { to: 'rtmp://127.0.0.1:9/live' } },
    });
    events = group.follow(0);
    await until('relays', async () => (await group.api('GET', '/readyz')).body.status !== 'down');
  });
  after(async () => {
    events?.close();
    await group?.stop();
  });

  it('opens its camera to the people that it names, and to nobody else', async () => {
    expect((await group.api('GET', '/live/gate/webrtc', undefined, minh())).status).to.equal(403);
    const about = ['--camera', 'gate', '--reason', 'fire in hall 2', '--for', '30m'];
    incident = (await json('incident', 'declare', ...about, '--let-in', 'minh', '--drill')).id;
    const active = await events.next('incident.active', `incident/${incident}`);
    expect(active.data.why.text).to.match(
      /^1 camera kept connected at the best quality and recorded, .*1 person let in$/,
    );
    const { status, body } = await group.api('GET', '/live/gate/webrtc', undefined, minh());
    expect(status).to.equal(200);
    session = body.session_id;
    const lan = group.token({ sub: 'lan', role: 'viewer', zones: [] });
    expect((await group.api('GET', '/live/gate/webrtc', undefined, lan)).status).to.equal(403);
  });

  it('goes on with its time when the gateway is killed', async () => {
    const before = await json('incident', 'list');
    await group.kill('gateway');
    const after = await until(
      'the gateway to answer',
      () => json('incident', 'list').catch(() => undefined),
      20_000,
      100,
    );
    expect(after.items).to.deep.equal(before.items);
    moments.running = Date.now();
  });

  it('cuts whom it had let in within five seconds of its end', async () => {
    const at = Date.now();
    await command(['incident', 'close', incident, '--state', group.state]);
    const ended = await events.next('viewer.ended', `viewer/${session}`, at, CUT_WITHIN_MS);
    figure('incident: from its end to its guest being cut', ended.at - at);
    expect((await group.api('GET', '/live/gate/webrtc', undefined, minh())).status).to.equal(403);
    moments.over = Date.now();
  });

  it('has marked all that it wrote as a drill, and pushed nothing', () => {
    const facts = events.heard.filter(({ subject }) => subject === `incident/${incident}`);
    expect(facts.map(({ type }) => type)).to.include.members([
      'incident.declared',
      'incident.active',
      'incident.closed',
    ]);
    for (const { data } of facts) expect(data.drill).to.equal(true);
    expect(events.heard.filter(({ type }) => type.startsWith('broadcast.'))).to.deep.equal([]);
  });

  it('is replayed from the log: who was in it while it ran, and how it ended', async () => {
    const replayed = async (at: number) => {
      const { first_difference, state } = await json('replay', '--at', String(at));
      expect(first_difference).to.equal(null);
      const of = (id: string) => state.find((view: { id: string }) => view.id === id);
      return { incident: of(incident), viewer: of(session) };
    };
    const then = await replayed(moments.running);
    expect(then.incident).to.include({ state: 'active' });
    expect(then.incident.context).to.deep.include({ drill: true, reason: 'fire in hall 2', cameras: ['gate'] });
    expect(then.incident.context.grants).to.deep.equal({ roles: [], subjects: ['minh'] });
    expect(then.viewer.tags).to.include('open');
    // What is over lives no more.
    expect(await replayed(moments.over)).to.deep.equal({ incident: undefined, viewer: undefined });
    const log = await command(['log', '--json', '--state', group.state]);
    expect(log.out).to.contain('closed by').and.to.contain('the incident is over');
  });
});

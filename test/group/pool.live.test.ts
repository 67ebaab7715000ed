import { expect } from 'chai';
import { pullBy } from '../../machines/policy/intake.ts';
import { command } from '../fixtures/command-line.ts';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { type Site, startSite } from '../fixtures/site.ts';

/** Names of cameras, one that each of two intakes pulls when both serve. */
function oneForEach(intakes: string[]): string[] {
  const standing = intakes.map((id) => ({
    ...{ id, weight: 1, state: 'serving', serving: true, placeable: true, draining: false, expected: false },
  }));
  const names = Array.from({ length: 50 }, (_, n) => `cam_${n}`);
  return intakes.map((intake) => names.find((name) => pullBy(name, standing).intake === intake) ?? '');
}

describe('a pool of two intakes and two delivery relays', function () {
  this.timeout(60_000);
  const [first = '', second = ''] = oneForEach(['intake-1', 'intake-2']);
  let site: Site;
  let group: TestGroup;
  let events: Follower;

  before(async () => {
    site = await startSite([first, second]);
    group = await startTestGroup({
      cameras: site.cameras(),
      relays: [
        { id: 'intake-1', role: 'intake' },
        { id: 'intake-2', role: 'intake' },
        { id: 'relay-1', region: 'hcm', weight: 3, max_readers: 2 },
        { id: 'relay-2', region: 'hanoi', weight: 3, max_readers: 1 },
      ],
    });
    events = group.follow(0);
    for (const camera of [first, second]) await events.next('camera.live', `camera/${camera}`, 0, 20_000);
  });
  after(async () => {
    events?.close();
    await group?.stop();
    await site?.close();
  });

  const relay = async (id: string) => (await group.api('GET', `/api/v1/relays/${id}`)).body;
  const toBe = (id: string, state: string) =>
    until(`${id} to be ${state}`, async () => (await relay(id)).state === state, 15_000);
  /** The cameras that an intake pulls, as it tells itself. */
  const pulledBy = async (intake: string): Promise<string[]> => {
    const { items } = await group.askRelay(intake, 'paths/list');
    return items.flatMap(({ name }: { name: string }) => /^in\/([^/]+)\//.exec(name)?.[1] ?? []);
  };
  const viewer = () => group.token({ sub: `viewer-${Math.random()}`, role: 'viewer', cameras: [first], zones: [] });

  it('pulls each camera through one intake', async () => {
    expect(await pulledBy('intake-1')).to.deep.equal([first]);
    expect(await pulledBy('intake-2')).to.deep.equal([second]);
  });

  it('carries the cameras of a killed intake on through the other one, and leaves the rest alone', async () => {
    const killedAt = await group.signal('relay:intake-1', 'SIGKILL');
    const { data } = await events.next('camera.live', `camera/${first}`, killedAt, 15_000);
    figure('one of two intakes killed: its camera is live again after', Number(data.since) - killedAt);
    expect(await pulledBy('intake-2')).to.have.members([first, second]);
    await toBe('intake-1', 'serving');
    expect(await pulledBy('intake-1')).to.deep.equal([]);
    const fell = events.heard.filter(({ subject, at }) => at >= killedAt && subject === `camera/${second}`);
    expect(fell).to.deep.equal([]);
  });

  it('gives the cameras of a drained intake to the other one, which it can do without afterwards', async () => {
    const { body } = await group.api('GET', `/live/${second}/rtsp`);
    const reader = await readProgram(body.rtsp_url);
    await until('pictures', () => reader.packets.length > 50);
    const [at, fromMs] = [Date.now(), performance.now()];
    const usual = reader.gapMs(0);
    const { code, out } = await command(['drain', 'intake-2', '--state', group.state]);
    expect(code).to.equal(0);
    expect(out).to.include('intake-2 is drained');
    await until('its cameras to be pulled by the other', async () => (await pulledBy('intake-1')).length === 2);
    await until('it to pull none', async () => (await pulledBy('intake-2')).length === 0);
    const pictures = reader.packets.length;
    await until('more pictures', () => reader.packets.length > pictures + 30);
    reader.close();
    await group.api('DELETE', `/api/v1/sessions/${body.session_id}`);
    figure('an intake is drained, 15 frames/s: longest gap between packets of its camera', reader.gapMs(fromMs));
    expect(reader.gapMs(fromMs), `usually ${usual} ms`).to.be.lessThan(Math.max(usual, 67) + 100);
    expect(reader.faults()).to.deep.equal([]);
    const facts = events.heard.filter((one) => one.at >= at && one.subject === `camera/${second}`);
    expect(facts, 'its camera has noticed nothing').to.deep.equal([]);
    const state = async (camera: string) => (await group.api('GET', `/api/v1/cameras/${camera}`)).body.state;
    for (const camera of [first, second])
      await until(`${camera} to be live`, async () => (await state(camera)) === 'live');
    await group.signal('relay:intake-2', 'SIGKILL');
    await until(
      'it to be back, and still to be drained',
      async () => {
        const { restarts } = (await group.processes()).find(({ name }) => name === 'relay:intake-2') ?? { restarts: 0 };
        return restarts === 1 && (await relay('intake-2')).state === 'drained';
      },
      15_000,
    );
    expect((await command(['drain', 'intake-2', '--undo', '--state', group.state])).out).to.include('serving');
  });

  it('finds out by itself that a delivery relay hangs, and knows it again when it goes on', async () => {
    const hungAt = await group.signal('relay:relay-2', 'SIGSTOP');
    const suspect = await events.next('relay.suspect', 'relay/relay-2', hungAt, 5_000);
    figure('a relay hangs: suspect after', Number(suspect.data.since) - hungAt);
    figure('a relay hangs: detect_ms of the fact', Number(suspect.data.detect_ms));
    expect(Number(suspect.data.since) - hungAt).to.be.lessThan(2_000);
    const dead = await events.next('relay.dead', 'relay/relay-2', hungAt, 5_000);
    expect(Number(dead.data.since) - hungAt).to.be.lessThan(5_000);
    await group.signal('relay:relay-2', 'SIGCONT');
    await events.next('relay.serving', 'relay/relay-2', hungAt, 10_000);
  });

  it('carries the cameras of an intake that hangs on through the other one', async () => {
    const [intake = '', other = ''] =
      (await pulledBy('intake-1')).length > 0 ? ['intake-1', 'intake-2'] : ['intake-2', 'intake-1'];
    const cameras = await pulledBy(intake);
    const hungAt = await group.signal(`relay:${intake}`, 'SIGSTOP');
    try {
      for (const camera of cameras) {
        const { at } = await events.next('camera.live', `camera/${camera}`, hungAt + 500, 15_000);
        figure('one of two intakes hangs: its camera is live again after', at - hungAt);
      }
      expect(await pulledBy(other)).to.include.members(cameras);
    } finally {
      await group.signal(`relay:${intake}`, 'SIGCONT');
    }
    await toBe(intake, 'serving');
    await until('it to have let its cameras go', async () => (await pulledBy(intake)).length === 0, 15_000);
  });

  it('takes viewers again after every delivery relay was lost at once', async () => {
    const killedAt = Date.now();
    await Promise.all(['relay-1', 'relay-2'].map((id) => group.signal(`relay:${id}`, 'SIGKILL')));
    await events.next('relay.dead', 'relay/relay-1', killedAt);
    for (const id of ['relay-1', 'relay-2']) await events.next('relay.serving', `relay/${id}`, killedAt, 15_000);
    const { status, body } = await group.api('GET', `/live/${first}/webrtc`);
    expect(status).to.equal(200);
    await group.api('DELETE', `/api/v1/sessions/${body.session_id}`);
  });

  it('takes no more viewers than the relays may carry, and tells the rest when to come back', async () => {
    const seats: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { status, body } = await group.api('GET', `/live/${first}/webrtc`, undefined, viewer());
      expect(status, JSON.stringify(body)).to.equal(200);
      seats.push(body.relay);
    }
    expect(seats).to.have.members(['relay-1', 'relay-1', 'relay-2']);
    const full = await group.api('GET', `/live/${first}/webrtc`, undefined, viewer());
    expect([full.status, full.body.reason, full.headers.get('retry-after')]).to.deep.equal([503, 'full', '5']);
  });

  it('drains a delivery relay that carries nobody, though some were let in and have not come', async () => {
    const at = Date.now();
    const { code, out, err } = await command(['drain', 'relay-2', '--state', group.state]);
    expect(code, err).to.equal(0);
    expect(out).to.include('relay-2 is drained');
    await events.next('relay.draining', 'relay/relay-2', at);
    await events.next('relay.drained', 'relay/relay-2', at);
    expect((await group.api('GET', '/readyz')).body.status).to.equal('ready');
  });
});

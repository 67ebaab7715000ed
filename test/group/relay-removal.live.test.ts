import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { groupFileName, group as groupShape } from '../../infra/group.ts';
import { ownerOf } from '../../machines/policy/ownership.ts';
import { command } from '../fixtures/command-line.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { byCell, readBooks, replayAgainstTheLiving } from '../fixtures/journal.ts';
import { makeState, untilReady } from '../fixtures/launcher/start.ts';
import { run, until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs } from '../fixtures/watcher.ts';

const RELAYS = [
  { id: 'intake-1', role: 'intake' },
  { id: 'intake-2', role: 'intake' },
  { id: 'relay-1', region: 'hcm' },
  { id: 'relay-2', region: 'hcm' },
];

const MORE = { regions: { default: 'hcm' }, limits: { relay_grace: '4s' } };

describe('a relay that is taken out of the file while people watch', function () {
  this.timeout(60_000);
  let watched: WatchedGroup | undefined;
  let group: TestGroup;
  let session: string;

  before(async () => {
    const picture = { fps: 30, gopSeconds: 2, bitrateBps: 1_500_000 };
    watched = await startWatchedGroup(['north'], { relays: RELAYS, ...MORE }, picture);
    ({ group } = watched);
    session = (await watched.watcher.watched()).sessions.at(-1) ?? '';
  });
  after(() => watched?.close());

  const house = () => watched as WatchedGroup;
  /** Saves the file with all relays but one. Resolves to when (epoch ms). */
  const save = (without?: string): number => {
    const relays = RELAYS.filter(({ id }) => id !== without);
    const config = { relays, ...MORE, cameras: house().site.cameras() };
    const at = Date.now();
    writeFileSync(group.group.config, JSON.stringify(config));
    return at;
  };
  const relays = async (): Promise<Record<string, string>> => {
    const { body } = await group.api('GET', '/api/v1/relays');
    return Object.fromEntries(body.items.map(({ id, state }: { id: string; state: string }) => [id, state]));
  };
  const seat = async (): Promise<string> => (await group.api('GET', `/api/v1/sessions/${session}`)).body.relay;
  /** Its process has ended on purpose, and is not begun again. */
  const hasEnded = async (relay: string) =>
    (await group.processes()).some(({ name, state }) => name === `relay:${relay}` && state === 'stopped');
  /** How many come to the RTSP port of a relay that has ended, while the picture moves on. */
  const comeTo = async (relay: string): Promise<number> => {
    const { rtsp, host } = group.group.relays.find(({ id }) => id === relay) ?? {};
    let come = 0;
    const door = net.createServer((socket) => {
      come += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => door.listen(rtsp, host, resolve));
    // Outputs and departure paths are tried again four times a second.
    const { presented } = await house().watcher.moving(Date.now(), 5);
    come = 0;
    await house().watcher.moving((presented.at(-1) ?? Date.now()) + 700, 5);
    await new Promise((resolve) => door.close(resolve));
    return come;
  };
  /** Paths at a relay that somebody sends something to; none at one that does not run. */
  const busyPaths = async (relay: string): Promise<string[]> => {
    if (await hasEnded(relay)) return [];
    const { items } = (await group.askRelay(relay, 'paths/list')) as {
      items: { name: string; source: object | null }[];
    };
    return items.filter(({ source }) => source !== null).map(({ name }) => name);
  };
  /** Everything serves, and the picture moves where everybody watches: it began on a path of its own. */
  const steady = async () => {
    const serve = async () => Object.values(await relays()).filter((state) => state === 'serving').length;
    await until('every relay to serve', async () => (await serve()) === RELAYS.length, 20_000);
    const settled = async () => {
      const { body } = await group.api('GET', `/api/v1/sessions/${session}`);
      return body.state === 'watching' && body.legs.length === 1;
    };
    await until('one connection to carry the picture', settled, 20_000);
    await house().watcher.moving(Date.now(), 10);
  };

  it('is left by its viewers without a gap, and is in no list, no health and no probe any more', async () => {
    await steady();
    const { events, watcher } = house();
    const relay = await seat();
    const at = save(relay);
    const { data: leaving } = await events.next('relay.draining', `relay/${relay}`, at, 5_000);
    expect(leaving.why).to.include({ reason: 'taken-out' });
    const moved = await events.next('viewer.moved', `viewer/${session}`, at, 10_000);
    expect(moved.data.why).to.include({ reason: 'draining' });
    const { data: removed } = await events.next('relay.removed', `relay/${relay}`, at, 10_000);
    expect(removed.why.text).to.match(/taken out of the configuration, and nobody is on it any more/);
    const gap = longestGapMs((await watcher.moving(moved.at + 1_000, 20)).presented, at);
    figure('a relay is taken out of the file, cold: longest gap between frames', gap);
    // Otherwise a key frame would have been waited for.
    expect(gap).to.be.lessThan(1_500);
    expect(Object.keys(await relays()))
      .to.have.length(3)
      .and.not.include(relay);
    expect((await group.api('GET', '/readyz')).body).to.include({ status: 'ready' });
    expect((await group.api('GET', '/metrics')).text).not.to.include(`signalbox_relay_load{relay="${relay}"}`);
    expect((await group.api('GET', '/api/v1/alarms')).body.items).to.deep.equal([]);
    expect((await group.api('GET', '/live/north/webrtc')).body.relay).not.to.equal(relay);
    await until('its process to have ended', () => hasEnded(relay));
  });

  it('comes back when it is written into the file again, and carries viewers as before', async () => {
    const { events, watcher } = house();
    const before = await seat();
    const back = before === 'relay-1' ? 'relay-2' : 'relay-1';
    const at = save();
    await events.next('relay.serving', `relay/${back}`, at, 10_000);
    await steady();
    const leftAt = save(before);
    await events.next('relay.removed', `relay/${before}`, leftAt, 15_000);
    expect(await seat()).to.equal(back);
    await watcher.moving(Date.now(), 20);
    save();
    await steady();
  });

  it('cuts who can not be told to leave when their time is over; their address opens the other one', async () => {
    await steady();
    const { events, watcher } = house();
    const { body: granted } = await group.api('GET', '/live/north/rtsp');
    const address = new URL(granted.rtsp_url);
    const reader = await readProgram(address.href);
    const its = async () => (await group.api('GET', `/api/v1/sessions/${granted.session_id}`)).body;
    await until('the reader to be known', async () => (await its()).state === 'watching');
    const { relay } = await its();
    const at = save(relay);
    const { data: leaving } = await events.next('relay.draining', `relay/${relay}`, at, 5_000);
    expect(leaving.why.text).to.match(/4 s at most/);
    const removed = await events.next('relay.removed', `relay/${relay}`, at, 15_000);
    expect(removed.data.why.text).to.match(/whoever had not left it after 4 s is cut/);
    expect(removed.at - at, 'it had all its time').to.be.greaterThan(3_900);
    await until('the reader to be cut', () => reader.dropped());
    const cut = await events.next('viewer.moving', `viewer/${granted.session_id}`, at, 5_000);
    expect(cut.data.why).to.include({ reason: 'relay-removed' });
    await until('its process to have ended', () => hasEnded(relay));
    expect(await comeTo(relay), 'nobody knocks where nothing is').to.equal(0);

    const other = await group.api('GET', '/live/north/rtsp');
    address.port = new URL(other.body.rtsp_url).port;
    const again = await readProgram(address.href);
    await until('a picture there', () => again.packets.length > 0);
    const moved = await events.next('viewer.moved', `viewer/${granted.session_id}`, at, 10_000);
    expect(moved.data).to.include({ from_relay: relay, state: 'watching' });
    again.close();
    for (const { session_id } of [granted, other.body]) await group.api('DELETE', `/api/v1/sessions/${session_id}`);
    await watcher.moving(Date.now(), 20);
    save();
    await steady();
  });

  it('hands its cameras over at a key frame when it is an intake', async () => {
    await steady();
    const { events, watcher } = house();
    const pulls = async (intake: string) => (await busyPaths(intake)).some((name) => name.startsWith('in/north/'));
    const intake = (await pulls('intake-1')) ? 'intake-1' : 'intake-2';
    const other = intake === 'intake-1' ? 'intake-2' : 'intake-1';
    const at = save(intake);
    await events.next('relay.removed', `relay/${intake}`, at, 15_000);
    expect([await pulls(intake), await pulls(other)]).to.deep.equal([false, true]);
    const heard = events.heard.filter((fact) => fact.at >= at && fact.subject === 'camera/north');
    expect(heard, 'its camera has noticed nothing').to.deep.equal([]);
    const gap = longestGapMs((await watcher.moving(Date.now(), 20)).presented, at);
    figure('an intake is taken out of the file: longest gap between frames', gap);
    // Otherwise a key frame would have been waited for.
    expect(gap).to.be.lessThan(1_500);
    save();
    await steady();
    expect(await pulls(intake), 'it is given none out of a running picture').to.equal(false);
  });

  it('is removed as it is when its gateway was killed while people left it', async () => {
    await steady();
    const { events } = house();
    const relay = await seat();
    const before = await group.pid('gateway');
    const at = save(relay);
    await events.next('relay.draining', `relay/${relay}`, at, 5_000);
    await group.signal('gateway', 'SIGKILL');
    await group.restarted('gateway', before);
    await group.ready();
    await until('it to be gone', async () => !(relay in (await relays())), 20_000);
    await house().watcher.moving(Date.now(), 20, 20_000);
  });

  it('leaves a journal from which a replay reaches the state of every cell', async () => {
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});

describe('a relay that is taken out of the file while nothing runs', function () {
  this.timeout(90_000);
  const state = makeState();
  const file = path.join(state.path, 'signalbox.yaml');
  after(() => state.close());

  /** Starts the group over a file with these delivery relays, asks, and ends it. */
  const whileRunning = async <T>(deliveries: string[], ask: () => Promise<T>): Promise<T> => {
    const listed = deliveries.map((id) => `  - { id: ${id} }\n`).join('');
    writeFileSync(file, `cameras: {}\nrelays:\n${listed}`, { mode: 0o600 });
    const launcher = path.resolve(import.meta.dirname, '../../infra/launcher.mjs');
    const args = [launcher, '--config', file, '--port', '0', '--state', state.path];
    const group = run(process.execPath as `/${string}`, args);
    try {
      await untilReady(group);
      return await ask();
    } finally {
      await group.stop('SIGTERM');
    }
  };
  const sbx = async (...argv: string[]) => (await command([...argv, '--state', state.path])).out;
  const standing = async () => {
    const { relays, ready } = JSON.parse(await sbx('status', '--json'));
    return {
      relays: relays.map(({ id, state: is }: Record<string, string>) => `${id} ${is}`).sort(),
      ready: ready.status,
    };
  };
  const serve =
    (...relays: string[]) =>
    async () => {
      const whole = relays.map((relay) => `${relay} serving`);
      await until('all relays to serve', async () => `${(await standing()).relays}` === `${whole}`, 30_000, 100);
      return standing();
    };

  it('is gone at the next start, and comes back when it is written in again', async () => {
    await whileRunning(['relay-1', 'relay-2'], serve('intake-1', 'relay-1', 'relay-2'));
    const without = await whileRunning(['relay-1'], async () => {
      const log = await sbx('log', '--since', '0', '--json');
      return { ...(await serve('intake-1', 'relay-1')()), log };
    });
    expect(without).to.include({ ready: 'ready' });
    expect(without.log).to.match(/relay\/relay-2.*nothing of it runs/);
    await whileRunning(['relay-1', 'relay-2'], serve('intake-1', 'relay-1', 'relay-2'));
  });
});

/** What a gateway of a group was told at its start. */
const readGroupFile = (state: string, gateway: number) =>
  groupShape.parse(JSON.parse(readFileSync(path.join(state, 'run', groupFileName(gateway)), 'utf8')));

describe('an intake that is taken out of the file, with the cameras of two gateways on it', function () {
  this.timeout(90_000);
  const cameras = ['cam_1', 'cam_2', 'cam_3', 'cam_4', 'cam_5'];
  const listed = [{ id: 'intake-1', role: 'intake' }, { id: 'intake-2', role: 'intake' }, { id: 'relay-1' }];
  let site: Site | undefined;
  let group: TestGroup | undefined;
  after(async () => {
    await group?.stop();
    await site?.close();
  });

  it('is empty when both have handed theirs over at a key frame', async () => {
    site = await startSite(cameras);
    const config = { gateways: 2, cameras: site.cameras(), relays: listed };
    group = await startTestGroup(config);
    const { askRelay, api, processes, group: started } = group;
    const events = group.follow(0);
    const areLive = async () => {
      const { body } = await api('GET', '/api/v1/cameras');
      return body.items.filter(({ state }: { state: string }) => state === 'live').length === cameras.length;
    };
    const isStopped = async (relay: string) =>
      (await processes()).some(({ name, state }) => name === `relay:${relay}` && state === 'stopped');
    const pulledBy = async (intake: string): Promise<number> => {
      if (await isStopped(intake)) return 0;
      const { items } = (await askRelay(intake, 'paths/list')) as { items: { name: string; ready: boolean }[] };
      return items.filter(({ name, ready }) => name.startsWith('in/') && ready).length;
    };
    const arePulled = async () => (await pulledBy('intake-1')) + (await pulledBy('intake-2')) === cameras.length;
    const nodes = [1, 2].map((number) => readGroupFile(started.state, number).node);
    // The second gateway is given its share of them soon after its start.
    const areShared = async () => {
      const cells = byCell((await readBooks(started)).entries);
      return cameras.every((camera) => {
        const { record } = cells.get(`camera/${camera}`)?.at(-1) ?? {};
        return record?.left !== true && record?.node === ownerOf({ kind: 'camera', id: camera }, nodes).owner;
      });
    };
    await until('each to be where it belongs', areShared, 20_000, 200);
    await until('each to be pulled, and live', async () => (await areLive()) && (await arePulled()), 30_000, 100);
    const intake = (await pulledBy('intake-1')) > 0 ? 'intake-1' : 'intake-2';
    const other = intake === 'intake-1' ? 'intake-2' : 'intake-1';
    const at = Date.now();
    writeFileSync(started.config, JSON.stringify({ ...config, relays: listed.filter(({ id }) => id !== intake) }));
    await events.next('relay.removed', `relay/${intake}`, at, 15_000);
    expect(await pulledBy(other)).to.equal(5);
    await until('nothing to be pulled there', async () => (await pulledBy(intake)) === 0);
    expect(await areLive()).to.equal(true);
    const heard = events.heard.filter((fact) => fact.at >= at && fact.subject.startsWith('camera/'));
    expect(heard, 'no camera has noticed').to.deep.equal([]);
  });
});

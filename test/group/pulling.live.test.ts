import { expect } from 'chai';
import type { LivePath } from '../../adapters/mediamtx.ts';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { replayAgainstTheLiving } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs, watchCamera } from '../fixtures/watcher.ts';

const RELAYS = [
  { id: 'intake-1', role: 'intake' },
  { id: 'relay-1', region: 'hcm' },
  { id: 'relay-2', region: 'hcm' },
  { id: 'far', region: 'danang', pull: true },
];

describe('a delivery relay that pulls programs, for viewers of a far region', function () {
  this.timeout(60_000);
  let watched: WatchedGroup | undefined;
  let group: TestGroup;

  before(async () => {
    const regions = { default: 'hcm', networks: { '127.0.0.0/8': 'danang' } };
    watched = await startWatchedGroup(['north', 'south'], { relays: RELAYS, regions }, { gopSeconds: 2 });
    ({ group } = watched);
  });
  after(() => watched?.close());

  const house = () => watched as WatchedGroup;
  const path = async (relay: string, name: string): Promise<LivePath> => group.askRelay(relay, `paths/get/${name}`);
  const far = async () => (await group.api('GET', '/api/v1/relays/far')).body;
  const session = async () => {
    const id = (await house().watcher.watched()).sessions.at(-1);
    return (await group.api('GET', `/api/v1/sessions/${id}`)).body;
  };
  /** Where the far relay reads a camera's program, as its own configuration has it. */
  const sourceOf = async (camera: string): Promise<string> => {
    const { source } = await group.askRelay('far', `config/paths/get/${camera}`);
    const { port } = new URL(source);
    return group.group.relays.find(({ rtsp }) => rtsp === Number(port))?.id ?? source;
  };

  it('tells from which relay it pulls, and why from that', async () => {
    const { upstream, state } = await far();
    expect(state).to.equal('serving');
    expect(upstream).to.include({ relay: 'relay-1' });
    expect(upstream.why.text).to.equal('it pulls programs from relay-1');
    expect(upstream.why.rejected).to.deep.equal([{ option: 'relay-2', because: 'as good, later by name' }]);
  });

  it('carries a viewer there, and not a byte of a camera that nobody watches there', async () => {
    await house().watcher.moving(Date.now(), 10);
    expect((await session()).relay).to.equal('far');
    await until('it to go on from its departure path', async () => (await path('far', 'north')).inboundBytes > 0);
    const idle = await path('far', 'south');
    expect(idle).to.include({ available: false, inboundBytes: 0 });
    expect(idle.readers).to.deep.equal([]);
    expect((await path('relay-1', 'south')).inboundBytes, 'the switcher feeds the others').to.be.greaterThan(0);
    expect((await path('relay-1', 'south')).readers).to.deep.equal([]);
  });

  it('shows a viewer who comes there the first picture of a camera that it has to pull first', async () => {
    const at = Date.now();
    const { close, moving } = await watchCamera(house().browser, group, 'south');
    const { frames } = await moving(at, 1);
    figure('first frame of a page at a relay that has to pull it, GOP 2 s', (frames[0]?.at ?? Number.NaN) - at);
    const departures = async () => {
      const { items } = (await group.askRelay('far', 'paths/list')) as { items: LivePath[] };
      return items.filter(({ name, available }) => name.startsWith('departure/south/') && available).length;
    };
    expect(await departures(), 'it began with stored pictures').to.equal(1);
    await until('it to go on from there', async () => (await departures()) === 0);
    expect((await path('far', 'south')).inboundBytes).to.be.greaterThan(0);
    await close();
    const pulls = async () => (await path('far', 'south')).available;
    await until('it to pull no more once nobody watches', async () => !(await pulls()), 25_000, 200);
    expect((await path('relay-1', 'south')).readers).to.deep.equal([]);
  });

  it('carries pictures on from another relay when the one that it pulls from is killed', async () => {
    const { events, watcher } = house();
    await watcher.moving(Date.now(), 10);
    const at = await group.signal('relay:relay-1', 'SIGKILL');
    const { data } = await events.next('relay.upstream', 'relay/far', at, 5_000);
    expect(data).to.include({ upstream: 'relay-2', from_upstream: 'relay-1' });
    expect((data.why as { text: string }).text).to.match(/from relay-2, for relay-1 can give them no more/);
    const { presented } = await watcher.moving(at + 2_000, 10);
    const gap = longestGapMs(presented, at);
    figure('the relay that a far one pulls from is killed: longest gap between frames', gap);
    // Otherwise a key frame would have been waited for, or the relay itself, which tries again after 5 s.
    expect(gap).to.be.lessThan(1_500);
    await until('it to be given every path anew', async () => (await sourceOf('south')) === 'relay-2');
    expect(await sourceOf('north')).to.equal('relay-2');

    const { body } = await group.api('GET', '/live/north/rtsp');
    expect(new URL(body.rtsp_url).port, 'new viewers go there').to.equal(
      String(group.group.relays.find(({ id }) => id === 'far')?.rtsp),
    );
    const reader = await readProgram(body.rtsp_url);
    await until('pictures there', () => reader.packets.length > 20);
    reader.close();
  });

  it('stays where it pulls from when the other one is back, and goes there when its own is drained', async () => {
    const { events, watcher } = house();
    await until('relay-1 to serve', async () => {
      const { body } = await group.api('GET', '/api/v1/relays/relay-1');
      return body.state === 'serving';
    });
    expect((await far()).upstream.relay).to.equal('relay-2');
    const at = Date.now();
    expect((await group.api('POST', '/api/v1/relays/relay-2/drain')).status).to.equal(202);
    const { data } = await events.next('relay.upstream', 'relay/far', at, 5_000);
    expect(data).to.include({ upstream: 'relay-1', from_upstream: 'relay-2' });
    await until('its paths to lead there', async () => (await sourceOf('north')) === 'relay-1');
    await watcher.moving(Date.now(), 10);
    await group.api('DELETE', '/api/v1/relays/relay-2/drain');
  });

  it('has a path for every camera again when its own process was killed', async () => {
    const { events } = house();
    const at = await group.kill('relay:far');
    await events.next('relay.serving', 'relay/far', at, 15_000);
    for (const camera of ['north', 'south']) expect(await sourceOf(camera)).to.equal('relay-1');
    const { body } = await group.api('GET', '/live/south/rtsp');
    const reader = await readProgram(body.rtsp_url);
    await until('pictures there', () => reader.packets.length > 20);
    reader.close();
  });

  it('writes no token down, and leaves a journal from which a replay reaches the state of every cell', async () => {
    expect(group.logs()).not.to.match(/token=ey/);
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { command } from '../../fixtures/command-line.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { freePort } from '../../fixtures/process.ts';
import { type Site, startSite } from '../../fixtures/site.ts';

describe('signalbox check-ice', () => {
  let site: Site;
  let group: TestGroup;
  let turnPort: number;

  before(async function () {
    this.timeout(90_000);
    site = await startSite(['gate']);
    turnPort = await freePort();
    const turn = { urls: [`turn:127.0.0.1:${turnPort}?transport=tcp`], secret_file: '/dev/null' };
    group = await startTestGroup({ cameras: site.cameras(), ice: { tcp: true, turn } });
    const events = group.follow(0);
    await events.next('camera.live', 'camera/gate', 0, 20_000);
    events.close();
  });
  after(async function () {
    this.timeout(20_000);
    await group?.stop();
    await site?.close();
  });

  it('plays a picture over UDP and over TCP, and says so with the time that it took', async function () {
    this.timeout(60_000);
    const ran = await command(['check-ice', 'gate', '--state', group.state, '--json']);
    expect(ran.code, ran.err + ran.out).to.equal(0);
    const { ways } = JSON.parse(ran.out);
    const { webrtcUdp } = group.group.relays.find(({ role }) => role === 'delivery') ?? {};
    for (const kind of ['udp', 'tcp']) {
      const way = ways.find((one: { kind: string }) => one.kind === kind);
      expect(way, ran.out).to.include({ came: 'works' });
      expect(way.where).to.deep.equal([`127.0.0.1:${webrtcUdp}`]);
      expect(way.ms).to.be.greaterThan(0);
    }
  });

  it('leaves no session behind', async () => {
    const { body } = await group.api('GET', '/api/v1/sessions');
    expect(body.items.filter(({ state }: { state: string }) => state !== 'ended')).to.deep.equal([]);
  });

  it('fails, and says why, where nothing can be watched', async function () {
    this.timeout(30_000);
    const ran = await command(['check-ice', 'nobody', '--state', group.state]);
    expect(ran.code).to.equal(1);
    expect(ran.err).to.match(/nobody|camera/);
  });
});

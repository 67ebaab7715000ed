import { expect } from 'chai';
import { RelayAway } from '../../adapters/mediamtx/exchange.ts';
import { relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { type LivePath, type Mediamtx, type PathConfig, RelayRefused } from '../../adapters/mediamtx.ts';
import { until } from '../fixtures/process.ts';

/** A relay that keeps paths in memory and notes every write. */
function fakeRelay(standing: Record<string, PathConfig> = {}, available: string[] = []) {
  const configs = new Map(Object.entries(standing));
  const writes: string[] = [];
  const faults: { away: boolean; refused?: string; instance: string } = { away: false, instance: 'first' };
  let inFlight = 0;
  let mostInFlight = 0;
  const write = async (what: string, apply: () => void) => {
    inFlight++;
    mostInFlight = Math.max(mostInFlight, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight--;
    if (faults.away) throw new RelayAway('relay intake-1 is away');
    if (faults.refused && what.includes(faults.refused)) throw new RelayRefused('no such thing', 400);
    writes.push(what);
    apply();
  };
  const look = async <T>(items: T[]): Promise<T[]> => {
    if (faults.away) throw new RelayAway('relay intake-1 is away');
    return items;
  };
  const api = {
    relay: 'intake-1',
    info: async () => ({ version: 'v1', started: faults.instance }),
    pathConfigs: () => look([...configs].map(([name, config]) => ({ name, ...config }))),
    paths: () =>
      look<LivePath>(
        available.map((name) => ({
          ...{ name, available: true, outboundBytes: 0, inboundBytes: 1, source: null, readers: [] },
        })),
      ),
    replacePath: (name: string, config: PathConfig) => write(`put ${name}`, () => configs.set(name, config)),
    async deletePath(name: string) {
      const had = configs.has(name);
      await write(`delete ${name}`, () => configs.delete(name));
      return had;
    },
  } as unknown as Mediamtx;
  return { api, configs, writes, faults, mostInFlight: () => mostInFlight };
}

const camera: PathConfig = { source: 'rtsp://127.0.0.1:9/a', rtspTransport: 'tcp' };
const never = (detail: string) => expect.fail(`refused: ${detail}`);

describe('the paths of a relay', () => {
  it('are put when wanted and deleted when dropped, one write at a time', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    for (let n = 0; n < 5; n++) paths.want(`in/cam_${n}/0`, camera, never);
    await until('five paths', () => relay.configs.size === 5);
    paths.drop('in/cam_3/0');
    await until('four paths', () => relay.configs.size === 4);
    expect(relay.mostInFlight()).to.equal(1);
    expect(relay.configs.has('in/cam_3/0')).to.equal(false);
  });

  it('that deliver are left untouched when a gateway takes them up again', async () => {
    const relay = fakeRelay({ 'in/cam_1/0': { ...camera, overridePublisher: true } }, ['in/cam_1/0']);
    const paths = relayPaths(relay.api);
    paths.want('in/cam_1/0', camera, never);
    expect(await paths.restore()).to.equal(1);
    expect(relay.writes).to.deep.equal([]);
  });

  it('are left untouched when they go to another gateway and come back, whoever had looked before', async () => {
    const relay = fakeRelay({}, ['in/cam_1/0']);
    const [one, two] = [relayPaths(relay.api), relayPaths(relay.api)];
    await two.restore(); // it looks while there is nothing
    one.want('in/cam_1/0', camera, never);
    await until('the path', () => relay.configs.size === 1);
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      from.leave('in/cam_1/0');
      to.lookAgain();
      to.want('in/cam_1/0', camera, never);
      await to.restore();
    }
    expect(relay.writes).to.deep.equal(['put in/cam_1/0']);
  });

  it('that stand but bring nothing, or pull from elsewhere, are made anew', async () => {
    const relay = fakeRelay(
      {
        'in/asleep/0': { ...camera, sourceOnDemandCloseAfter: '10s' },
        'in/moved/0': { ...camera, source: 'rtsp://127.0.0.1:9/old', sourceOnDemandCloseAfter: '10s' },
      },
      ['in/moved/0'],
    );
    const paths = relayPaths(relay.api);
    paths.want('in/asleep/0', camera, never);
    paths.want('in/moved/0', camera, never);
    await until('both to be written', () => relay.writes.length === 2);
    // The relay makes a path anew only when something in it is different.
    expect(relay.configs.get('in/asleep/0')?.sourceOnDemandCloseAfter).to.equal('11s');
    expect(relay.configs.get('in/moved/0')?.source).to.equal(camera.source);
  });

  it('are made anew each time they are wanted, even when the drop before was overtaken', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    let before: string | undefined;
    for (let n = 1; n <= 5; n++) {
      paths.drop('in/cam_1/0');
      paths.want('in/cam_1/0', camera, never);
      await until('the write', () => relay.writes.length === n);
      const now = relay.configs.get('in/cam_1/0')?.sourceOnDemandCloseAfter;
      expect(now).not.to.equal(before);
      before = now;
    }
    expect(relay.writes.every((what) => what === 'put in/cam_1/0')).to.equal(true);
  });

  it('that take a publisher are left untouched when they are wanted anew, and made anew when they change', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    for (const overridePublisher of [false, false, true]) {
      paths.want('in/cam_1/0', { source: 'publisher', overridePublisher }, never);
      await paths.restore();
    }
    expect(relay.writes).to.deep.equal(['put in/cam_1/0', 'put in/cam_1/0']);
  });

  it('that pull on demand take another token once nobody watches, and are cut for nothing but another place', async () => {
    const read = ['cam_1'];
    const relay = fakeRelay({}, read);
    const api = { ...relay.api, path: async (name: string) => ({ name, available: read.includes(name) }) as LivePath };
    const paths = relayPaths(api, undefined, 5);
    const pull = (host: string, token: string) =>
      paths.want(
        'cam_1',
        { source: `rtsp://${host}/cam_1?token=${token}`, rtspTransport: 'tcp', sourceOnDemand: true },
        never,
      );
    const source = () => relay.configs.get('cam_1')?.source;
    pull('127.0.0.1:1', 'a');
    await until('the path', () => source() === 'rtsp://127.0.0.1:1/cam_1?token=a');
    pull('127.0.0.1:1', 'b');
    paths.want('in/later/0', camera, never);
    await until('what was wanted after it', () => relay.configs.has('in/later/0'));
    expect(source(), 'somebody watches').to.equal('rtsp://127.0.0.1:1/cam_1?token=a');
    read.length = 0;
    await until('nobody to watch', () => source() === 'rtsp://127.0.0.1:1/cam_1?token=b');
    read.push('cam_1');
    pull('127.0.0.1:2', 'c');
    await until('it to be read elsewhere', () => source() === 'rtsp://127.0.0.1:2/cam_1?token=c');
    paths.close();
  });

  it('that are wanted and dropped before their turn cost no write', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    paths.want('in/first/0', camera, never);
    paths.want('in/cam_1/0', camera, never);
    paths.drop('in/cam_1/0');
    paths.want('in/last/0', camera, never);
    await until('the last path', () => relay.configs.has('in/last/0'));
    expect(relay.writes.filter((what) => what.startsWith('put'))).to.deep.equal(['put in/first/0', 'put in/last/0']);
  });

  it('come back by themselves when the relay was away for a moment', async () => {
    const relay = fakeRelay();
    relay.faults.away = true;
    const paths = relayPaths(relay.api);
    paths.want('in/cam_1/0', camera, never);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(relay.writes).to.deep.equal([]);
    relay.faults.away = false;
    await until('the path', () => relay.configs.has('in/cam_1/0'));
    paths.close();
  });

  it('are all put again into a relay that started anew, and only then is it done', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    for (let n = 0; n < 3; n++) paths.want(`in/cam_${n}/0`, camera, never);
    await until('three paths', () => relay.configs.size === 3);
    relay.configs.clear();
    expect(await paths.restore()).to.equal(3);
    expect(relay.configs.size).to.equal(3);
  });

  it('are written once when the relay is met and provisioned in the same moment', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    for (let n = 0; n < 3; n++) paths.want(`in/cam_${n}/0`, camera, never);
    expect(await paths.restore('first')).to.equal(3);
    expect(relay.writes).to.have.length(3);
    relay.configs.clear();
    expect(await paths.restore('second')).to.equal(3);
    expect(relay.configs.size).to.equal(3);
  });

  it('that were dropped while the relay was anew cost nothing', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    for (let n = 0; n < 3; n++) paths.want(`in/cam_${n}/0`, camera, never);
    await until('three paths', () => relay.configs.size === 3);
    relay.configs.clear();
    relay.writes.length = 0;
    const restoring = paths.restore('second');
    for (let n = 0; n < 3; n++) paths.drop(`in/cam_${n}/0`);
    expect(await restoring).to.equal(0);
    expect(relay.writes).to.deep.equal([]);
  });

  it('tell the caller of a restore that the relay is away', async () => {
    const relay = fakeRelay();
    const paths = relayPaths(relay.api);
    paths.want('in/cam_1/0', camera, never);
    await until('the path', () => relay.configs.size === 1);
    relay.faults.away = true;
    let told: unknown;
    await paths.restore().catch((error) => {
      told = error;
    });
    expect(told).to.be.instanceOf(RelayAway);
    paths.close();
  });

  it('tell who wants a path that the relay refuses it, and go on with the others', async () => {
    const relay = fakeRelay();
    relay.faults.refused = 'cam_1';
    const refusals: string[] = [];
    const paths = relayPaths(relay.api);
    paths.want('in/cam_1/0', camera, (detail) => refusals.push(detail));
    paths.want('in/cam_2/0', camera, never);
    await until('the other path', () => relay.configs.has('in/cam_2/0'));
    expect(refusals).to.deep.equal(['no such thing']);
  });

  it('that nobody wants any more are swept, and what is not ours stays', async () => {
    const relay = fakeRelay({ 'in/gone/0': camera, 'in/cam_1/0': camera, elsewhere: camera }, [
      'in/gone/0',
      'in/cam_1/0',
    ]);
    const paths = relayPaths(relay.api);
    paths.want('in/cam_1/0', camera, never);
    expect(await paths.sweep(/^in\//)).to.deep.equal(['in/gone/0']);
    expect([...relay.configs.keys()]).to.deep.equal(['in/cam_1/0', 'elsewhere']);
  });

  it('are recorded on in a new file when that is turned off and on again at once, and else written once', async () => {
    const relay = fakeRelay();
    const recorded: unknown[] = [];
    const { replacePath } = relay.api;
    relay.api.replacePath = (name, config) => {
      if (name === 'in/gate/0') recorded.push(config.record);
      return replacePath(name, config);
    };
    const paths = relayPaths(relay.api);
    paths.want('in/gate/0', camera, never);
    paths.record('in/gate/0', true);
    await until('it to be recorded', () => relay.configs.get('in/gate/0')?.record === true);
    recorded.length = 0;
    paths.record('in/gate/0', false);
    paths.record('in/gate/0', true);
    await until('it to be recorded anew', () => recorded.length === 2);
    paths.record('in/gate/0', true);
    paths.want('in/later/0', camera, never);
    await until('what was wanted after it', () => relay.configs.has('in/later/0'));
    expect(recorded).to.deep.equal([false, true]);
    paths.close();
  });

  it('that are recorded to a disk which hangs are let go of once it takes writes, the others meanwhile', async () => {
    const relay = fakeRelay();
    let isHung = false;
    const paths = relayPaths(relay.api, async () => !isHung);
    paths.want('in/gate/0', camera, never);
    paths.record('in/gate/0', true);
    await until('it to be recorded', () => relay.configs.get('in/gate/0')?.record === true);
    isHung = true;
    relay.writes.length = 0;
    paths.record('in/gate/0', false);
    paths.want('in/gate/0', camera, never);
    paths.want('in/yard/0', camera, never);
    await until('the other one', () => relay.configs.has('in/yard/0'));
    paths.drop('in/gate/0');
    expect(relay.writes).to.deep.equal(['put in/yard/0']);
    isHung = false;
    await until('it to be gone', () => !relay.configs.has('in/gate/0'));
    paths.close();
  });

  it('are asked about one by one where the relay can’t list them, because one of them hangs', async () => {
    const relay = fakeRelay({ 'in/gate/0': { ...camera, overridePublisher: true }, 'in/yard/0': camera });
    const api = {
      ...relay.api,
      paths: () => Promise.reject(new RelayAway('no answer')),
      path: async (name: string) => ({ name, available: name === 'in/gate/0' }) as LivePath,
    };
    const paths = relayPaths(api);
    for (const name of ['in/gate/0', 'in/yard/0']) paths.want(name, camera, never);
    expect(await paths.restore()).to.equal(2);
    expect([...new Set(relay.writes)]).to.deep.equal(['put in/yard/0']);
    paths.close();
  });
});

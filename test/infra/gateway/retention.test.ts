import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openSpool, type Spool } from '../../../bus/carriers/spool.ts';
import { id } from '../../../bus/identity.ts';
import { keepRetention, type Retention, sweep } from '../../../infra/gateway/retention.ts';
import { whileMakingRoom } from '../../../infra/gateway/room.ts';
import { type FakeHouse, fakeHouse } from '../../fakes/house.ts';
import { answers, feeds, flows, holds } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';
import { someRecord } from '../../fixtures/records.ts';

const DAY_MS = 86_400_000;
const PLENTY = { keepMs: 30 * DAY_MS, maxBytes: 1e9 };

describe('retention', () => {
  let house: FakeHouse;
  const cam = (name: string) => ({ kind: 'camera' as const, id: id(name) });
  const viewer = { kind: 'viewer' as const, id: id('v_1') };
  const pass = (days: number) => {
    house.clock.now += days * DAY_MS;
  };
  const run = (bounds = PLENTY) => sweep(house.store, bounds, house.clock.now);
  const kept = () => house.store.records().map(({ record }) => `${record.cell} ${record.heard[0]?.type}`);
  const configure = (name: string) => {
    const sources = [{ id: id('0'), url: 'rtsp://192.0.2.7/a' }];
    const settings = { name, zone: 'hcm/center', sources, keep: 'warm', eye: true };
    return house.roster.create(cam(name), { type: 'camera.configured', settings });
  };
  const flicker = async (name: string, times: number) => {
    for (let n = 0; n < times; n++) {
      house.clock.now += 1_000;
      for (const event of [flows(), feeds('0', { from: 'slate' })]) await house.roster.offer(cam(name), event);
      house.clock.now += 1_000;
      await house.roster.offer(cam(name), { type: 'source.silent', source: '0', silent_ms: 900 });
      await house.roster.offer(cam(name), holds('0', 'silent'));
    }
  };

  beforeEach(async () => {
    house = fakeHouse();
    await configure('cam_a');
    await house.roster.offer(cam('cam_a'), answers());
    const subject = { sub: 'vera', role: 'viewer', cameras: ['cam_a'], zones: [], iat: 1 };
    await house.roster.create(viewer, {
      type: 'viewer.requested',
      ...{ camera: 'cam_a', zone: 'hcm/center', subject, protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
      ...{ expires_at: house.clock.now + DAY_MS, held: 0, quota: 5, relay: 'relay-1', standby: '' },
    });
  });

  it('keeps everything that is young enough', async () => {
    pass(29);
    const before = house.store.records();
    expect((await run()).troubles).to.deep.equal([]);
    expect(house.store.records()).to.deep.equal(before);
    expect(house.store.told().length).to.be.greaterThan(0);
  });

  it('forgets what is too old, but never the last of what lives, which goes on behind its fence', async () => {
    await house.roster.offer(viewer, { type: 'viewer.closed' });
    await flicker('cam_a', 1);
    pass(31);
    const last = house.store.records().findLast(({ record }) => record.kind === 'camera');
    await run();
    expect(house.store.records()).to.deep.equal([last]);
    expect(house.store.told()).to.deep.equal([]);
    await flicker('cam_a', 1);
    expect(house.troubles).to.deep.equal([]);
    const successor = house.successor();
    expect(await successor.roster.adopt()).to.equal(1);
    const living = JSON.parse(JSON.stringify(house.roster.view(cam('cam_a'))));
    expect(successor.roster.view(cam('cam_a'))).to.deep.equal(living);
  });

  it('keeps a viewer that still watches, and what a cell was at the edge, so that it replays from there', async () => {
    pass(20);
    await flicker('cam_a', 1);
    pass(20);
    await flicker('cam_a', 1);
    await run();
    expect(kept()).to.deep.equal([
      'cam_a probe.answered',
      'v_1 viewer.requested',
      'cam_a source.flowing',
      'cam_a program.switched',
      'cam_a source.silent',
      'cam_a program.holding',
      'cam_a source.flowing',
      'cam_a program.switched',
      'cam_a source.silent',
      'cam_a program.holding',
    ]);
  });

  it('forgets the oldest when there is too much, down to what is alive', async () => {
    await flicker('cam_a', 100);
    await until('all facts', () => house.store.told().length > 150);
    const full = (await run()).bytes;
    const half = await run({ ...PLENTY, maxBytes: full / 2 });
    expect(half.bytes).to.be.within(full / 4, full / 2);
    expect(half.troubles).to.deep.equal([]);
    expect(kept().at(-1)).to.equal('cam_a program.holding');
    const nothing = await run({ ...PLENTY, maxBytes: 10 });
    expect(nothing.troubles.join()).to.match(/what is alive alone takes \d+ bytes.*raise it/);
    expect(kept()).to.deep.equal(['v_1 viewer.requested', 'cam_a program.holding']);
  });

  describe('of a store that has no room', () => {
    let folder: string;
    let spool: Spool;
    let retention: Retention | undefined;
    beforeEach(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'sbx-retention-'));
      await flicker('cam_a', 100);
      const { journal, facts } = house.store;
      house.store.set('full');
      spool = await openSpool({ journal, facts, file: path.join(folder, 'spool'), retryMs: 1 });
      await spool.journal.append(someRecord('cam_b', 1), 0);
    });
    afterEach(async () => {
      retention?.close();
      house.store.set('here');
      await spool.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const shelves = () => ({ journal: spool.journal, facts: spool.facts, keeper: house.store.keeper });
    const onFault = (error: Error) => {
      throw error;
    };

    it('makes room though no lease can be written, and at once when the configuration keeps less', async () => {
      let bounds = { keepMs: 1e15, maxBytes: 1e9 };
      const swept: number[] = [];
      retention = keepRetention({
        ...shelves(),
        ...{ leases: house.store.leases, node: 'gate-1', bounds: () => bounds, forgetMore: async () => {}, onFault },
        onSwept: ({ bytes }) => void swept.push(bytes),
      });
      await until('the first sweep', () => swept.length === 1);
      retention.review();
      bounds = { ...bounds, maxBytes: (swept[0] as number) / 2 };
      retention.review();
      await until('the second sweep', () => swept.length === 2);
      expect(swept[1]).to.be.at.most(bounds.maxBytes);
    });

    it('makes it for a gateway that starts, which could not come up before there is some', async () => {
      const { bytes } = (await house.store.keeper.holdings()).journal;
      const bounds = { keepMs: 1e15, maxBytes: bytes / 2 };
      const parts = { ...shelves(), bounds: () => bounds, onFault, everyMs: 1 };
      // There is room again once the oldest has been forgotten.
      await whileMakingRoom(spool.drained(), { ...parts, onWait: () => house.store.set('here') });
      expect((await house.store.keeper.holdings()).journal.bytes).to.be.lessThan(bytes);
      expect(house.store.records().at(-1)?.record.cell).to.equal('cam_b');
    });

    it('is waited for by a start only until that is over: what serves is not called waiting later', async () => {
      const parts = { ...shelves(), bounds: () => PLENTY, onFault };
      const told: string[] = [];
      await whileMakingRoom(Promise.resolve(), { ...parts, everyMs: 2, onWait: () => told.push('first') });
      let enough = () => {};
      const work = new Promise<void>((resolve) => {
        enough = resolve;
      });
      const onWait = () => {
        told.push('second');
        enough();
      };
      await whileMakingRoom(work, { ...parts, everyMs: 10, onWait });
      expect(told).to.deep.equal(['second']);
    });
  });

  it('tells what the store has lost, which nobody forgot', async () => {
    await flicker('cam_a', 3);
    house.store.lose(2, 1);
    expect((await run()).troubles).to.deep.equal([
      'sequences 1 to 2 of the journal are lost: their files were damaged or deleted',
      'sequences 1 to 1 of the facts are lost: their files were damaged or deleted',
    ]);
  });
});

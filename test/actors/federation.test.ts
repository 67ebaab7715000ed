import { expect } from 'chai';
import { NoSuchCell } from '../../actors/cells.ts';
import { memoryStore } from '../../bus/carriers/memory.ts';
import type { Envelope } from '../../bus/envelope.ts';
import { type Id, id } from '../../bus/identity.ts';
import { JournalAway, JournalFull } from '../../bus/ports/faults.ts';
import type { Journal, JournalEntry, Receipt } from '../../bus/ports/journal.ts';
import { ownerOf } from '../../machines/policy/ownership.ts';
import { configured } from '../fakes/configured.ts';
import { type FakeGateway, fakeGatewayOf } from '../fakes/gateways.ts';
import { answers } from '../fakes/source.ts';
import { until } from '../fixtures/process.ts';
import { all, rejection } from '../fixtures/records.ts';

const GATEWAYS = ['gate-1', 'gate-2'];
const requested = {
  type: 'viewer.requested',
  camera: 'cam_1',
  zone: 'hcm/airport',
  subject: { sub: 'ana', role: 'viewer', cameras: ['cam_1'], zones: [], iat: 1 },
  protocol: 'webrtc',
  quality: 'auto',
  address: '127.0.0.1',
  expires_at: 1_900_000_000_000,
  held: 0,
  quota: 5,
  relay: 'relay-1',
  standby: '',
};
/** A camera that falls to a gateway when both live. */
const cameraOf = (gateway: string): { kind: 'camera'; id: Id } => {
  for (let index = 1; ; index++) {
    const at = { kind: 'camera' as const, id: id(`cam_${index}`) };
    if (ownerOf(at, GATEWAYS).owner === gateway) return at;
  }
};
const first = cameraOf('gate-1');
const second = cameraOf('gate-2');
const session = { kind: 'viewer' as const, id: id('ses_1') };

describe('several gateways', () => {
  let store: ReturnType<typeof memoryStore>;
  let members: Set<string>;
  let one: FakeGateway;
  let two: FakeGateway;
  beforeEach(async () => {
    store = memoryStore();
    members = new Set<string>();
    one = await fakeGatewayOf(store, members, 'gate-1');
    two = await fakeGatewayOf(store, members, 'gate-2');
  });

  it('show and change any camera at any of them, and it lives at one', async () => {
    const { view } = await one.cells.create(second, configured);
    expect(view.state).to.equal('connecting');
    expect(two.house.roster.has(second)).to.equal(true);
    expect(one.house.roster.has(second)).to.equal(false);
    await until('the other one to see it', () => one.cells.view(second) !== undefined);
    expect(one.cells.view(second)).to.deep.equal(JSON.parse(JSON.stringify(two.cells.view(second))));
    expect(one.cells.list('camera').map((camera) => camera.id)).to.deep.equal([second.id]);
    const offered = await one.cells.offer(second, { type: 'camera.removed' });
    expect(offered.view.state).to.equal(two.cells.view(second)?.state);
    expect(one.cells.view(second)?.tags).to.include('over');
  });

  it('hear of each other again when what one follows ends, as in a store that changes its servers', async () => {
    let interrupt = () => {};
    const journal: Journal = {
      ...store.journal,
      async follow(after, hear) {
        const { close, ended } = await store.journal.follow(after, hear);
        const interrupted = new Promise<Error>((resolve) => {
          interrupt = () => {
            close();
            resolve(new Error('no suitable peers'));
          };
        });
        return { close, ended: Promise.race([ended.then(() => new Promise<undefined>(() => {})), interrupted]) };
      },
    };
    const three = await fakeGatewayOf(store, members, 'gate-3', { journal });
    for (const gateway of [one, two, three]) await gateway.beat();
    interrupt();
    await one.cells.create(first, configured);
    await until('the lost word to be noticed', () => {
      three.house.runLater();
      return three.cells.view(first);
    });
  });

  it('see each other again when the store has lost its end', async () => {
    await one.cells.create(first, configured);
    await one.cells.offer(first, { type: 'source.chosen', source: '0' });
    await until('the other one to see it', () => two.cells.view(first) !== undefined);
    store.cutOff(1, 1);
    await one.cells.offer(first, { type: 'camera.removed' });
    await until('the other one to see it end', () => two.cells.view(first)?.tags.includes('over'));
    expect([one, two].flatMap(({ house }) => house.troubles)).to.deep.equal([]);
  });

  it('make a session where it was asked for, and answer for it everywhere', async () => {
    await one.cells.create(session, requested);
    await until('the other one to see it', () => two.cells.view(session) !== undefined);
    const { view } = await two.cells.offer(session, { type: 'viewer.revoked', by: 'root', reason: 'enough' });
    expect(view).to.include({ kind: 'viewer', state: 'ended' });
    expect(one.house.roster.view(session)?.state).to.equal('ended');
    expect(two.cells.view(session)?.state).to.equal('ended');
    two.house.runLater();
    expect(two.cells.view(session), 'ended sessions are forgotten').to.equal(undefined);
  });

  it('show what an older program wrote at another one as today’s does', async () => {
    await two.cells.create(session, requested);
    await until('the other one to see it', () => one.cells.view(session) !== undefined);
    const [entry] = (await all(store.journal.lasts('viewer'))) as [JournalEntry];
    const { context, ...state } = entry.record.after as { context: Record<string, unknown> };
    const { standby: _, ...older } = context;
    const record = {
      ...entry.record,
      id: 'older',
      version: 1,
      heard: [],
      said: [],
      after: { ...state, context: older },
    };
    const { seq } = await store.journal.append(record, entry.seq);
    await one.mirror.reached(seq);
    expect(one.cells.view(session)?.context).to.deep.equal(context);
  });

  it('tell what went wrong at the other as if it had been here', async () => {
    await two.cells.create(second, configured);
    await until('the other one to see it', () => one.cells.view(second) !== undefined);
    expect((await rejection(one.cells.offer(second, { type: 'camera.explode' }))).message).to.contain('camera.explode');
    expect(await rejection(one.cells.offer(first, { type: 'camera.removed' }))).to.be.instanceOf(NoSuchCell);
    expect((await rejection(one.cells.create(second, configured))).name).to.equal('CellExists');
  });

  it('take up what a killed one held, in its state and above its epoch, and pictures go on', async () => {
    await two.cells.create(second, configured);
    two.house.slots.probe.held().report(answers());
    await two.cells.create(session, requested);
    await until('both to be seen', () => one.cells.view(session) !== undefined && one.cells.view(second) !== undefined);
    const before = two.house.roster.epoch(second);
    two.kill();
    await one.beat();
    expect(one.house.roster.has(second) && one.house.roster.has(session)).to.equal(true);
    expect(one.house.slots.intake.held().input).to.include({ camera: second.id });
    expect(one.house.roster.epoch(second)).to.be.greaterThan(before);
    expect(two.house.slots.intake.held().input, 'nobody took the effect away').to.include({ camera: second.id });
  });

  const losses: Record<string, () => Promise<Receipt>> = {
    'no answer came': () => Promise.reject(new JournalAway('no acknowledgement within 800 ms')),
    'it waited in the spool': () => Promise.resolve({ seq: 0, spooled: true }),
  };
  for (const [how, answer] of Object.entries(losses)) {
    it(`take up what was claimed all the same, though ${how}`, async () => {
      const journal: Journal = {
        ...store.journal,
        async append(record, expected) {
          const receipt = await store.journal.append(record, expected);
          return record.id.endsWith('-r0') ? answer() : receipt;
        },
      };
      const three = await fakeGatewayOf(store, members, 'gate-3', { journal });
      await two.cells.create(second, configured);
      await until('it to be seen', () => three.cells.view(second));
      one.kill();
      two.kill();
      await three.beat();
      expect(three.house.roster.has(second), 'whether it is its own is not known yet').to.equal(false);
      await until('the claim to come round', () => three.mirror.holder(second) === 'gate-3');
      await three.beat();
      expect(three.house.roster.has(second)).to.equal(true);
      three.house.slots.probe.held().report(answers());
      await until('it to write', () => store.records().at(-1)?.record.heard.length === 1);
      expect(three.mirror.entries(), 'it is not seen from afar').to.deep.equal([]);
      expect(three.house.troubles).to.deep.equal([]);
    });
  }

  it('take up again what a former life of theirs has still written after they looked, and while nobody followed', async () => {
    await two.cells.create(second, configured);
    two.kill();
    const [entry] = (await all(store.journal.lasts('camera'))) as [JournalEntry];
    const again = await fakeGatewayOf(store, members, 'gate-2');
    expect(again.house.roster.has(second)).to.equal(true);
    again.mirror.rest();
    await store.journal.append({ ...entry.record, id: 'late-r2', heard: [], said: [] }, entry.seq);
    again.house.slots.probe.held().report(answers());
    await until('its record to be refused', () => !again.house.roster.has(second));
    await until('it to be looked for', () => again.mirror.holder(second) === 'gate-2');
    await again.beat();
    expect(again.house.roster.has(second)).to.equal(true);
    again.house.slots.probe.held().report(answers());
    await until('it to write', () => store.records().at(-1)?.record.heard.length === 1);
  });

  it('know at once what a former life of theirs has still written, and tell what it said', async () => {
    await two.cells.create(second, configured);
    await until('it to be told', () => store.told().length > 0);
    two.kill();
    const [entry] = (await all(store.journal.lasts('camera'))) as [JournalEntry];
    const [fact] = entry.record.said as [Envelope];
    const again = await fakeGatewayOf(store, members, 'gate-2');
    const said = [{ ...fact, id: 'late-2.0' }];
    const { seq } = await store.journal.append({ ...entry.record, id: 'late-r2', said }, entry.seq);
    await again.mirror.reached(seq);
    expect(again.house.roster.has(second), 'what it knows is old').to.equal(false);
    await again.beat();
    expect(again.house.roster.has(second)).to.equal(true);
    expect(store.told().at(-1)?.envelope.id).to.equal('late-2.0');
  });

  it('keep what they have taken up again, though word of who had it meanwhile comes late', async () => {
    await two.cells.create(second, configured);
    const [entry] = store.records() as [JournalEntry];
    const follow: Journal['follow'] = async (after, hear) => {
      tell = hear;
      return store.journal.follow(after, () => {});
    };
    let tell = (_entry: JournalEntry) => {};
    const three = await fakeGatewayOf(store, members, 'gate-3', { journal: { ...store.journal, follow } });
    one.kill();
    two.kill();
    await three.beat();
    expect(three.house.roster.has(second)).to.equal(true);
    tell(entry);
    expect(three.house.roster.has(second)).to.equal(true);
    expect(three.house.troubles).to.deep.equal([]);
  });

  it('tell what a dead one had said of what is over, also where the store did not answer the first time', async () => {
    await two.cells.create(session, { ...requested, subject: { ...requested.subject, cameras: [] } });
    await until('it to be seen', () => one.cells.view(session)?.tags.includes('over'));
    await until('it to be told', () => store.told().length > 0);
    const last = (await store.journal.last(session)) as JournalEntry;
    const [fact] = last.record.said as [Envelope];
    const said = [{ ...fact, id: 'late-2.0' }];
    const { seq } = await store.journal.append({ ...last.record, id: 'late-r2', said }, last.seq);
    await one.mirror.reached(seq);
    two.kill();
    store.set('deaf');
    await one.beat();
    store.set('here');
    await one.beat();
    expect(store.told().at(-1)?.envelope.id).to.equal('late-2.0');
  });

  it('say that a journal does not answer, or is full, wherever it was asked', async () => {
    const faults = [new JournalAway('away'), new JournalFull('full', 10_023)];
    await two.cells.create(second, configured);
    await until('it to be seen', () => one.cells.view(second) !== undefined);
    for (const fault of faults) {
      two.house.roster.offer = () => Promise.reject(fault);
      expect(await rejection(one.cells.offer(second, { type: 'camera.removed' }))).to.be.instanceOf(fault.constructor);
    }
  });

  it('let exactly one of two write for a camera that both claim', async () => {
    await two.cells.create(second, configured);
    const lasts = await all(store.journal.lasts());
    const three = await fakeGatewayOf(store, new Set(), 'gate-3');
    const claims = await Promise.all([one.house.roster.adopt(lasts), three.house.roster.adopt(lasts)]);
    expect(claims.toSorted()).to.deep.equal([0, 1]);
    await until('the former owner to let go', () => !two.house.roster.has(second));
    expect([one, two, three].filter(({ house }) => house.roster.has(second))).to.have.length(1);
  });

  it('lose nothing to a former owner that comes back: it writes nothing, and lets go with its effects running', async () => {
    await two.cells.create(second, configured);
    await until('it to be seen', () => one.cells.view(second) !== undefined);
    two.mirror.close(); // it hears nothing for a while
    members.delete('gate-2');
    await one.beat();
    const records = store.records().length;
    const late = await rejection(two.house.roster.offer(second, { type: 'audience.joined', viewer: 'v1' }));
    expect(late.name).to.equal('CellDown');
    expect(store.records()).to.have.length(records);
    expect(two.house.roster.has(second)).to.equal(false);
    expect(two.house.slots.probe.all.map(({ end }) => end)).to.deep.equal(['detached']);
    expect(two.house.troubles).to.have.length(1);
  });

  it('go on at both sides of a partition, and only the side that was adopted from is refused when it heals', async () => {
    two.kill();
    let healed = Promise.resolve();
    let heal = () => {};
    const journal: Journal = {
      ...store.journal,
      append: async (record, expected) => {
        await healed;
        return store.journal.append(record, expected);
      },
    };
    const far = await fakeGatewayOf(store, members, 'gate-2', { journal });
    await far.cells.create(second, configured);
    await until('it to be seen', () => one.cells.view(second) !== undefined);
    healed = new Promise((resolve) => {
      heal = resolve;
    });
    far.mirror.close();
    members.delete('gate-2');
    far.house.slots.probe.held().report(answers());
    expect(far.house.slots.intake.isHeld(), 'it brings its pictures all the same').to.equal(true);
    await one.beat();
    one.house.slots.probe.held().report(answers());
    await until('the adopter to write', () => store.records().at(-1)?.record.heard.length === 1);
    heal();
    await until('it to let go', () => !far.house.roster.has(second));
    const records = store.records().filter(({ record }) => record.cell === second.id);
    expect(records.map(({ record }) => record.node)).to.deep.equal(['gate-2', 'gate-1', 'gate-1']);
    expect(far.house.slots.intake.all.at(-1)?.end).to.equal('detached');
  });

  it('hand a share over to one that joins and stays, a few cells at a time', async () => {
    two.kill();
    const cameras = Array.from({ length: 30 }, (_, index) => ({ kind: 'camera' as const, id: id(`cam_${index}`) }));
    for (const camera of cameras) await one.cells.create(camera, configured);
    const again = await fakeGatewayOf(store, members, 'gate-2');
    const due = cameras.filter((camera) => ownerOf(camera, GATEWAYS).owner === 'gate-2');
    const moved = () => due.filter((camera) => again.house.roster.has(camera)).length;
    for (let beat = 0; beat < 4; beat++) await one.beat();
    await again.beat();
    expect(moved(), 'it might be gone again').to.equal(0);
    for (let beat = 0; beat < due.length && moved() < due.length; beat++) {
      const before = moved();
      await one.beat();
      await until('what was let go of to be seen', () => again.mirror.entries().length >= 30 - before);
      await again.beat();
      expect(moved() - before).to.be.within(1, 4);
    }
    expect(moved()).to.equal(due.length);
    expect(cameras.filter((camera) => one.house.roster.has(camera))).to.have.length(30 - due.length);
  });

  it('begin nothing after a pause until the right to act is proved', async () => {
    let prove = () => {};
    let proof: Promise<void> | undefined;
    const paused = await fakeGatewayOf(memoryStore(), new Set(), 'gate-1', { proof: () => proof });
    proof = new Promise((resolve) => {
      prove = resolve;
    });
    await paused.house.roster.create(first, configured);
    expect(paused.house.slots.probe.isHeld()).to.equal(false);
    prove();
    await until('the probe', () => paused.house.slots.probe.isHeld());
  });
});

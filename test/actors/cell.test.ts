import { expect } from 'chai';
import { replay } from '../../actors/replay.ts';
import { memoryStore } from '../../bus/carriers/memory.ts';
import type { Envelope } from '../../bus/envelope.ts';
import { id } from '../../bus/identity.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import { JournalAway, TooLarge } from '../../bus/ports/faults.ts';
import type { Heard, Journal, JournalEntry, JournalRecord } from '../../bus/ports/journal.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import { cameraMachine } from '../../machines/camera.ts';
import { configured } from '../fakes/configured.ts';
import { type FakeHouse, fakeHouse } from '../fakes/house.ts';
import { answers, fails, feeds, flows } from '../fakes/source.ts';
import { until } from '../fixtures/process.ts';

const at = { kind: 'camera' as const, id: id('cam_001') };
const answered = answers();
const flowing = flows();
const silent = { type: 'source.silent', source: '0', silent_ms: 900 };

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const cameraOf = (house: FakeHouse) => house.roster.view(at)?.context as unknown as CameraContext;
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a cell', () => {
  it('writes down what it hears, then tells what follows from it', async () => {
    const house = fakeHouse();
    const { view } = await house.roster.create(at, configured);
    expect(view.state).to.equal('connecting');
    expect(house.store.records().map(({ record }) => record.heard.map((heard) => heard.type))).to.deep.equal([
      ['camera.configured'],
    ]);
    await until('the fact', () => house.store.told().length === 1);
    const fact = house.store.told()[0]?.envelope;
    expect(fact).to.include({ type: 'signalbox.camera.connecting', subject: 'camera/cam_001' });
    expect(fact?.causeid).to.equal(house.store.records()[0]?.record.heard[0]?.id);
  });

  it('hears the reports of its adapters through the same door', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.slots.probe.held().report(answered);
    house.slots.program.held().report(flowing);
    house.slots.program.held().report(feeds());
    expect(house.roster.view(at)?.state).to.equal('live');
    await until('both records', () => house.store.records().flatMap(({ record }) => record.heard).length === 4);
  });

  it('moves at once and waits for nobody while the journal is away', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.store.set('hung');
    house.slots.probe.held().report(answered);
    house.slots.program.held().report(flowing);
    house.slots.program.held().report(feeds());
    expect(house.roster.view(at)?.state).to.equal('live');
    await settled();
    expect(house.store.told().map(({ envelope }) => envelope.type)).to.not.include('signalbox.camera.live');
    house.store.set('here');
    await until('the fact', () => house.store.told().some(({ envelope }) => envelope.type === 'signalbox.camera.live'));
  });

  it('tells every fact once, in order, when nobody took them for a while, as with a disk that is full, and goes on as one', async () => {
    const store = memoryStore();
    let takes = true;
    const tell: Facts['tell'] = async (fact) => {
      if (!takes) throw new JournalAway('the journal is away and the disk is full');
      return store.facts.tell(fact);
    };
    const house = fakeHouse(store, undefined, { facts: { ...store.facts, tell } });
    await house.roster.create(at, configured);
    takes = false;
    house.slots.probe.held().report(answered);
    house.slots.program.held().report(flowing);
    house.slots.program.held().report(feeds());
    const { length: written } = house.store.records();
    await until('it to be written', () => house.store.records().length > written);
    await settled();
    takes = true;
    house.slots.program.held().report({ type: 'source.silent', source: '0', silent_ms: 900 });
    await settled();
    house.runLater();
    await settled();
    const said = house.store.records().flatMap(({ record }) => record.said.map((fact) => fact.id));
    expect(said).to.have.length.greaterThan(2);
    expect(house.store.told().map(({ envelope }) => envelope.id)).to.deep.equal(said);
    expect(house.troubles).to.deep.equal([]);
    expect(house.slots.program.all).to.have.length(1);
  });

  it('stays one, with what it holds, when a report of an adapter finds the store refusing', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.store.set('away');
    house.slots.probe.held().report(answered);
    await settled();
    house.store.set('here');
    house.runLater();
    await settled();
    expect(house.slots.program.all).to.have.length(1);
    house.slots.program.held().report(flowing);
    house.slots.program.held().report(feeds());
    await until('it to be written', () => house.store.records().length > 2);
    expect(house.roster.view(at)?.state).to.equal('live');
    expect(house.troubles).to.deep.equal([]);
  });

  it('coalesces what arrives while a record is being written', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.store.set('hung');
    const offers = Array.from({ length: 20 }, (_, i) =>
      house.roster.offer(at, { type: 'audience.joined', viewer: `v${i}` }),
    );
    house.store.set('here');
    await Promise.all(offers);
    expect(house.store.records().length).to.equal(3);
  });

  it('refuses what it does not hear, and nothing changes', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    for (const event of [
      { type: 'camera.explode' },
      { type: '__proto__' },
      { ...fails(), reason: 'because' },
      { type: 'audience.joined', viewer: '*' },
    ]) {
      const error = await house.roster.offer(at, event).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error, JSON.stringify(event)).to.be.instanceOf(Error);
    }
    expect(house.store.records().length).to.equal(1);
  });

  it('drops the last words of an adapter whose state was left', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const probe = house.slots.probe.held();
    probe.report(answered);
    probe.report(fails());
    await settled();
    expect(house.roster.view(at)?.context).to.have.property('state', 'connecting');
    const heard = house.store.records().flatMap(({ record }) => record.heard.map((one) => one.type));
    expect(heard).to.not.include('probe.failed');
  });

  it('comes back after a crash in its state, with its slots invoked and its deadline armed', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.slots.probe.held().report(answered);
    await until('the record', () => house.store.records().length === 2);
    const deadline = cameraOf(house).standings['0']?.deadline;
    const next = house.successor();
    expect(await next.roster.adopt()).to.equal(1);
    expect(asJson(next.roster.view(at)?.context)).to.deep.equal(asJson(house.roster.view(at)?.context));
    expect(next.slots.intake.held().input).to.include({ camera: 'cam_001', source: '0' });
    expect(next.slots.alarm.held().input).to.deep.equal({ name: 'opening:0', at: deadline, asOf: house.clock.now });
  });

  it('goes on with what it holds when it first hears something after a crash, and lets go of it in its time', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.slots.probe.held().report(answered);
    await until('the record', () => house.store.records().length === 2);
    const next = house.successor();
    await next.roster.adopt();
    const begun = () => [next.slots.program, next.slots.intake, next.slots.alarm].map(({ all }) => all.length);
    expect(begun()).to.deep.equal([1, 1, 1]);
    next.slots.program.held().report(flowing);
    expect(begun(), 'nothing is begun anew').to.deep.equal([1, 1, 1]);
    expect(next.slots.alarm.all[0]?.end, 'it waits for its picture no more').to.equal('released');
    next.slots.program.held().report(feeds());
    expect(next.roster.view(at)?.state).to.equal('live');
    await next.roster.offer(at, { type: 'camera.removed' });
    expect(next.slots.program.all[0]?.end).to.equal('released');
  });

  it('that heard nothing since a crash is let go of as it is, its effects going on', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const next = house.successor();
    await next.roster.adopt();
    expect(await next.roster.handOver(at)).to.equal(true);
    expect(next.slots.program.all[0]?.end).to.equal('detached');
    const [first, left] = next.store.records().map(({ record }) => record);
    expect(left).to.include({ left: true });
    expect(left?.after).to.deep.equal(first?.after);
  });

  it('tells after a crash what the journal holds and nobody was told', async () => {
    const house = fakeHouse();
    const tell = house.store.facts.tell;
    house.store.facts.tell = () => new Promise(() => {});
    await house.roster.create(at, configured);
    house.store.facts.tell = tell;
    expect(house.store.told()).to.deep.equal([]);
    const next = house.successor();
    await next.roster.adopt();
    expect(house.store.told().map(({ envelope }) => envelope.type)).to.deep.equal(['signalbox.camera.connecting']);
    await house.successor().roster.adopt();
    expect(house.store.told().length).to.equal(1);
  });

  it('tells after a crash what was said just before it, among thousands that were over long before', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    await house.roster.offer(at, { type: 'camera.removed' });
    const { untold_after: _told, ...record } = (house.store.records().at(-1) as JournalEntry).record;
    const [removed, fact] = [record.heard[0], record.said[0]] as [Heard, Envelope];
    const ended = (n: number, agoMs: number): JournalEntry => {
      const cell = id(`cam_${n}`);
      const heard = [{ ...removed, at: removed.at - agoMs }];
      return {
        seq: n,
        record: { ...record, cell, heard, said: [{ ...fact, id: `f${n}`, subject: `camera/${cell}` }] },
      };
    };
    house.clock.now += 2 * 86_400_000;
    const store = memoryStore();
    // When each was written is when it was heard: 3,000 of them more than half a minute before the last.
    const seqAt = async () => 3_000;
    const next = fakeHouse({ ...store, journal: { ...store.journal, seqAt } }, house.clock);
    const long = Array.from({ length: 3_000 }, (_, n) => ended(n, 3_600_000 - n));
    expect(await next.roster.adopt([...long, ended(3_000, 40_000), ended(3_001, 20_000), ended(3_002, 0)])).to.equal(0);
    expect(next.store.told().map(({ envelope }) => envelope.id)).to.deep.equal(['f3001', 'f3002']);
    expect(next.troubles).to.deep.equal([]);
  });

  /** Facts of which some are not taken the first time, though what comes after them is. */
  const factsLosing = (facts: Facts, isLost: (told: number) => boolean): Facts => {
    let told = 0;
    const tell: Facts['tell'] = (envelope) =>
      isLost(told++)
        ? settled().then(() => Promise.reject(new JournalAway('no acknowledgement within 2000 ms')))
        : facts.tell(envelope);
    return { ...facts, tell };
  };

  it('tells its facts in order where the store loses one, as when its leader dies, and takes the next', async () => {
    const store = memoryStore();
    const house = fakeHouse(store, undefined, { facts: factsLosing(store.facts, (told) => told === 1) });
    await house.roster.create(at, configured);
    for (const event of [answered, flowing, feeds(), silent]) await house.roster.offer(at, event);
    await settled();
    house.runLater();
    await settled();
    const said = store.records().flatMap(({ record }) => record.said.map((fact) => fact.id));
    expect(said.length).to.be.greaterThan(2);
    expect(store.told().map(({ envelope }) => envelope.id)).to.deep.equal(said);
  });

  it('tells after a crash what several records had to say, where the journal took them and the store of facts nothing', async () => {
    const store = memoryStore();
    const house = fakeHouse(store, undefined, { facts: factsLosing(store.facts, (told) => told > 0) });
    await house.roster.create(at, configured);
    for (const event of [answered, flowing, feeds(), silent]) await house.roster.offer(at, event);
    await house.roster.offer(at, { type: 'audience.joined', viewer: 'v1' });
    expect(store.told()).to.have.length(1);
    await house.successor().roster.adopt();
    const said = store.records().flatMap(({ record }) => record.said.map((fact) => fact.id));
    expect(said.length).to.be.greaterThan(2);
    expect(store.told().map(({ envelope }) => envelope.id)).to.deep.equal(said);
  });

  it('tells after a crash what it heard before an outage and wrote down after it', async () => {
    const store = memoryStore();
    const other = { kind: 'camera' as const, id: id('cam_002') };
    const house = fakeHouse(store, undefined, { facts: factsLosing(store.facts, (told) => told > 1) });
    await house.roster.create(at, configured);
    await house.roster.create(other, configured);
    store.set('hung');
    const late = [answered, flowing, feeds()].map((event) => house.roster.offer(at, event));
    house.clock.now += 60_000;
    const recent = house.roster.offer(other, answered);
    store.set('here');
    await Promise.all([...late, recent]);
    await house.successor().roster.adopt();
    const said = store.records().flatMap(({ record }) => (record.cell === at.id ? record.said : []));
    expect(said.length).to.be.greaterThan(1);
    const told = store.told().filter(({ envelope }) => envelope.subject === `camera/${at.id}`);
    expect(told.map(({ envelope }) => envelope.id)).to.deep.equal(said.map((fact) => fact.id));
  });

  it('stops when another gateway writes its journal: the fence has one owner', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const next = house.successor();
    await next.roster.adopt();
    await next.roster.offer(at, { type: 'audience.joined', viewer: 'v1' });
    const error = await house.roster.offer(at, { type: 'audience.joined', viewer: 'v2' }).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.contain('another owner');
    expect(house.roster.view(at)).to.equal(undefined);
    expect(house.slots.program.all.every((one) => one.end === 'detached')).to.equal(true);
    expect(next.roster.view(at)?.context.audience).to.deep.equal(['v1']);
  });

  it('whose machine fails starts again after its last record, with its slots invoked, and the others live on', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const other = { kind: 'camera' as const, id: id('cam_002') };
    await house.roster.create(other, configured);
    house.slots.probe.all[0]?.report(answered);
    await settled();
    // Nothing in the machine throws by itself: a settings object that breaks when it is read stands for a bug.
    const broken = {
      ...configured.settings,
      get sources(): never {
        throw new Error('a bug');
      },
    };
    const shapeless = { type: 'camera.configured', settings: broken };
    const kind = (house.roster as unknown as { house: { kinds: { camera: { heard: Record<string, unknown> } } } })
      .house;
    const { heard } = kind.kinds.camera;
    const strict = heard['camera.configured'];
    heard['camera.configured'] = { parse: (value: unknown) => value };
    const error = await house.roster.offer(at, shapeless).then(
      () => undefined,
      (reason: Error) => reason,
    );
    heard['camera.configured'] = strict;
    expect(error?.message).to.contain('a bug');
    await until('the successor', () => house.troubles.some((trouble) => trouble.includes('restarted')));
    expect(house.roster.view(at)?.state).to.equal('connecting');
    expect(house.slots.intake.held().input).to.include({ camera: 'cam_001' });
    const ends = house.slots.program.all.filter(({ input }) => input.camera === 'cam_001').map(({ end }) => end);
    expect(ends).to.deep.equal(['detached', undefined]);
    house.slots.program.all.findLast((one) => one.input.camera === 'cam_001')?.report(flowing);
    house.slots.program.all.findLast((one) => one.input.camera === 'cam_001')?.report(feeds());
    expect(house.roster.view(at)?.state).to.equal('live');
    expect(house.roster.view(other)?.state).to.equal('connecting');
  });

  /** A house whose store takes no record that holds a text, as if it were too large. */
  function narrowHouse(text: string): FakeHouse {
    const store = memoryStore();
    const append: Journal['append'] = async (record, expected) => {
      if (JSON.stringify(record).includes(text)) throw new TooLarge('larger than the store takes', 10_054);
      return store.journal.append(record, expected);
    };
    return fakeHouse(store, undefined, { journal: { ...store.journal, append } });
  }
  const large = { ...configured, settings: { ...configured.settings, name: 'A long name' } };

  it('that heard more than the store takes in a record says so, goes on as it was before, and hears what comes', async () => {
    const house = narrowHouse('A long name');
    await house.roster.create(at, configured);
    const error = await house.roster.offer(at, large).catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(TooLarge);
    await until('the successor', () => house.troubles.length > 0);
    expect(house.troubles).to.deep.equal([
      'camera/cam_001 restarted: camera cam_001 failed: larger than the store takes',
    ]);
    expect(cameraOf(house).settings?.name).to.equal('North gate');
    expect(house.slots.probe.held().input).to.include({ source: '0' });
    const { receipt } = await house.roster.offer(at, { type: 'audience.joined', viewer: 'v1' });
    expect(receipt.seq).to.equal(2);
    const records = house.store.records().map(({ record }) => record);
    expect(replay(cameraMachine, records).firstDifference).to.equal(undefined);
  });

  it('that cannot even begin, for it is larger than the store takes, leaves its name to who asks for less', async () => {
    const house = narrowHouse('A long name');
    const error = await house.roster.create(at, large).catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(TooLarge);
    await until('it to be gone', () => !house.roster.has(at));
    expect(house.slots.probe.all.map(({ end }) => end)).to.deep.equal(['detached']);
    const { receipt } = await house.roster.create(at, configured);
    expect(receipt.seq).to.equal(1);
  });

  it('whose last record cannot be understood does not stop the others, and is made anew behind its fence', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const other = { kind: 'camera' as const, id: id('cam_002') };
    await house.roster.create(other, configured);
    const [good, bad] = [house.store.records()[1], house.store.records()[0]] as [JournalEntry, JournalEntry];
    const unknown = { ...(bad.record.after as object), value: { nowhere: {} } };
    const damaged = { ...bad, record: { ...bad.record, after: unknown } };
    house.store.journal.lasts = async function* () {
      yield damaged;
      yield good;
    };
    const next = house.successor();
    expect(await next.roster.adopt()).to.equal(1);
    expect(next.roster.view(other)?.state).to.equal('connecting');
    expect(next.roster.view(at)).to.equal(undefined);
    expect(next.troubles.join()).to.match(/camera\/cam_001 parked: .*nowhere/);
    const { receipt } = await next.roster.create(at, configured);
    expect(receipt.seq).to.equal(3);
  });

  it('whose last record is of a later program is left to that one', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const [entry] = house.store.records() as [JournalEntry];
    house.store.journal.lasts = async function* () {
      yield { ...entry, record: { ...entry.record, version: 99 } };
    };
    const next = house.successor();
    expect(await next.roster.adopt()).to.equal(0);
    const refused = await next.roster.create(at, configured).catch((error: Error) => error.message);
    expect(refused).to.contain('has version 99, this program knows');
  });

  it('goes on behind what is left when the store has lost its end, and another gateway’s claim still stops it', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    await house.roster.offer(at, answered);
    await house.roster.offer(at, flowing);
    house.store.cutOff(1, 1);
    const { receipt } = await house.roster.offer(at, { type: 'source.silent', source: '0', silent_ms: 900 });
    expect(receipt.seq).to.equal(2);
    await house.roster.offer(at, flowing);
    expect(house.troubles).to.deep.equal([]);
    house.store.cutOff(1, 1);
    const [entry] = house.store.records() as [JournalEntry];
    await house.store.journal.append({ ...entry.record, id: 'other-r0', node: 'gw-other', heard: [], said: [] }, 1);
    await house.roster.offer(at, flowing).catch(() => {});
    expect(house.troubles.join()).to.match(/let go/);
  });

  it('that leaves while something is not written down yet is taken up alive', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.store.set('hung');
    for (const event of [answered, flowing, feeds()]) house.roster.offer(at, event).catch(() => {});
    const left = house.roster.leave();
    house.store.set('here');
    await left;
    const next = house.successor();
    await next.roster.adopt();
    expect(next.roster.view(at)?.state).to.equal('live');
    const { view } = await next.roster.offer(at, { type: 'source.silent', source: '0', silent_ms: 900 });
    expect(view.state).to.equal('stalled');
    expect(next.slots.program.isHeld()).to.equal(true);
  });

  it('that is handed over leaves its effects alone', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    await house.roster.leave();
    expect(house.slots.program.all.map((one) => one.end)).to.deep.equal(['detached']);
  });

  it('replayed from its journal is what it was', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    house.slots.probe.held().report(answered);
    house.slots.program.held().report(flowing);
    house.slots.program.held().report(feeds());
    house.clock.now += 60_000;
    house.slots.eye.held().report({ type: 'eye.frozen', still_ms: 8_000 });
    await house.roster.offer(at, { type: 'audience.joined', viewer: 'v1' });
    const records = house.store.records().map(({ record }) => record);
    const replayed = replay(cameraMachine, records);
    expect(replayed.firstDifference).to.equal(undefined);
    expect(asJson(replayed.context)).to.deep.equal(asJson(house.roster.view(at)?.context));
  });

  it('replayed from an altered journal shows the first difference', async () => {
    const house = fakeHouse();
    await house.roster.create(at, configured);
    const record = structuredClone(house.store.records()[0]?.record) as JournalRecord;
    (record.after as { context: { state: string } }).context.state = 'live';
    expect(replay(cameraMachine, [record]).firstDifference?.record).to.equal(record.id);
  });
});

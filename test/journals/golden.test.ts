import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { MACHINES } from '../../actors/machines.ts';
import { replay } from '../../actors/replay.ts';
import { CATALOG } from '../../bus/catalog.ts';
import { id } from '../../bus/identity.ts';
import type { JournalRecord } from '../../bus/ports/journal.ts';
import { shape } from '../../bus/shape.ts';
import { upcast } from '../../bus/upcast.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import { fakeHouse } from '../fakes/house.ts';
import { answers, ends, feeds, flows } from '../fakes/source.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.jsonl'));

/** What version 1 of a camera, which had no slate and asked no backup, called by another name while one may come. */
const NAMED_LATER: Record<string, string> = { connecting: 'holding', offline: 'holding' };

const journal = (file: string): JournalRecord[] =>
  readFileSync(path.join(import.meta.dirname, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/**
 * One file per machine and version, kept for ever: of a real run of the demo (a plug pulled, an intake killed, a page
 * closed), and for what a demo does not show of real cells whose FFmpeg, relays and sources were scripted to do what that
 * version had learned to know.
 */
describe('a journal of long ago', () => {
  for (const file of files) {
    it(`${file} says only what is declared, and still leads to the states that were recorded in it`, () => {
      const lives = new Map<string, JournalRecord[]>();
      for (const record of journal(file)) {
        const life = `${record.cell}/${record.incarnation}`;
        lives.set(life, [...(lives.get(life) ?? []), record]);
      }
      expect(lives.size).to.be.greaterThan(0);
      for (const { kind, said: facts } of [...lives.values()].flat()) {
        for (const fact of facts) {
          expect(CATALOG[kind].types).to.include(fact.type.replace('signalbox.', ''));
          shape(`${kind} fact`, CATALOG[kind].data).parse(fact.data);
        }
      }
      for (const [life, records] of lives) {
        const machine = MACHINES[records[0]?.kind ?? 'camera'];
        expect(replay(machine, records).firstDifference, life).to.equal(undefined);
        for (const [index, record] of records.entries()) {
          const { state } = replay(machine, records.slice(0, index + 1)).context as { state: string };
          const { state: recorded } = (record.after as { context: { state: string } }).context;
          expect(state, `${life} after ${record.id}`).to.be.oneOf([recorded, NAMED_LATER[recorded]]);
        }
      }
    });
  }

  it('has guests who watch alone: of version 8, none had been let in to look back', () => {
    const [admitted] = journal('viewer.v8.jsonl') as [JournalRecord];
    const [asked] = admitted.heard as unknown as [{ subject: object }];
    const guest = { ...asked.subject, cameras: [], granted: ['cam_001'] };
    const { context } = admitted.after as { context: object };
    const told = upcast({
      ...admitted,
      heard: [{ ...asked, subject: guest }] as unknown as JournalRecord['heard'],
      after: { ...(admitted.after as object), context: { ...context, subject: guest } },
    });
    expect(told.heard[0])
      .to.have.nested.property('subject.granted')
      .that.deep.equals([{ camera: 'cam_001' }]);
    expect(told.after)
      .to.have.nested.property('context.subject.granted')
      .that.deep.equals([{ camera: 'cam_001' }]);
    expect(replay(MACHINES.viewer, [told]).context).to.include({ state: 'admitted' });
  });

  it('is gone on with: a camera of version 5 keeps the third of its sources, where each had its place beside the others', async () => {
    const last = journal('camera.v6.jsonl').findLast(({ after }) => JSON.stringify(after).includes('"source2"'));
    if (!last) return expect.fail('no record with three sources');
    const after = last.after as { value: { awake: { sources: { further: { some: object } } } } };
    const { further, ...two } = after.value.awake.sources;
    const sources = { ...two, ...further.some };
    const old = { ...last, version: 5, after: { ...after, value: { awake: { ...after.value.awake, sources } } } };
    expect(upcast(old)).to.deep.equal(upcast(last as JournalRecord));
    const house = fakeHouse();
    await house.store.journal.append(old, 0);
    expect(await house.roster.adopt()).to.equal(1);
    expect(house.slots.intake.all.map(({ input }) => input.source)).to.include('2');
  });

  it('is gone on with: a camera of version 1 keeps its picture, and asks the backup that it did not know to use', async () => {
    const house = fakeHouse();
    const [last] = journal('camera.v1.jsonl')
      .filter(({ cell }) => cell === 'cam_001')
      .slice(-1);
    await house.store.journal.append(last as JournalRecord, 0);
    expect(await house.roster.adopt()).to.equal(1);
    const at = { kind: 'camera' as const, id: id('cam_001') };
    const states = () => {
      const context = house.roster.view(at)?.context as CameraContext | undefined;
      return Object.values(context?.standings ?? {}).map(({ state }) => state);
    };
    expect(house.roster.view(at)?.state).to.equal('live');
    expect(house.slots.intake.held().input).to.include({ camera: 'cam_001', source: '0' });
    await house.roster.offer(at, flows('0'));
    expect(states()).to.deep.equal(['flowing', 'connecting']);
    expect(house.slots.selection.held().input).to.include({ source: '0' });
    house.slots.probe.held().report(answers('1'));
    await house.roster.offer(at, flows('1'));
    await house.roster.offer(at, ends('0'));
    await house.roster.offer(at, feeds('1', { from: '0', trigger: 'ended', how: 'burst', gap_ms: 67 }));
    expect(house.roster.view(at)?.context).to.include({ state: 'live', active: '1' });
    const { firstDifference } = replay(
      MACHINES.camera,
      house.store.records().map(({ record }) => record),
    );
    expect(firstDifference).to.equal(undefined);
  });
});

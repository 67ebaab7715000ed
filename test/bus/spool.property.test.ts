import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { MemoryMode } from '../../bus/carriers/memory/line.ts';
import { type MemoryStore, memoryStore } from '../../bus/carriers/memory.ts';
import { openSpool, type Spool } from '../../bus/carriers/spool.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import { all, camera, type someFact, someRecord } from '../fixtures/records.ts';

const CELLS = ['cam_a', 'cam_b', 'cam_c'];

type Step =
  | { do: 'hear'; cell: string }
  | { do: 'mode'; mode: MemoryMode }
  | { do: 'forget' }
  | { do: 'kill'; torn: number }
  | { do: 'breathe'; ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('hear' as const), cell: fc.constantFrom(...CELLS) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('mode' as const),
      mode: fc.constantFrom<MemoryMode>('here', 'here', 'away', 'deaf', 'hung'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'forget' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), torn: fc.nat(40) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('breathe' as const), ms: fc.nat(3) }) },
);

/** A gateway process as the spool knows it: owners of cells, one record in flight each, telling once acknowledged. */
class Process {
  readonly spool: Spool;
  /** In the order in which they were offered. */
  readonly acknowledged: { records: string[]; facts: string[] } = { records: [], facts: [] };
  readonly offeredFacts: string[] = [];
  killed = false;
  private readonly owners = new Map<string, { n: number; seq: number; work: Promise<void> }>();

  private constructor(spool: Spool) {
    this.spool = spool;
  }

  static async start(file: string, store: MemoryStore): Promise<Process> {
    // A killed process's messages may still arrive; its new ones can't.
    const process: { it?: Process } = {};
    const gate = async (): Promise<void> => {
      if (process.it?.killed) throw new JournalAway('killed');
    };
    const journal: Journal = {
      ...store.journal,
      append: (record, expected) => gate().then(() => store.journal.append(record, expected)),
    };
    const facts: Facts = {
      ...store.facts,
      tell: async (fact) => {
        await gate();
        const stored = store.records().some(({ record }) => record.said.some(({ id }) => id === fact.id));
        if (!stored) throw new Error(`fact ${fact.id} is told before its record is in the journal`);
        return store.facts.tell(fact);
      },
    };
    process.it = new Process(
      await openSpool({
        journal,
        facts,
        file,
        retryMs: 1,
        onParked: ({ id, reason }) => expect.fail(`${id} was parked: ${reason}`),
        onFault: (fault) => expect.fail(fault.message),
      }),
    );
    return process.it;
  }

  /** Takes the cells over as a new gateway does: from their last records, whose facts it tells if they were not. */
  async adopt(): Promise<void> {
    await this.spool.drained();
    for (const { seq, record } of await all(this.spool.journal.lasts())) {
      const n = Number(record.id.slice('i1-'.length));
      this.owners.set(record.cell, { n, seq, work: Promise.resolve() });
      const last = await this.spool.facts.last(camera(record.cell));
      for (const fact of record.said) if (fact.id !== last?.envelope.id) await this.tell(fact);
    }
  }

  private async tell(fact: ReturnType<typeof someFact>): Promise<void> {
    this.offeredFacts.push(fact.id);
    await this.spool.facts.tell(fact);
    if (!this.killed) this.acknowledged.facts.push(fact.id);
  }

  hear(cell: string): void {
    const owner = this.owners.get(cell) ?? { n: 0, seq: 0, work: Promise.resolve() };
    this.owners.set(cell, owner);
    owner.work = owner.work.then(async () => {
      if (this.killed) return;
      owner.n += 1;
      const record = someRecord(cell, owner.n);
      const { seq } = await this.spool.journal.append(record, owner.seq);
      // Told no sequence, an owner may give none, or the last one it was told.
      owner.seq = seq || (cell === 'cam_a' ? 0 : owner.seq);
      if (this.killed) return;
      this.acknowledged.records.push(`${cell}:${record.id}`);
      void this.tell(record.said[0] as ReturnType<typeof someFact>).catch(() => {});
    });
    owner.work.catch(() => {});
  }

  settled(): Promise<unknown> {
    return Promise.all([...this.owners.values()].map(({ work }) => work));
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function run(steps: Step[], folder: string): Promise<void> {
  const store = memoryStore();
  let files = 0;
  let file = path.join(folder, `${files}.jsonl`);
  const processes: Process[] = [];
  const boot = async (): Promise<Process> => {
    const process = await Process.start(file, store);
    processes.push(process);
    return process;
  };
  let process = await boot();
  for (const step of steps) {
    if (step.do === 'hear') process.hear(step.cell);
    if (step.do === 'mode') store.set(step.mode);
    if (step.do === 'forget') store.forgetDuplicates();
    if (step.do === 'breathe') await pause(step.ms);
    if (step.do === 'kill') {
      process.killed = true;
      const left = path.join(folder, `${++files}.jsonl`);
      copyFileSync(file, left);
      appendFileSync(left, '{"record":{"id":"torn","kind":"camera","cell":"cam_a"'.slice(0, step.torn));
      file = left;
      store.set('here');
      process = await boot();
      await process.adopt();
    }
  }
  store.set('here');
  await process.settled();
  await process.spool.drained();
  await pause(2); // facts that were told just now
  await process.spool.drained();
  expect(process.spool.state()).to.deep.equal({ spooled: 0, bytes: 0, full: false });
  expect(readFileSync(file, 'utf8')).to.equal('');
  check(store, processes);
  for (const one of processes) await one.spool.close();
}

function check(store: MemoryStore, processes: Process[]): void {
  const records = store.records().map(({ record }) => `${record.cell}:${record.id}`);
  const facts = store.told().map(({ envelope }) => envelope.id);
  expect(new Set(records).size, 'no record is stored twice').to.equal(records.length);
  expect(new Set(facts).size, 'no fact is told twice').to.equal(facts.length);
  for (const cell of CELLS) {
    const numbers = records.filter((id) => id.startsWith(`${cell}:`)).map((id) => Number(id.split('-')[1]));
    const ascending = Array.from({ length: numbers.length }, (_, index) => index + 1);
    expect(numbers, `${cell} in order and without a gap`).to.deep.equal(ascending);
  }
  for (const { acknowledged, offeredFacts } of processes) {
    expect(records, 'what was acknowledged is there').to.include.members(acknowledged.records);
    expect(facts, 'what was acknowledged is told').to.include.members(acknowledged.facts);
    const own = offeredFacts.filter((id) => acknowledged.facts.includes(id));
    const first = own.filter((id, index) => own.indexOf(id) === index);
    const before = processes.slice(
      0,
      processes.findIndex((one) => one.offeredFacts === offeredFacts),
    );
    const fresh = first.filter((id) => !before.some((one) => one.offeredFacts.includes(id)));
    expect(
      facts.filter((id) => fresh.includes(id)),
      'facts in the order in which they were offered',
    ).to.deep.equal(fresh);
  }
}

describe('spool, whatever happens', () => {
  it('delivers what it acknowledged once, in order, over outages, lost answers and kills', async function () {
    this.timeout(30_000);
    const folder = mkdtempSync(path.join(tmpdir(), 'sbx-spool-'));
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 40 }), async (steps) => {
          await run(steps, mkdtempSync(path.join(folder, `run-${runs++}-`)));
        }),
        { numRuns: 60 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

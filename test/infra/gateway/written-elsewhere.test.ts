import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Gate } from '../../../adapters/gate.jsonwebtoken.ts';
import { recorderMediamtx } from '../../../adapters/recorder.mediamtx.ts';
import { diskOf } from '../../../adapters/recordings/disk.ts';
import { writtenHere } from '../../../adapters/recordings/written.ts';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { tellWritten, writtenElsewhere } from '../../../infra/gateway/written-elsewhere.ts';
import type { RecordReport } from '../../../machines/slots.ts';
import { until } from '../../fixtures/process.ts';

/** A camera's gateway is on one machine, and its intake, which writes the recording, on another. */
describe('a recording that another host’s intake writes', () => {
  const gate = { mintGateway: () => 'token' } as unknown as Gate;
  let folder: string;
  let store: ReturnType<typeof memoryStore>;
  let said: RecordReport[];
  let held: { release(): void };
  let answering: { close(): void } | undefined;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-written-'));
    store = memoryStore();
    said = [];
  });
  afterEach(() => {
    held.release();
    answering?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const answerAt = async (...intakes: string[]) => {
    const here = writtenHere(folder, diskOf(folder));
    answering = await store.bus.answer('recording', ({ to, body }) =>
      tellWritten(to.id, body, (intake) => intakes.includes(intake), here),
    );
  };
  const record = (patienceMs: number) => {
    const written = writtenElsewhere({ node: 'gate-b', bus: store.bus, gate }, 'intake-a', 'a');
    const slot = recorderMediamtx({
      record() {},
      forget() {},
      writtenOf: () => written,
      now: () => performance.now(),
    });
    const bounds = { silentMs: patienceMs, openingMs: patienceMs };
    held = slot({ camera: 'cam_001', source: '0', ...bounds }, (event) => void said.push(event));
  };
  const write = (name: string) => {
    const own = path.join(folder, 'in/cam_001/0');
    mkdirSync(own, { recursive: true });
    appendFileSync(path.join(own, name), 'a second of it');
  };
  const of = <T extends RecordReport['type']>(type: T) =>
    said.find((one): one is Extract<RecordReport, { type: T }> => one.type === type);
  const silence = () => of('recorder.silent');

  it('counts as recording when bytes arrive there, and its files are told one by one', async () => {
    await answerAt('intake-a');
    record(60_000);
    const growing = setInterval(() => write('1796000000-000000.mp4'), 100);
    await until('it to grow', () => of('recorder.growing')).finally(() => clearInterval(growing));
    write('1796000060-000000.mp4');
    const { begun_at, bytes } = await until('the first file', () => of('recorder.segment'));
    expect(begun_at).to.equal(1_796_000_000_000);
    expect(bytes % 'a second of it'.length).to.equal(0);
  });

  it('that stands still there says so, and where', async () => {
    await answerAt('intake-a');
    record(50);
    expect((await until('word of it', silence)).detail).to.equal('no file has been begun on a (intake-a)');
  });

  it('of which nobody there tells is not said to stand still', async () => {
    await answerAt('intake-c');
    record(50);
    expect((await until('word of it', silence, 10_000)).detail).to.equal(
      'Whether it is written on a (intake-a) nobody there tells.',
    );
  }).timeout(15_000);
});

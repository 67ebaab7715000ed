import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { natsStore } from '../../bus/carriers/nats.ts';
import { id } from '../../bus/identity.ts';
import type { Heard, Journal, JournalRecord } from '../../bus/ports/journal.ts';
import { journalSubject } from '../../bus/subjects.ts';
import { startNats } from '../fixtures/nats.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const CELLS = 2_000;
const WINDOW = 512;
const COALESCED = 16;

/** An event of ordinary size. */
const someEvent = (n: number): Heard => ({
  type: 'leg.playing',
  id: `bench-${n}`,
  at: 1_700_000_000_000 + n,
  leg: 'a',
  first_frame_ms: 80,
  note: 'x'.repeat(120),
});

const recordOf = (cell: string, incarnation: string, n: number, heard: Heard[]): JournalRecord => ({
  id: `${incarnation}-${n}`,
  kind: 'viewer',
  cell: id(cell),
  incarnation,
  version: 1,
  node: 'bench',
  heard,
  said: [],
  after: { value: 'watching', context: { camera: 'cam_001', n } },
});

interface Measured {
  /** Events whose record was acknowledged, per second. */
  perSecond: number;
  /** Seconds of processor time of this process, per second. */
  cpu: number;
}

/** Counts what a work of some seconds gets acknowledged, up to its last acknowledgement. */
async function measure(seconds: number, work: (isOver: () => boolean) => Promise<number>): Promise<Measured> {
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const events = await work(() => performance.now() - start > seconds * 1000);
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: events / elapsed, cpu: (user + system) / 1e6 / elapsed };
}

const median = (values: number[]): number => quantile(values, 0.5);

let runs = 0;

/** Our way: every cell appends behind its fence, one record in flight each, `heard` events a record. */
function cellsAppend(journal: Journal, seconds: number, heard: number): Promise<Measured> {
  const run = runs++;
  return measure(seconds, async (isOver) => {
    let events = 0;
    const cell = async (index: number) => {
      const name = `v${run}_${index}`;
      let seq = 0;
      for (let n = 1; !isOver(); n++) {
        const batch = Array.from({ length: heard }, (_, k) => someEvent(n * heard + k));
        ({ seq } = await journal.append(recordOf(name, 'i1', n, batch), seq));
        events += heard;
      }
    };
    await Promise.all(Array.from({ length: CELLS }, (_, index) => cell(index)));
    return events;
  });
}

/** The client's way: the same records of one event, with message ids, 512 calls of `js.publish` under way. */
function windowOfPublish(link: Awaited<ReturnType<typeof connectNats>>, seconds: number): Promise<Measured> {
  const run = runs++;
  return measure(seconds, async (isOver) => {
    let published = 0;
    const worker = async () => {
      while (!isOver()) {
        const n = published++;
        const record = recordOf(`w${run}_${n % CELLS}`, 'i1', n, [someEvent(n)]);
        const subject = journalSubject({ kind: record.kind, id: record.cell });
        await link.jetstream.publish(subject, JSON.stringify(record), { msgID: `${subject}:${record.id}` });
      }
    };
    await Promise.all(Array.from({ length: WINDOW }, worker));
    return published;
  });
}

/**
 * Acknowledged, fenced, durable appends through our journal carrier, against a window of `js.publish`, which has
 * message ids but no fence. Pairs interleaved as A B B A.
 */
export async function bench({ seconds = 2, pairs = 6, say }: BenchOptions): Promise<BenchTable> {
  const server = await startNats();
  const ours = await natsStore({ servers: [server.url], name: 'bench-ours' });
  const theirs = await connectNats({ servers: [server.url], name: 'bench-peer' });
  const rows: BenchRow[] = [];
  const notes: string[] = [];
  const compare = async (measure: string, heard: number, aim: number) => {
    const pairings: { ours: Measured; peer: Measured }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const runOurs = () => cellsAppend(ours.journal, seconds, heard);
      const runPeer = () => windowOfPublish(theirs, seconds);
      const first = pair % 2 === 0 ? await runOurs() : await runPeer();
      const second = pair % 2 === 0 ? await runPeer() : await runOurs();
      const pairing = pair % 2 === 0 ? { ours: first, peer: second } : { ours: second, peer: first };
      pairings.push(pairing);
      const { perSecond } = pairing.ours;
      say?.(`${measure}: ${Math.round(perSecond)} against ${Math.round(pairing.peer.perSecond)} events/s`);
    }
    const ratios = pairings.map((pair) => pair.ours.perSecond / pair.peer.perSecond);
    const ratio = median(ratios);
    rows.push({
      measure,
      ours: median(pairings.map((pair) => pair.ours.perSecond)),
      peer: median(pairings.map((pair) => pair.peer.perSecond)),
      ratio,
      unit: 'events/s',
      aim: `≥ ${aim}×`,
      met: ratio >= aim,
    });
    const costOf = ({ perSecond, cpu }: Measured) => (cpu / perSecond) * 1e6;
    const ourCost = median(pairings.map((pair) => costOf(pair.ours)));
    const peerCost = median(pairings.map((pair) => costOf(pair.peer)));
    rows.push({
      measure: `${measure}: client's processor time`,
      ours: ourCost,
      peer: peerCost,
      ratio: peerCost / ourCost,
      unit: 'µs an event',
    });
    const quartiles = [0.25, 0.75].map((share) => quantile(ratios, share).toFixed(2));
    notes.push(
      `${measure}: ratios ${ratios.map((value) => value.toFixed(2)).join(', ')}; quartiles ${quartiles.join(' to ')}`,
    );
  };
  try {
    await cellsAppend(ours.journal, 0.5, 1);
    await windowOfPublish(theirs, 0.5);
    await compare('appends, one event a record', 1, 3.5);
    await compare(`events, ${COALESCED} a record`, COALESCED, 7);
  } finally {
    await ours.close();
    await theirs.close();
    await server.close();
  }
  notes.unshift(
    `${CELLS} cells, one record in flight each, every record fenced by its cell's last sequence, with a message id, ` +
      `acknowledged by itself and stored on file; the peer: ${WINDOW} js.publish calls under way, same records of one ` +
      `event with message ids, no fence; ${pairs} interleaved pairs of ${seconds} s, medians; beside other work on the same cores client and server take turns, ` +
      `which brings the ratio of rates down towards that of processor time`,
  );
  return { name: 'journal', machine: thisMachine(), rows, notes };
}

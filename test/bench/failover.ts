import { doNothing, type QuietTrial } from './failover/nothing.ts';
import {
  AFTER_MS as AFTER_RELAY_MS,
  drainRelay,
  hangRelay,
  killBystander,
  killRelay,
  type RelayTrial,
} from './failover/relays.ts';
import { AFTER_MS as AFTER_SOURCE_MS, hangSource, killSource, outage, type SourceTrial } from './failover/sources.ts';
import { type Screen, type Stage, setStage } from './failover/stage.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

/** Two delivery relays in one region, so that each is the other's standby. */
const RELAYS = [
  { id: 'relay-1', region: 'hcm', weight: 3 },
  { id: 'relay-2', region: 'hcm', weight: 3 },
];

/** Does the same thing again and again, and tells how it goes. */
async function repeat<T>(count: number, what: string, say: (text: string) => void, once: () => Promise<T>) {
  const trials: T[] = [];
  for (let trial = 1; trial <= count; trial++) {
    trials.push(await once());
    say(`${what}, ${trial} of ${count}: ${JSON.stringify(trials.at(-1), (_key, value) => round(value))}`);
  }
  return trials;
}

const round = (value: unknown) => (typeof value === 'number' ? Math.round(value) : value);

/** Two rows: p50 and p95 of what was measured, against their aims. */
function rows(measure: string, ours: number[], stock: number[], aims: { p50?: number; p95?: number }): BenchRow[] {
  return ([0.5, 0.95] as const).flatMap((share) => {
    const aim = share === 0.5 ? aims.p50 : aims.p95;
    if (share === 0.5 && aim === undefined && aims.p95 !== undefined && !stock.length) return [];
    const value = quantile(ours, share);
    const peer = stock.length ? quantile(stock, share) : undefined;
    return [
      {
        measure: `${measure}, p${share * 100}`,
        ours: value,
        ...(peer === undefined ? {} : { peer, ratio: peer / value }),
        unit: 'ms',
        ...(aim === undefined ? {} : { aim: `≤ ${aim}`, met: value <= aim }),
      },
    ];
  });
}

/** The floor that gaps of events stand on, in windows of one length. */
const quietRows = (windowMs: number, trials: QuietTrial[]): BenchRow[] =>
  rows(
    `nothing happens for ${windowMs / 1_000} s`,
    trials.map(({ ours }) => ours),
    trials.map(({ stock }) => stock),
    {},
  );

async function sourceRows(stage: Stage, pairs: number, say: (text: string) => void): Promise<BenchRow[]> {
  const [ours, plain, stock] = await Promise.all([stage.openOurs(), stage.openPlain(), stage.openStock()]);
  const screens = { ours, plain, stock };
  await Promise.all(Object.values(screens).map((screen: Screen) => screen.moving(Date.now(), 60)));
  // Before and after the events: a machine is not equally busy all the time.
  const quiet = (count: number) => repeat(count, 'nothing happens', say, () => doNothing(ours, stock, AFTER_SOURCE_MS));
  const before = await quiet(Math.ceil(pairs / 2));
  const killed = await repeat(pairs, 'source killed', say, () => killSource(stage, screens));
  const hung = await repeat(pairs, 'source silent', say, () => hangSource(stage, screens));
  const back = await repeat(pairs, 'both sources out', say, () => outage(stage, screens));
  const nothing = [...before, ...(await quiet(Math.floor(pairs / 2)))];
  await Promise.all(Object.values(screens).map((screen: Screen) => screen.close()));
  const of = (trials: SourceTrial[], key: keyof SourceTrial) => trials.map((trial) => trial[key]);
  const disorder = of([...killed, ...hung], 'disorder').reduce((sum, frames) => sum + frames, 0);
  return [
    ...quietRows(AFTER_SOURCE_MS, nothing),
    ...rows('preferred source killed, our player', of(killed, 'ours'), of(killed, 'stock'), { p50: 85, p95: 130 }),
    ...rows('preferred source killed, plain WHEP client', of(killed, 'plain'), [], { p50: 85, p95: 130 }),
    ...rows('preferred source silent, our player', of(hung, 'ours'), of(hung, 'stock'), { p50: 140, p95: 200 }),
    ...rows('planned switch back to the preferred source', [...of(killed, 'handBack'), ...of(hung, 'handBack')], [], {
      p95: 85,
    }),
    {
      measure: 'frames of a switch back repeated or out of order',
      ours: disorder,
      unit: '',
      aim: '0',
      met: disorder === 0,
    },
    ...rows('camera back after an outage, first picture', back, [], { p95: 500 }),
  ];
}

async function relayRows(stage: Stage, pairs: number, say: (text: string) => void): Promise<BenchRow[]> {
  const gaps = (trials: { ours: number }[]) => trials.map(({ ours }) => ours);
  const young = (trials: RelayTrial[]) => trials.map((trial) => trial.young);
  const found: BenchRow[] = [];

  const hot = await stage.openOurs('hot=1');
  const hotKilled = await repeat(pairs, 'relay killed, hot', say, () => killRelay(stage, hot));
  found.push(...rows('relay killed, hot standby', gaps(hotKilled), [], { p95: 150 }));
  const hotHung = await repeat(pairs, 'relay hung, hot', say, () => hangRelay(stage, hot));
  found.push(...rows('relay hung, hot standby', gaps(hotHung), [], { p95: 250 }));
  await hot.close();

  const [cold, stock] = await Promise.all([stage.openOurs(), stage.openStock()]);
  const nothing = await repeat(pairs, 'nothing happens', say, () => doNothing(cold, stock, AFTER_RELAY_MS));
  found.push(...quietRows(AFTER_RELAY_MS, nothing));
  const killed = await repeat(pairs, 'relay killed, cold', say, () => killRelay(stage, cold, stock));
  const stockGaps = killed.flatMap((trial) => (trial.stock === undefined ? [] : [trial.stock]));
  found.push(...rows('relay killed, cold, any frame', gaps(killed), stockGaps, { p95: 200 }));
  found.push(...rows('relay killed, cold, a frame younger than 150 ms', young(killed), [], { p95: 320 }));
  const hung = await repeat(pairs, 'relay hung, cold', say, () => hangRelay(stage, cold));
  found.push(...rows('relay hung, cold', gaps(hung), [], { p95: 500 }));
  const drained = await repeat(pairs, 'relay drained', say, () => drainRelay(stage, cold));
  found.push(...rows('planned move, drain', gaps(drained), [], { p95: 85 }));

  for (const [name, what] of [
    ['gateway', 'gateway killed'],
    ['nats', 'event bus killed'],
  ] as const) {
    const trials = await repeat(pairs, what, say, () => killBystander(stage, cold, name));
    const admissions = trials.map(({ admissionMs }) => admissionMs);
    found.push(...rows(what, gaps(trials), [], { p95: 67 }));
    found.push(...rows(`${what}, an admission is answered`, admissions, [], { p95: 1_000 }));
  }
  await Promise.all([cold.close(), stock.close()]);
  return found;
}

/** How long the picture is away when things die: our group against a stock mediamtx with its own page. */
export async function bench({ pairs = 20, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const stage = await setStage({ relays: RELAYS });
  try {
    const found = [...(await sourceRows(stage, pairs, say)), ...(await relayRows(stage, pairs, say))];
    return {
      name: 'failover',
      machine: thisMachine(),
      rows: found,
      notes: [
        `${pairs} events each, 360p, 30 frames/s, a key frame every 2 s, at any phase of it; the gap is the longest interval between two presented frames, 33 ms and the screen’s tick included; “nothing happens” is the same in windows without an event.`,
        'Stock: mediamtx with the page it brings, the same camera, the same event at the same moment; its camera starts again after 1.5 s or more, its relay at once.',
      ],
    };
  } finally {
    await stage.close();
  }
}

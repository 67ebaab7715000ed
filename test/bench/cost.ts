import { startChromium } from '../fixtures/chromium.ts';
import { type Plant, type Seen, startPlant } from './cost/plant.ts';
import { CHILDREN, type Used } from './cost/usage.ts';
import { openViewers, type Received } from './cost/viewers.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const VIEWERS = [1, 10, 30];
const CAMERAS = [1, 20, 200];
const WATCHED = { width: 1280, height: 720, fps: 30, bitrateBps: 3_000_000 };
/** Two hundred of these are what two cores can carry beside the camera that paints them. */
const IDLE = { width: 160, height: 120, fps: 10, bitrateBps: 60_000 };
const WARM_UP_S = 10;
const ROLES = ['gateway', 'switchers', 'launcher', 'nats', 'redis'];
const MEGABYTE = 1024 ** 2;
const NONE: Used = { cpu: 0, rssBytes: 0, processes: 0 };

/** A window, and what was going on in it. */
interface Case {
  what: string;
  seen: Seen;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const usedBy = ({ seen }: Case, role: string): Used => seen.used.get(role) ?? NONE;

/** What the viewers got between two looks, as a note; a viewer without media is an error. */
function delivered(before: Received, after: Received, seconds: number): string {
  const rates = after.bytes.map((bytes, n) => ((bytes - (before.bytes[n] ?? 0)) * 8) / seconds / 1e6);
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  if (least < 1)
    throw new Error(`a viewer of ${rates.length} got ${least.toFixed(2)} Mb/s: media does not flow to all`);
  const plis = (after.plis - before.plis) / seconds;
  return `${counted(rates.length, 'viewer')}: ${least.toFixed(1)} to ${most.toFixed(1)} Mb/s each, ${plis.toFixed(1)} key frame requests/s together`;
}

async function watched(seconds: number, say: (text: string) => void, notes: string[]): Promise<Case[]> {
  const cases: Case[] = [];
  const plant = await startPlant(WATCHED, true);
  try {
    await plant.setCameras(1);
    const browser = await startChromium();
    try {
      await plant.observe(WARM_UP_S); // machine code for what runs all the time
      cases.push({ what: '0 viewers', seen: await plant.observe(seconds) });
      const viewers = await openViewers(browser, plant.group, () => 'cam_0');
      for (const count of VIEWERS) {
        await viewers.grow(count);
        const [before, startedAt] = [await viewers.received(), performance.now()];
        cases.push({ what: counted(count, 'viewer'), seen: await plant.observe(seconds) });
        notes.push(delivered(before, await viewers.received(), (performance.now() - startedAt) / 1000));
        say(`${notes.at(-1)}; ${inShort(cases.at(-1) as Case)}`);
      }
    } finally {
      await browser.close();
    }
  } finally {
    await plant.close();
  }
  return cases;
}

async function idle(seconds: number, say: (text: string) => void, notes: string[]): Promise<Case[]> {
  const cases: Case[] = [];
  const plant: Plant = await startPlant(IDLE, false);
  try {
    for (const count of CAMERAS) {
      const tookMs = await plant.setCameras(count);
      cases.push({ what: counted(count, 'camera'), seen: await plant.observe(seconds) });
      const { processes } = usedBy(cases.at(-1) as Case, 'switchers');
      notes.push(
        `${counted(count, 'camera')}: all live ${(tookMs / 1000).toFixed(1)} s after they were configured, ${counted(processes, 'switcher')}`,
      );
      say(`${notes.at(-1)}; ${inShort(cases.at(-1) as Case)}`);
    }
  } finally {
    await plant.close();
  }
  return cases;
}

const inShort = (one: Case): string =>
  [...one.seen.used].map(([role, { cpu }]) => `${role} ${cpu.toFixed(1)} %`).join(', ');

/** A role beside both relays, in the same window. */
const cpuRow = (one: Case, role: string): BenchRow => ({
  measure: `${one.what}: ${role}`,
  ours: usedBy(one, role).cpu,
  peer: usedBy(one, 'mediamtx').cpu,
  unit: '% of a core',
});

function summary(watchedCases: Case[], idleCases: Case[]): BenchRow[] {
  const [watching, many] = [watchedCases.at(-1) as Case, idleCases.at(-1) as Case];
  const share = (usedBy(watching, 'gateway').cpu / usedBy(watching, 'mediamtx').cpu) * 100;
  const perCamera = quantile(
    watchedCases.map((one) => usedBy(one, 'switchers').cpu),
    0.5,
  );
  const alone = usedBy(watchedCases[0] as Case, 'gateway').cpu;
  const perViewer = (usedBy(watching, 'gateway').cpu - alone) / Math.max(...VIEWERS);
  const perMinute = Math.max(...idleCases.map(({ seen }) => seen.records)) * 60;
  return [
    {
      measure: `${watching.what}: gateway, in percent of both mediamtx`,
      ours: share,
      unit: '%',
      aim: '≤ 5',
      met: share <= 5,
    },
    { measure: 'gateway without viewers', ours: alone, unit: '% of a core' },
    { measure: 'gateway, each further viewer', ours: perViewer, unit: '% of a core' },
    {
      measure: 'switcher, one 3 Mb/s camera, median',
      ours: perCamera,
      unit: '% of a core',
      aim: '≤ 1',
      met: perCamera <= 1,
    },
    {
      measure: `${many.what}: calls of the relays’ API, all for the relays’ own health`,
      ours: many.seen.relayCalls,
      unit: '/s',
    },
    {
      measure: `${many.what}: gateway, per camera`,
      ours: usedBy(many, 'gateway').cpu / Math.max(...CAMERAS),
      unit: '% of a core',
    },
    { measure: `${many.what}: gateway’s event loop, 99th percentile late`, ours: many.seen.loopDelayMs, unit: 'ms' },
    {
      measure: 'journal records while nothing happens, at most',
      ours: perMinute,
      unit: 'a minute',
      aim: '0',
      met: perMinute < 1,
    },
  ];
}

/** Processor time and memory of every process of a group, with viewers and without. */
export async function bench({ seconds = 10, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const notes: string[] = [];
  const watchedCases = await watched(seconds, say, notes);
  const idleCases = await idle(seconds, say, notes);
  const cases = [...watchedCases, ...idleCases];
  const memory = (one: Case): BenchRow[] =>
    [...ROLES, `gateway${CHILDREN}`]
      .filter((role) => usedBy(one, role).processes > 0)
      .map((role) => ({
        measure: `${one.what}: memory of ${role}`,
        ours: usedBy(one, role).rssBytes / MEGABYTE,
        peer: usedBy(one, 'mediamtx').rssBytes / MEGABYTE,
        unit: 'MB',
      }));
  return {
    name: 'cost',
    machine: thisMachine(),
    rows: [
      ...summary(watchedCases, idleCases),
      ...cases.flatMap((one) => ROLES.map((role) => cpuRow(one, role))),
      ...watchedCases.map((one) => cpuRow(one, `gateway${CHILDREN}`)),
      ...[watchedCases.at(-1), idleCases.at(-1)].flatMap((one) => memory(one as Case)),
    ],
    notes: [
      `User and system time of each process over ${seconds} s; the peer is both mediamtx together in the same window.`,
      'Viewers: one 720p camera of 3 Mb/s at 30 frames/s with its eye on (its FFmpeg is the gateway’s children); each viewer a session of its own over our WebSocket with statistics each second, in one Chromium that drops frames before decoding, key frames excepted.',
      'Cameras: 160 × 120 at 10 frames/s, all pulled from one camera, eye off, no viewers; beyond one they are configured while the group runs, so that switchers are added on request.',
      'The gateway costs most for being awake at all: it asks each relay once a second whether it is well, hears the figures of the switchers, renews its lease; a viewer adds a message a second.',
      ...notes,
    ],
  };
}

import { openBuiltPages } from '../adapters/browser/built-pages.ts';
import { type Dragged, drag } from '../adapters/browser/dragging.ts';
import { furnish, stubCamera } from '../adapters/browser/stub-house.ts';
import { inventPast, remember } from '../adapters/browser/stub-past.ts';
import { openPage } from '../fixtures/chromium.ts';
import { until } from '../fixtures/process.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const EVENTS = 100_000;
const DAY_MS = 86_400_000;
const AIM_FPS = 50;
const FRAMES_A_SECOND = 60;
/** On the axis, where the moment is dragged along; and on the lanes, where the window is. */
const DEPTHS = { moment: 15, window: 200 };

/** The time line of a day with 100,000 events in a real Chromium that draws in software, while somebody drags. */
export async function bench({ seconds = 8, cameras = 16, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const pages = await openBuiltPages();
  const gateway = await pages.serve();
  const rows: BenchRow[] = [];
  try {
    const houses = Array.from({ length: cameras }, (_, index) => stubCamera(index + 1, 'offline', 30 * 3_600_000));
    furnish(gateway, houses);
    const names = houses.map(({ id }) => id);
    remember(gateway, inventPast(EVENTS, names, Date.now() - 500, DAY_MS));
    const { page } = await openPage(pages.browser);
    await page.goto(`${gateway.url}/#/time?last=${DAY_MS}`);
    const reading = page.locator('.reading');
    await until('the past', async () => /Times in/.test((await reading.textContent()) ?? ''), 30_000);
    const measure = async (what: string, depth: number) => {
      say(`dragging the ${what}`);
      const dragged = await drag(page, seconds * FRAMES_A_SECOND, depth);
      rows.push(...rowsOf(what, dragged));
    };
    await measure('window over a day', DEPTHS.window);
    await measure('moment over a day', DEPTHS.moment);
    await page.mouse.move(700, 300);
    for (let turn = 0; turn < 5; turn++) await page.mouse.wheel(0, -400);
    await measure('window over less than an hour', DEPTHS.window);
  } finally {
    await pages.close();
  }
  return {
    name: 'timeline',
    machine: thisMachine(),
    rows,
    notes: [
      `${EVENTS.toLocaleString('en')} events of ${cameras} cameras and a relay; the pointer moves before every frame; Chromium without a graphics card offers ${FRAMES_A_SECOND} frames a second at most.`,
      'The main thread has 20 ms a frame at 50 a second; other work on the same cores delays frames, and hardly changes what one costs.',
    ],
  };
}

function rowsOf(what: string, { framesMs, busyMs }: Dragged): BenchRow[] {
  const fps = 1_000 / quantile(framesMs, 0.5);
  const aim = { aim: `≥ ${AIM_FPS}`, met: Math.round(fps) >= AIM_FPS };
  return [
    { measure: `frames a second while dragging the ${what}, half of them`, ours: fps, unit: '1/s', ...aim },
    { measure: 'the same, 95 of 100', ours: 1_000 / quantile(framesMs, 0.95), unit: '1/s' },
    { measure: 'main thread at work for a frame', ours: busyMs, unit: 'ms' },
  ];
}

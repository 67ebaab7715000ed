import { startCamera } from '../fixtures/camera.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { startTestGroup } from '../fixtures/group.ts';
import { startMediamtx } from '../fixtures/mediamtx.ts';
import { until } from '../fixtures/process.ts';
import { openTcpWay } from '../fixtures/tcp-way.ts';
import { openWatched, shownBy } from './screen/frames.ts';
import { openWays } from './screen/ways.ts';
import { type BenchOptions, type BenchTable, thisMachine } from './table.ts';

/** Cameras and viewers over a network that delays each piece by up to 60 ms more than the one before it needed. */
const LINK = { delayMs: 20, jitterMs: 60 };
const HOUR_S = 3_600;
/** What a watchdog has said when nothing was wrong, by who says it. */
const ALARMS = {
  'a source was called silent, or left (switcher)':
    /^camera\.(switched|switching|stalled|holding|offline|quarantined)$/,
  'a relay was suspected (pulse, health)': /^relay\.(suspect|degraded|dead)$/,
  'a viewer was moved, or moved by itself': /^viewer\.(moving|moved)$/,
};
const NOTE_STALLS = `
  window.stalls = 0;
  document.addEventListener('signalbox:state', ({ detail }) => { if (detail.name === 'stalled') stalls += 1; });
`;

/** False alarms of every watchdog over a healthy, jittery network: nothing is ever wrong, so each one is false. */
export async function bench({ seconds = HOUR_S, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const cameras = await startMediamtx();
  const encoders = ['main', 'backup'].map((name) => startCamera(cameras.rtsp(name), { fps: 30, gopSeconds: 2 }));
  const way = await openTcpWay(cameras.ports.rtsp, LINK);
  const relays = ['relay-1', 'relay-2'].map((id) => ({ id, region: 'hcm' }));
  const sources = ['main', 'backup'].map((name) => `rtsp://127.0.0.1:${way.port}/${name}`);
  for (const name of ['main', 'backup'])
    await until(name, async () => (await cameras.api('GET', `/v3/paths/get/${name}`)).available, 15_000);
  const group = await startTestGroup({ relays, cameras: { cam: { name: 'Bench', sources } } });
  const events = group.follow(0);
  const browser = await startChromium();
  const places = group.group.relays.filter(({ role }) => role === 'delivery').map(({ webrtcUdp }) => webrtcUdp);
  const ways = await openWays(places, LINK);
  try {
    await events.next('camera.live', 'camera/cam', 0, 20_000);
    const cookie = { name: `signalbox-${group.group.http.port}`, value: group.token() };
    const url = `${group.url}/watch/cam?hot=1`;
    const page = await openWatched(browser, url, cookie, `${ways.script};${NOTE_STALLS}`);
    await until('a picture', async () => (await shownBy(page)).frames.length > 100, 30_000);
    const from = Date.now();
    const found = () => events.heard.filter(({ at }) => at >= from);
    const untilMs = performance.now() + seconds * 1_000;
    while (performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(60_000, untilMs - performance.now())));
      say(`${Math.round((Date.now() - from) / 1_000)} s: ${found().map(({ type }) => type)}`);
    }
    const hours = seconds / HOUR_S;
    const row = (measure: string, count: number) => ({
      measure,
      ours: count,
      unit: 'alarms',
      aim: '0',
      met: count === 0,
    });
    return {
      name: 'alarms',
      machine: thisMachine(),
      rows: [
        ...Object.entries(ALARMS).map(([who, alarm]) =>
          row(who, found().filter(({ type }) => alarm.test(type)).length),
        ),
        row('the picture stood for half a second (player)', (await page.evaluate('stalls')) as number),
      ],
      notes: [
        `Over ${hours.toFixed(2)} h: one camera with a backup and one viewer with a second connection kept ready, both over 20 ms and up to 60 ms more in each direction, drawn for each piece, by a shaper of ours. The pulse goes through relays on this machine.`,
      ],
    };
  } finally {
    ways.close();
    events.close();
    await browser.close();
    await group.stop();
    way.close();
    await Promise.all(encoders.map((one) => one.stop()));
    await cameras.close();
  }
}

import { createHash } from 'node:crypto';
import { openPlayer } from '../../adapters/switch.rtp/player.ts';
import { payloadOf } from '../../adapters/switch.rtp/rtp.ts';
import { startCamera } from '../fixtures/camera.ts';
import { startMediamtx } from '../fixtures/mediamtx.ts';
import { until } from '../fixtures/process.ts';
import { listen, startSwitcher } from '../fixtures/switcher.ts';
import { openWindow } from './cost/usage.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const PICTURE = { width: 1280, height: 720, fps: 30, gopSeconds: 2, bitrateBps: 3_000_000 };
const SOURCES = ['0', '1'];
/** Machine code for what runs all the time. */
const WARM_UP_MS = 10_000;
/** Smaller packets may be alike. */
const TELLING_BYTES = 200;

/** Notes when each packet of a path came, by its payload, which nothing on the way changes. */
async function arrivals(address: string) {
  const at = new Map<string, number>();
  const player = await openPlayer(address, {
    tracks() {},
    packet(track, frame) {
      const payload = track === 0 ? payloadOf(frame) : undefined;
      if (payload && payload.length >= TELLING_BYTES) {
        at.set(createHash('sha1').update(payload).digest('base64'), performance.now());
      }
    },
    batch() {},
    end(failure) {
      throw failure;
    },
  });
  return { at, close: () => player.close() };
}

/** How much later than at the first place each packet came at another. @throws Error when too few are the same */
function laterMs(first: Map<string, number>, other: Map<string, number>): number[] {
  const both = [...other].flatMap(([payload, at]) => {
    const before = first.get(payload);
    return before === undefined ? [] : [at - before];
  });
  if (both.length < 100) throw new Error(`only ${both.length} packets were seen at both places`);
  return both;
}

/** What the program path costs: its latency beside a relay that pulls the intake itself, and the switcher's time. */
export async function bench({ seconds = 20, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const [cameras, intake, relay, switcher] = await Promise.all([
    startMediamtx(),
    startMediamtx(),
    startMediamtx(),
    startSwitcher(),
  ]);
  const encoders = SOURCES.map((source) => startCamera(cameras.rtsp(source), PICTURE));
  try {
    for (const source of SOURCES) {
      await until('the camera', async () => (await cameras.api('GET', `/v3/paths/get/${source}`)).available, 15_000);
      const pull = { source: cameras.rtsp(source), rtspTransport: 'tcp' };
      await intake.api('POST', `/v3/config/paths/add/in/cam/${source}`, pull);
    }
    await relay.api('POST', '/v3/config/paths/add/pulled', { source: intake.rtsp('in/cam/0'), rtspTransport: 'tcp' });
    const gateway = switcher.gateway({
      sourceUrl: (camera, source) => intake.rtsp(`in/${camera}/${source}`),
      outputs: (camera) => [{ relay: 'relay-1', url: relay.rtsp(camera) }],
    });
    const ears = listen();
    const fed = ears.next('program.switched');
    gateway.selection({ camera: 'cam', source: '0', how: 'at-once', armed: ['1'] }, () => {});
    gateway.slot({ camera: 'cam', name: 'cam', sources: SOURCES, silentMs: 900 }, ears.report);
    await fed;
    await until('both paths', async () => {
      const { items } = await relay.api('GET', '/v3/paths/list');
      return items.filter((path: { available: boolean }) => path.available).length === 2;
    });
    const [source, program, pulled] = await Promise.all([
      arrivals(intake.rtsp('in/cam/0')),
      arrivals(relay.rtsp('cam')),
      arrivals(relay.rtsp('pulled')),
    ]);
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
    const close = openWindow(new Map([['switcher', [switcher.process().pid]]]), []);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const cpu = close().get('switcher')?.cpu ?? Number.NaN;
    for (const one of [source, program, pulled]) one.close();
    const [ours, peer] = [laterMs(source.at, program.at), laterMs(source.at, pulled.at)];
    const [p50, stock50] = [quantile(ours, 0.5), quantile(peer, 0.5)];
    say(`${ours.length} packets compared`);
    return {
      name: 'program',
      machine: thisMachine(),
      rows: [
        { measure: 'from the intake to a reader of the delivery relay, p50', ours: p50, peer: stock50, unit: 'ms' },
        { measure: 'the same, p95', ours: quantile(ours, 0.95), peer: quantile(peer, 0.95), unit: 'ms' },
        {
          measure: 'what the program path adds, p50',
          ours: p50 - stock50,
          unit: 'ms',
          aim: '≤ 3',
          met: p50 - stock50 <= 3,
        },
        {
          measure: 'switcher, one camera with two sources of 3 Mb/s',
          ours: cpu,
          unit: '% of a core',
          aim: '≤ 1',
          met: cpu <= 1,
        },
      ],
      notes: [
        `${ours.length} packets over ${seconds} s, each known by its payload; 720p at 30 frames/s. The peer is a path of the same relay that pulls the intake itself: one process less on the way, and no way to another source.`,
      ],
    };
  } finally {
    await Promise.all(encoders.map((one) => one.stop()));
    await Promise.all([switcher.close(), cameras.close(), intake.close(), relay.close()]);
  }
}

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../infra/binaries.ts';
import { startCamera } from '../fixtures/camera.ts';
import type { Follower } from '../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { makeState } from '../fixtures/launcher/start.ts';
import { startMediamtx } from '../fixtures/mediamtx.ts';
import { until } from '../fixtures/process.ts';
import { type RtmpDestination, startRtmpDestination } from '../fixtures/rtmp-destination.ts';
import { rolesOf } from './cost/plant.ts';
import { openWindow, type Roles } from './cost/usage.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const CAMERAS = 20;
const GOP_S = 2;
const PICTURE = { width: 640, height: 360, fps: 15, gopSeconds: GOP_S, bitrateBps: 600_000 };
const ROUNDS = 8;
const OUTAGES = 3;
const SETTLE_MS = 2_000;
const POLL_MS = 5;

/** The house of the measurement: one camera that is pulled twenty times, and two stations. */
interface Stage {
  group: TestGroup;
  events: Follower;
  stations: [RtmpDestination, RtmpDestination];
  close(): Promise<void>;
}

async function openStage(): Promise<Stage> {
  const folder = makeState();
  const camera = await startMediamtx();
  const painter = startCamera(camera.rtsp('picture'), PICTURE);
  await until('the camera', async () => (await camera.api('GET', '/v3/paths/get/picture')).available, 15_000);
  const stations = await Promise.all([startRtmpDestination('key-of-one'), startRtmpDestination('key-of-two')]);
  const destinations = Object.fromEntries(
    stations.map(({ to, key, stat }, n) => {
      const file = path.join(folder.path, `station-${n}.key`);
      writeFileSync(file, `${key}-{camera}\n`, { mode: 0o600 });
      return [`station-${n}`, { to, key_file: file, stat }];
    }),
  );
  const cameras = Object.fromEntries(
    Array.from({ length: CAMERAS }, (_, n) => [`cam_${n}`, { zone: 'hcm/test', sources: [camera.rtsp('picture')] }]),
  );
  const group = await startTestGroup({ cameras, destinations });
  const events = group.follow(0);
  for (let n = 0; n < CAMERAS; n++) await events.next('camera.live', `camera/cam_${n}`, 0, 60_000);
  return {
    group,
    events,
    stations,
    async close() {
      events.close();
      await group.stop();
      for (const station of stations) await station.close();
      await painter.stop();
      await camera.close();
      folder.close();
    },
  };
}

const camerasOf = (count: number) => Array.from({ length: count }, (_, n) => `cam_${n}`);
const run = promisify(execFile);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const declare = async ({ group }: Stage, cameras: string[], destinations: string[]): Promise<string> => {
  const { status, body } = await group.api('POST', '/api/v1/incidents', { cameras, destinations, reason: 'bench' });
  if (status !== 201) throw new Error(`the incident was refused: ${status} ${JSON.stringify(body)}`);
  return body.id;
};
const close = async ({ group }: Stage, incident: string): Promise<void> => {
  await group.api('DELETE', `/api/v1/incidents/${incident}`);
  await until(
    'nothing to be pushed',
    async () => (await group.api('GET', '/api/v1/broadcasts')).body.items.length === 0,
  );
};

/** One warm camera: how long until its first byte, and its first decoded picture, are at the station. */
async function reach(stage: Stage): Promise<{ firstByteMs: number; pictureMs: number }> {
  const [station] = stage.stations;
  const startedAt = performance.now();
  const incident = await declare(stage, ['cam_0'], ['station-0']);
  await until('the first byte', async () => (await station.received('cam_0')) ?? 0, 20_000, POLL_MS);
  const firstByteMs = performance.now() - startedAt;
  const watched = `${station.to}/${station.key}-cam_0`;
  // By itself FFmpeg looks for five seconds whether sound comes too.
  const quick = ['-v', 'error', '-analyzeduration', '100000', '-probesize', '50000'];
  await run(findProgram('ffmpeg'), [...quick, '-i', watched, '-an', '-frames:v', '1', '-f', 'null', '-']);
  const pictureMs = performance.now() - startedAt;
  await close(stage, incident);
  await until('the station to be rid of it', async () => (await station.received('cam_0')) === undefined);
  return { firstByteMs, pictureMs };
}

/** All cameras to both stations at once: how long until the last one is on air. */
async function reachAll(stage: Stage): Promise<{ allMs: number; gatewayCpu: number; incident: string }> {
  const { group, events } = stage;
  const cameras = camerasOf(CAMERAS);
  const at = Date.now();
  const window = openWindow(await rolesOf(group), []);
  const incident = await declare(stage, cameras, ['station-0', 'station-1']);
  let last = at;
  for (const camera of cameras) {
    for (const station of ['station-0', 'station-1']) {
      const fact = await events.next('broadcast.on-air', `broadcast/${camera}--${station}`, at, 60_000);
      last = Math.max(last, fact.at);
    }
  }
  return { allMs: last - at, gatewayCpu: window().get('gateway')?.cpu ?? 0, incident };
}

/** What a relay and the gateway use with so many pushes, in percent of a core. */
async function costOf(roles: Roles, seconds: number): Promise<{ relay: number; gateway: number }> {
  await pause(SETTLE_MS);
  const window = openWindow(roles, []);
  await pause(seconds * 1000);
  const used = window();
  return { relay: used.get('mediamtx')?.cpu ?? 0, gateway: used.get('gateway')?.cpu ?? 0 };
}

/** The station goes away and comes back: how long until each of the cameras is on air again. */
async function outage({ events, stations: [station] }: Stage, cameras: string[]): Promise<number[]> {
  const next = (type: string, after: number) =>
    Promise.all(cameras.map((camera) => events.next(type, `broadcast/${camera}--station-0`, after, 20_000)));
  const at = Date.now();
  await station.process().stop('SIGTERM');
  await next('broadcast.retrying', at);
  await station.start();
  const startedAt = Date.now();
  return (await next('broadcast.on-air', startedAt)).map((onAir) => onAir.at - startedAt);
}

/** How soon an emergency is on air, for how many cameras at once, what that costs, and what an outage does. */
export async function bench({ seconds = 8, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const stage = await openStage();
  try {
    const reached = [];
    for (let round = 0; round < ROUNDS; round++) reached.push(await reach(stage));
    say(`one camera: ${reached.map(({ firstByteMs }) => Math.round(firstByteMs)).join(', ')} ms to the first byte`);
    const away = [];
    const one = await declare(stage, ['cam_0'], ['station-0']);
    await stage.events.next('broadcast.on-air', 'broadcast/cam_0--station-0', Date.now() - 50, 20_000);
    for (let round = 0; round < OUTAGES; round++) away.push(...(await outage(stage, ['cam_0'])));
    await close(stage, one);
    const all = await reachAll(stage);
    say(`${CAMERAS} cameras × 2: ${all.allMs} ms until the last was on air`);
    const allAway = await outage(stage, camerasOf(CAMERAS));
    await close(stage, all.incident);
    // What an incident raises beside its pushes would be counted among them: now pushes alone.
    const roles = await rolesOf(stage.group);
    await pause(SETTLE_MS);
    const before = await costOf(roles, seconds);
    for (let n = 0; n < CAMERAS; n++) {
      for (const destination of ['station-0', 'station-1']) {
        await stage.group.api('POST', '/api/v1/broadcasts', { camera: `cam_${n}`, destination });
      }
    }
    const onAir = async () => (await stage.group.api('GET', '/api/v1/broadcasts')).body.items as { state: string }[];
    await until(
      'all to be on air',
      async () => (await onAir()).filter(({ state }) => state === 'on-air').length === 2 * CAMERAS,
      60_000,
      200,
    );
    const during = await costOf(roles, seconds);
    const each = (during.relay - before.relay) / (2 * CAMERAS);
    const firstBytes = reached.map(({ firstByteMs }) => firstByteMs);
    const pictures = reached.map(({ pictureMs }) => pictureMs);
    const row = (
      measure: string,
      ours: number,
      unit: string,
      limit?: number,
      aim = `≤ ${limit} ${unit}`,
    ): BenchRow => ({
      ...{ measure, ours, unit },
      ...(limit === undefined ? {} : { aim, met: ours <= limit }),
    });
    return {
      name: 'emergency',
      machine: thisMachine(),
      rows: [
        row('declare → first byte at the station, warm camera, median', quantile(firstBytes, 0.5), 'ms'),
        row('declare → first byte at the station, warm camera, p95', quantile(firstBytes, 0.95), 'ms', 1_500),
        row(
          'declare → first picture decoded there, p95',
          quantile(pictures, 0.95),
          'ms',
          2_000 + GOP_S * 1000,
          `≤ 2,000 ms + GOP of ${GOP_S} s`,
        ),
        row(`${CAMERAS} cameras × 2 stations at once → all on air`, all.allMs, 'ms', 5_000),
        row('gateway while they go on air', all.gatewayCpu, '% of a core'),
        row('gateway with 40 pushes, beyond none', during.gateway - before.gateway, '% of a core'),
        row('a copied push at the relay, each', each, '% of a core', 1),
        row('station back after an outage → on air, worst', Math.max(...away), 'ms', 2_000),
        row(`the same with ${CAMERAS} cameras on it, median of them`, quantile(allAway, 0.5), 'ms'),
        row(`the same, the last of them`, Math.max(...allAway), 'ms'),
      ],
      notes: [
        `${ROUNDS} rounds of one camera, ${OUTAGES} outages; ${PICTURE.width}×${PICTURE.height}, ${PICTURE.bitrateBps / 1000} kb/s, key frame every ${GOP_S} s, real nginx-rtmp with statistics`,
        'the picture counts when FFmpeg, started at the first byte, has decoded one; its own start is included',
        'cameras, group and stations share the machine; one camera is pulled twenty times',
      ],
    };
  } finally {
    await stage.close();
  }
}

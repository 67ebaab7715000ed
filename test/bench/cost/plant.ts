import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Picture } from '../../../infra/demo/picture.ts';
import { startCamera } from '../../fixtures/camera.ts';
import { startTestGroup, type TestGroup } from '../../fixtures/group.ts';
import { startMediamtx } from '../../fixtures/mediamtx.ts';
import { until } from '../../fixtures/process.ts';
import { openWindow, type Roles, type Used } from './usage.ts';

/** What was seen over one window. */
export interface Seen {
  /** By role; `gateway children` are the eyes' FFmpegs. */
  used: Map<string, Used>;
  /** Journal records and calls of the relays' API by the gateway, per second. */
  records: number;
  relayCalls: number;
  /** Lateness of the gateway's timers, 99th percentile. */
  loopDelayMs: number;
}

/** A group on cameras that all show the same picture. */
export interface Plant {
  group: TestGroup;
  /** Has this many cameras configured, and waits until all of them are live. Resolves to how long that took. */
  setCameras(count: number, withinMs?: number): Promise<number>;
  /** Has every camera called otherwise, and waits until all are. Resolves to how long that took. */
  rename(count: number, name: string): Promise<number>;
  /** How many cameras are live. */
  live(): Promise<number>;
  /** Watches every process for some seconds. */
  observe(seconds: number): Promise<Seen>;
  close(): Promise<void>;
}

/** Cameras start while others do; on two busy cores two hundred take their time. */
const LIVE_WITHIN_MS = 90_000;
/** Journal, posters and page caches come to rest. */
const SETTLE_MS = 3_000;

const configured = (source: string, count: number, eye: boolean, name = 'Camera'): string =>
  // JSON is YAML.
  JSON.stringify({
    cameras: Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`cam_${n}`, { name: `${name} ${n}`, sources: [source], eye }]),
    ),
  });

/** Which pids make up each role. */
export async function rolesOf(group: TestGroup): Promise<Roles> {
  const roles: Roles = new Map([['launcher', [group.launcher.pid]]]);
  for (const { name, pid } of await group.processes()) {
    const role = name.startsWith('relay:') ? 'mediamtx' : name.startsWith('switcher-') ? 'switchers' : name;
    if (pid !== undefined) roles.set(role, [...(roles.get(role) ?? []), pid]);
  }
  return roles;
}

/** A metric's value, summed over its labels, from the text that Prometheus reads. */
export function metric(text: string, name: string, label = ''): number {
  let total = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) {
      if (line.includes(label)) total += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
  }
  return total;
}

/**
 * Starts a group, and a camera that every configured camera pulls.
 * @param eye whether posters are taken and standing pictures noticed
 */
export async function startPlant(picture: Partial<Picture>, eye: boolean): Promise<Plant> {
  const camera = await startMediamtx();
  const encoder = startCamera(camera.rtsp('picture'), picture);
  await until('the camera', async () => (await camera.api('GET', '/v3/paths/get/picture')).available, 15_000);
  const source = camera.rtsp('picture');
  const group = await startTestGroup(JSON.parse(configured(source, 1, eye)));
  const file = path.join(group.state, 'signalbox.yaml');
  const metrics = async () => (await group.api('GET', '/metrics')).text;
  const live = async () => metric(await metrics(), 'signalbox_cameras', 'state="live"');

  return {
    group,
    async setCameras(count, withinMs = LIVE_WITHIN_MS) {
      const startedAt = performance.now();
      rmSync(file);
      writeFileSync(file, configured(source, count, eye), { mode: 0o600 });
      let now = 0;
      const isWhole = async () => {
        now = await live();
        return now === count;
      };
      await until(`${count} cameras to be live`, isWhole, withinMs, 250).catch((error) => {
        throw new Error(`${now} of ${count} cameras are live`, { cause: error });
      });
      return performance.now() - startedAt;
    },
    async rename(count, name) {
      const startedAt = performance.now();
      rmSync(file);
      writeFileSync(file, configured(source, count, eye, name), { mode: 0o600 });
      const isCalledSo = ({ name: called }: { name: string }) => called.startsWith(name);
      await until(
        'every camera to be called otherwise',
        async () => (await group.api('GET', '/api/v1/cameras?limit=1000')).body.items.every(isCalledSo),
        LIVE_WITHIN_MS,
        20,
      );
      return performance.now() - startedAt;
    },
    live,
    async observe(seconds) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const roles = await rolesOf(group);
      const before = await metrics(); // scraping costs, and resets the delays: it stays outside the window
      const close = openWindow(roles, ['gateway']);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const used = close();
      const after = await metrics();
      const rate = (name: string) => (metric(after, name) - metric(before, name)) / seconds;
      return {
        used,
        records: rate('signalbox_journal_appends_total'),
        relayCalls: rate('signalbox_relay_calls_total'),
        loopDelayMs: metric(after, 'signalbox_event_loop_delay_seconds', 'quantile="0.99"') * 1000,
      };
    },
    async close() {
      await group.stop();
      await encoder.stop();
      await camera.close();
    },
  };
}

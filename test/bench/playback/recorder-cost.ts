import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startCamera } from '../../fixtures/camera.ts';
import { startTestGroup } from '../../fixtures/group.ts';
import { startMediamtx } from '../../fixtures/mediamtx.ts';
import { until } from '../../fixtures/process.ts';
import { openWindow } from '../cost/usage.ts';
import { quantile } from '../table.ts';

/** What recording takes on top of the relay, for each camera. */
export interface RecorderCost {
  /** Percent of a core: the relay without and with recording, and the median difference of the pairs, by camera. */
  without: number;
  withRecording: number;
  aCamera: number;
  /** What a camera really sent while it was recorded, Mb/s. */
  rateMbps: number;
}

const CAMERAS = 8;
/** What was switched comes to rest. */
const SETTLE_MS = 4_000;

/** Records and does not record, by turns, and reads the relay's processor time. @param seconds of each window */
export async function recorderCost(pairs: number, seconds: number, say: (text: string) => void): Promise<RecorderCost> {
  const camera = await startMediamtx();
  const encoder = startCamera(camera.rtsp('picture'), { width: 1280, height: 720, bitrateBps: 4_000_000 });
  await until('the camera', async () => (await camera.api('GET', '/v3/paths/get/picture')).available, 15_000);
  const configured = (record: boolean): string => {
    const one = { sources: [camera.rtsp('picture')], eye: false, ...(record ? { record: { keep: '1d' } } : {}) };
    const names = Array.from({ length: CAMERAS }, (_, n) => [`cam_${n}`, one]);
    return JSON.stringify({ cameras: Object.fromEntries(names) });
  };
  const group = await startTestGroup(JSON.parse(configured(false)));
  const file = path.join(group.state, 'signalbox.yaml');
  const states = async (route: string): Promise<string[]> => {
    const found = Array.from({ length: CAMERAS }, (_, n) => group.api('GET', `${route}/cam_${n}`));
    return (await Promise.all(found)).map(({ body }) => body.state);
  };
  const set = async (record: boolean): Promise<void> => {
    rmSync(file);
    writeFileSync(file, configured(record), { mode: 0o600 });
    const isSo = (state: string) => (state === 'recording') === record;
    await until('all to be switched', async () => (await states('/api/v1/recordings')).every(isSo), 60_000, 250);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  };
  try {
    await until(
      'all cameras to be live',
      async () => (await states('/api/v1/cameras')).every((state) => state === 'live'),
      60_000,
      250,
    );
    const relay = await group.pid('relay:intake-1');
    const used = async (): Promise<number> => {
      const close = openWindow(new Map([['relay', [relay]]]), []);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      return close().get('relay')?.cpu ?? Number.NaN;
    };
    const off: number[] = [];
    const on: number[] = [];
    for (let n = 0; n < pairs; n++) {
      // Whichever comes first has the same part in what else the machine does.
      for (const record of n % 2 ? [true, false] : [false, true]) {
        await set(record);
        (record ? on : off).push(await used());
      }
      say(`pair ${n + 1} of ${pairs}: ${off.at(-1)?.toFixed(1)} and ${on.at(-1)?.toFixed(1)} % of a core`);
    }
    const { body } = await group.api('GET', '/api/v1/cameras/cam_0');
    return {
      without: quantile(off, 0.5),
      withRecording: quantile(on, 0.5),
      aCamera: quantile(
        on.map((cpu, n) => (cpu - (off[n] ?? 0)) / CAMERAS),
        0.5,
      ),
      rateMbps: Number(body.bitrate_bps ?? body.health?.bitrate_bps) / 1e6,
    };
  } finally {
    await group.stop();
    await encoder.stop();
    await camera.close();
  }
}

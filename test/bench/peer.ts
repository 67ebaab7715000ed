import { startCamera } from '../fixtures/camera.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { startMediamtx } from '../fixtures/mediamtx.ts';
import { type ChromiumViewer, openViewers, type PeerFrame, startPeers } from '../fixtures/peers.ts';
import { until } from '../fixtures/process.ts';
import { readProgram } from '../fixtures/program-reader.ts';
import { processorSeconds } from './cost/usage.ts';
import { type BenchOptions, type BenchTable, quantile, thisMachine } from './table.ts';

const CAMERA = 'cam_001';
const VIEWERS = [1, 2, 4];
/** Pictures are as large as they get after a few seconds on a network that carries them. */
const SETTLED_LINES = 360;

/** What one adaptive peer costs, and how late its picture is. */
export async function bench({ seconds = 10, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const [relay, running, browser] = await Promise.all([startMediamtx(), startPeers(), startChromium()]);
  const camera = startCamera(relay.rtsp(CAMERA), { width: 1280, height: 720, fps: 25, bitrateBps: 2_000_000 });
  try {
    await until('the program', async () => (await relay.api('GET', `/v3/paths/get/${CAMERA}`)).ready, 20_000);
    const page = await openViewers(browser);
    const source = await readProgram(relay.rtsp(CAMERA));
    const watching: ChromiumViewer[] = [];
    const join = async () => {
      const viewer = await page.viewer();
      const { answer, peer } = await running.peers.open({
        ...{ session: `ses_${watching.length}`, camera: CAMERA, relay: 'relay-1', url: relay.rtsp(CAMERA) },
        ...{ sdp: viewer.offer, bounds: { peers: 16, cores: 64 }, reach: { address: '127.0.0.1', hosts: [] } },
      });
      await viewer.accept(answer, peer);
      watching.push(viewer);
    };
    const settled = async () =>
      (await Promise.all(watching.map((viewer) => viewer.frames()))).every(
        (frames) => frames.at(-1)?.lines === SETTLED_LINES,
      );
    const { pid } = running.process();
    const rows: BenchTable['rows'] = [];
    let single: PeerFrame[] = [];
    for (const count of VIEWERS) {
      while (watching.length < count) await join();
      await until('the whole picture everywhere', settled, 60_000, 250);
      const decoders = descendants(pid);
      source.packets.length = 0;
      const from = { own: processorSeconds([pid]), decoders: processorSeconds(decoders), atMs: Date.now() };
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const spentS = (Date.now() - from.atMs) / 1000;
      const share = (now: number, before: number) => ((now - before) / spentS) * 100;
      const own = share(processorSeconds([pid]), from.own);
      const decoding = share(processorSeconds(decoders), from.decoders);
      const frames = ((await watching[0]?.frames()) ?? []).filter(({ at }) => at >= from.atMs);
      const sent = source.packets.filter(({ newPicture }) => newPicture).length;
      if (count === 1) single = frames;
      say(
        `${count} viewers: ${own.toFixed(0)} % encoding, ${decoding.toFixed(0)} % decoding, ${frames.length} of ${sent} pictures`,
      );
      rows.push({
        measure: `${count} ${count === 1 ? 'viewer' : 'viewers'} of one 720p camera: encoding, a viewer`,
        ours: own / count,
        unit: '% of a core',
      });
      if (count === 1) rows.push({ measure: 'its decoder, shared by all', ours: decoding, unit: '% of a core' });
      rows.push({
        measure: `of the camera’s ${(sent / spentS).toFixed(0)} pictures a second on screen, ${count} watching`,
        ours: (frames.length / sent) * 100,
        unit: '%',
        aim: '≥ 90',
        met: frames.length >= 0.9 * sent,
      });
    }
    const latencies = single.flatMap(({ latencyMs }) => latencyMs ?? []);
    for (const [name, part] of [
      ['p50', 0.5],
      ['p95', 0.95],
    ] as const) {
      rows.push({ measure: `glass to glass, one viewer, ${name}`, ours: quantile(latencies, part), unit: 'ms' });
    }
    source.close();
    await page.close();
    return {
      name: 'peer',
      machine: thisMachine(),
      rows,
      notes: [
        `${seconds} s each, 360p at up to 30 frames/s in VP8; camera, relay, encoders and the browser that decodes share the cores.`,
      ],
    };
  } finally {
    await browser.close();
    await running.close();
    await camera.stop();
    await relay.close();
  }
}

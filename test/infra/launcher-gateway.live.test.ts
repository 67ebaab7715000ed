import path from 'node:path';
import { expect } from 'chai';
import {
  descendants,
  makeState,
  openLauncherLink,
  readGroup,
  stillRunning,
  untilReady,
} from '../fixtures/launcher/start.ts';
import { type Running, run, until } from '../fixtures/process.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('the whole group, as npm start runs it', function () {
  this.timeout(120_000);
  let state: ReturnType<typeof makeState>;
  let launcher: Running;
  let link: ReturnType<typeof openLauncherLink>;
  let origin: string;

  before(async () => {
    state = makeState();
    const args = [path.join(root, 'infra/launcher.mjs'), '--port', '0', '--state', state.path];
    launcher = run(process.execPath as `/${string}`, args, { cwd: root });
    await untilReady(launcher);
    const group = readGroup(state.path);
    origin = `http://${group.http.host}:${group.http.port}`;
    link = openLauncherLink(group.links.launcher);
  });
  after(async () => {
    link?.close();
    await launcher?.stop('SIGTERM');
    state?.close();
  });

  const pidOf = async (name: string): Promise<number> => {
    const { items } = await link.ask({ type: 'processes' });
    return (items as { name: string; pid?: number }[]).find((item) => item.name === name)?.pid ?? 0;
  };

  /** The bytes that each program path has received so far. */
  const received = async (): Promise<Record<string, number>> => {
    const relay = readGroup(state.path).relays.find(({ role }) => role === 'delivery');
    const text = await (await fetch(`http://127.0.0.1:${relay?.metrics}/metrics?type=paths`)).text();
    const lines = text.matchAll(/^paths_inbound_bytes\{.*?name="([^"]+)".*?\} (\d+)/gm);
    return Object.fromEntries([...lines].map(([, name, bytes]) => [name, Number(bytes)]));
  };
  const allFlow = async (): Promise<boolean> => {
    const bytes = await received();
    return ['cam_001', 'cam_002', 'cam_003'].every((camera) => (bytes[camera] ?? 0) > 100_000);
  };

  it('signs the browser in by the printed link, once', async () => {
    const [, url = ''] = /^ready (http\S+)/m.exec(launcher.output()) ?? [];
    expect(url).to.match(/\?login=/);
    const first = await fetch(url, { redirect: 'manual' });
    expect(first.headers.get('set-cookie')).to.be.a('string');
    expect((await fetch(origin)).status, 'the page').to.equal(200);
    const second = await fetch(url, { redirect: 'manual' });
    expect(second.headers.get('set-cookie')).to.equal(null);
  });

  it('carries on every picture while the gateway is killed, and has it back by itself', async () => {
    await until('three pictures at the delivery relay', allFlow, 30_000, 100);
    const before = await received();
    const gateway = await pidOf('gateway');
    let longestGapMs = 0;
    let lastGrowth = performance.now();
    let last = before.cam_001 ?? 0;
    let watching = true;
    // One look after the other: answers that overtake each other would look like a picture torn down.
    const watch = async (): Promise<void> => {
      if (!watching) return;
      const now = (await received().catch(() => ({}) as Record<string, number>)).cam_001 ?? last;
      if (now < last) longestGapMs = Number.POSITIVE_INFINITY; // a new publisher: the picture was torn down
      if (now !== last) lastGrowth = performance.now();
      longestGapMs = Math.max(longestGapMs, performance.now() - lastGrowth);
      last = now;
      setTimeout(watch, 25);
    };
    void watch();
    const killedAt = performance.now();
    process.kill(gateway, 'SIGKILL');
    const refused = await until('somebody to answer in its place', () =>
      fetch(`${origin}/live/cam_001/webrtc`).catch(() => undefined),
    );
    const refusedMs = performance.now() - killedAt;
    expect(refused.status, 'not left to guess').to.equal(503);
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 2);
    expect(await refused.json()).to.include({ reason: 'gateway-away' });
    const opened = await fetch(origin, { headers: { accept: 'text/html' } });
    expect(opened.headers.get('refresh'), 'a page that is opened meanwhile comes by itself').to.match(/^[12]$/);
    const events = { headers: { accept: 'text/event-stream' } };
    const streamed = await fetch(`${origin}/api/v1/events`, events).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect(streamed, 'an event stream connects again by itself, unless it is refused').to.not.equal(503);
    await until('another gateway', async () => ![0, gateway].includes(await pidOf('gateway')));
    await until('it to answer', async () => (await fetch(`${origin}/readyz`)).ok, 20_000);
    const backMs = performance.now() - killedAt;
    watching = false;
    console.log(
      `      refused after ${Math.round(refusedMs)} ms; gateway ready again after ${Math.round(backMs)} ms; longest gap in the picture ${Math.round(longestGapMs)} ms`,
    );
    expect(longestGapMs).to.be.lessThan(1_000);
  });

  it('is gone within 5 s of SIGTERM, cameras and all', async () => {
    const pids = descendants(launcher.pid);
    const startedAt = performance.now();
    await launcher.stop('SIGTERM');
    const tookMs = performance.now() - startedAt;
    console.log(`      ${pids.length} processes gone after ${Math.round(tookMs)} ms`);
    expect(stillRunning(pids)).to.deep.equal([]);
    expect(tookMs).to.be.lessThan(5000);
  });
});

import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect } from 'chai';
import {
  descendants,
  makeState,
  openLauncherLink,
  startGroup,
  startLauncher,
  stillRunning,
  WITHOUT_CAMERAS,
} from '../fixtures/launcher/start.ts';
import { until } from '../fixtures/process.ts';

/** The pid of a process of the group, as the launcher tells it. */
async function pidOf(link: ReturnType<typeof openLauncherLink>, name: string): Promise<number> {
  const { items } = await link.ask({ type: 'processes' });
  return (items as { name: string; pid: number }[]).find((item) => item.name === name)?.pid ?? 0;
}

/** The shell that ends what is left when the launcher is killed. */
const undertakerOf = (launcher: number): number =>
  descendants(launcher).find((pid) => /^\/bin\/sh\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) ?? 0;

describe('a supervised group', function () {
  this.timeout(120_000);

  it('starts in order, says ready once, and is gone within 5 s of SIGTERM', async () => {
    const state = makeState();
    const { launcher, group, readyMs } = await startGroup(state.path);
    try {
      const said = launcher.output();
      const order = ['nats', 'relay:intake-1', 'gateway'].map((name) => said.indexOf(`${name} serves`));
      expect(order).to.deep.equal([...order].sort((a, b) => a - b));
      expect(order[0]).to.be.greaterThan(-1);
      expect(said.match(/^ready /gm)).to.have.length(1);
      expect(group.demoCameras.map(({ sources }) => sources.length)).to.deep.equal([2, 2, 2]);
      const pids = descendants(launcher.pid);
      const startedAt = performance.now();
      await launcher.stop('SIGTERM');
      const tookMs = performance.now() - startedAt;
      expect(stillRunning(pids)).to.deep.equal([]);
      expect(launcher.child.exitCode).to.equal(0);
      expect(tookMs).to.be.lessThan(5000);
      console.log(
        `      ready after ${readyMs} ms; ${pids.length} processes gone ${Math.round(tookMs)} ms after SIGTERM`,
      );
    } finally {
      await launcher.stop();
      state.close();
    }
  });

  it('leaves nothing behind when the launcher itself is killed, and starts again on the same data', async () => {
    const state = makeState();
    const first = await startGroup(state.path);
    try {
      const undertaker = undertakerOf(first.launcher.pid);
      process.kill(undertaker, 'SIGKILL');
      await until('another undertaker', () => ![0, undertaker].includes(undertakerOf(first.launcher.pid)));
      const pids = descendants(first.launcher.pid);
      const startedAt = performance.now();
      await first.launcher.stop('SIGKILL');
      await until('every process to end', () => stillRunning(pids).length === 0, 5000);
      console.log(`      ${pids.length} processes gone ${Math.round(performance.now() - startedAt)} ms after SIGKILL`);
      const second = await startGroup(state.path, WITHOUT_CAMERAS);
      await second.launcher.stop('SIGTERM');
    } finally {
      await first.launcher.stop();
      state.close();
    }
  });

  it('refuses a second group on the same data, and lets another run beside it', async () => {
    const [state, other] = [makeState(), makeState()];
    const { launcher } = await startGroup(state.path, WITHOUT_CAMERAS);
    try {
      const refused = startLauncher(['--port', '0', '--state', state.path]);
      await until('the refusal', () => refused.child.exitCode !== null, 60_000);
      expect(refused.child.exitCode).to.equal(1);
      expect(refused.output()).to.match(/a group already runs on .*--state DIR/);
      const beside = await startGroup(other.path, WITHOUT_CAMERAS);
      await beside.launcher.stop('SIGTERM');
      expect(launcher.child.exitCode).to.equal(null);
    } finally {
      await launcher.stop('SIGTERM');
      state.close();
      other.close();
    }
  });
});

describe('processes that die', function () {
  this.timeout(120_000);
  let state: ReturnType<typeof makeState>;
  let running: Awaited<ReturnType<typeof startGroup>>;
  let link: ReturnType<typeof openLauncherLink>;
  before(async () => {
    state = makeState();
    running = await startGroup(state.path, WITHOUT_CAMERAS);
    link = openLauncherLink(running.group.links.launcher);
  });
  after(async () => {
    link?.close();
    await running?.launcher.stop('SIGTERM');
    state.close();
  });

  it('lets those that carry pictures go before those that decide', async () => {
    const behind = async (name: string) => getPriority(await pidOf(link, name)) - getPriority();
    for (const name of ['relay:relay-1', 'relay:intake-1', 'switcher-1']) expect(await behind(name), name).to.equal(0);
    for (const name of ['nats', 'redis', 'gateway']) expect(await behind(name), name).to.equal(5);
  });

  for (const name of ['nats', 'redis', 'relay:relay-1', 'relay:intake-1', 'switcher-1', 'gateway']) {
    it(`${name} is started again at once, and the gateway is told`, async () => {
      const before = await pidOf(link, name);
      const startedAt = performance.now();
      process.kill(before, 'SIGKILL');
      const after = await until(`a new ${name}`, async () => {
        const pid = await pidOf(link, name);
        return pid && pid !== before ? pid : 0;
      });
      expect(stillRunning([after])).to.deep.equal([after]);
      const exited = link.heard.filter((message) => message.type === 'exited' && message.name === name).at(-1);
      expect(exited).to.include({ signal: 'SIGKILL', restart_ms: 0 });
      const started = link.heard.find((message) => message.type === 'started' && message.pid === after);
      console.log(
        `      told of the exit after ${Math.round((exited?.at ?? 0) - startedAt)} ms, of the restart after ${Math.round((started?.at ?? 0) - startedAt)} ms`,
      );
    });
  }

  it('restarts a relay that ended without an error too: mediamtx does so when a port of its new settings is taken', async () => {
    const before = await pidOf(link, 'relay:intake-1');
    process.kill(before, 'SIGTERM');
    await until('another relay', async () => ![0, undefined, before].includes(await pidOf(link, 'relay:intake-1')));
    const exited = link.heard.filter(({ type, name }) => type === 'exited' && name === 'relay:intake-1').at(-1);
    expect(exited).to.include({ code: 0, restart_ms: 250 });
  });

  it('waits longer after each failure, so that a broken program does not burn the machine', async () => {
    const waits: unknown[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const pid = await until('redis to run', () => pidOf(link, 'redis'));
      const seen = link.heard.length;
      process.kill(pid, 'SIGKILL');
      const exited = await until('news of its end', () =>
        link.heard.slice(seen).find((message) => message.type === 'exited' && message.name === 'redis'),
      );
      waits.push(exited.restart_ms);
    }
    expect(waits).to.deep.equal([250, 500, 1000]);
  });

  it('prints ready only once, however often the gateway comes back', () => {
    expect(running.launcher.output().match(/^ready /gm)).to.have.length(1);
  });

  it('tells apart gateways that act under an old lease', async () => {
    expect(await link.ask({ type: 'ensure-switchers', epoch: 7, count: 1 })).to.include({ type: 'done' });
    expect(await link.ask({ type: 'ensure-switchers', epoch: 6, count: 1 })).to.include({
      type: 'refused',
      reason: 'epoch',
    });
    expect(await link.ask({ type: 'ensure-switchers', epoch: 7, count: 2 })).to.include({ type: 'done' });
    expect(stillRunning([await pidOf(link, 'switcher-2')])).to.have.length(1);
  });
});

import { expect } from 'chai';
import { pulsePath, pulseRtsp } from '../../adapters/pulse.rtsp.ts';
import type { PulseReport } from '../../machines/slots.ts';
import { figure } from '../fixtures/figures.ts';
import { until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

describe('the pulse of a relay', function () {
  this.timeout(30_000);
  let keys: TokenKeys;
  let relay: TestRelay;
  let reports: (PulseReport & { at: number })[];
  const path = pulsePath('gw-test');

  const feel = (
    token = () =>
      keys.token('pulse', [
        { action: 'publish', path },
        { action: 'read', path },
      ]),
  ) => {
    reports = [];
    const slot = pulseRtsp(() => relay.rtsp(path, token()));
    return slot({ relay: relay.place.id, everyMs: 100, silentMs: 300 }, (event) =>
      reports.push({ ...event, at: performance.now() }),
    );
  };
  const last = () => reports.at(-1);

  const start = async (role: 'intake' | 'delivery') => {
    keys = await serveTokenKeys();
    relay = await startRelay(role, keys);
  };
  afterEach(async () => {
    await relay?.close();
    keys?.close();
  });

  for (const role of ['intake', 'delivery'] as const) {
    it(`whose role is ${role} beats as soon as a packet has come back, and is missed when the relay hangs`, async () => {
      await start(role);
      const held = feel();
      await until('the first beat', () => last()?.type === 'pulse.beating');
      await until('packets on their way', async () => {
        const found = (await relay.api.paths()).find(({ name }) => name === path);
        return (found?.inboundBytes ?? 0) > 200;
      });
      expect(reports.map(({ type }) => type)).to.deep.equal(['pulse.beating']);

      const { child } = relay.process();
      const stoppedAt = performance.now();
      child.kill('SIGSTOP');
      await until('the miss', () => last()?.type === 'pulse.missed', 2_000, 2);
      const missedMs = (last()?.at ?? 0) - stoppedAt;
      figure(`a ${role} relay hangs: missed by its pulse`, missedMs);
      expect(missedMs).to.be.within(250, 1_500);
      child.kill('SIGCONT');
      await until('the beat', () => last()?.type === 'pulse.beating');
      held.release();
      await until('the path to be gone', async () => (await relay.api.paths()).every(({ name }) => name !== path));
    });
  }

  it('is felt in its next process too', async () => {
    await start('delivery');
    const held = feel();
    await until('the first beat', () => last()?.type === 'pulse.beating');
    await relay.kill();
    await until('the miss', () => last()?.type === 'pulse.missed');
    await relay.start();
    await until('the beat', () => last()?.type === 'pulse.beating');
    held.release();
  });

  it('is not missed while this process itself was busy', async () => {
    await start('delivery');
    const held = feel();
    await until('the first beat', () => last()?.type === 'pulse.beating');
    const bytes = async () => (await relay.api.paths()).find(({ name }) => name === path)?.inboundBytes ?? 0;
    for (const busyMs of [400, 900]) {
      const busyUntil = performance.now() + busyMs;
      while (performance.now() < busyUntil);
      const before = await bytes();
      await until('packets to go on', async () => (await bytes()) > before + 100);
    }
    expect(reports.map(({ type }) => type)).to.deep.equal(['pulse.beating']);
    held.release();
  });

  it('is missed where the relay moves no media, though its control API answers', async () => {
    await start('delivery');
    const held = feel(() => keys.token('pulse', [{ action: 'read', path: 'elsewhere' }]));
    await until('the miss', () => last()?.type === 'pulse.missed');
    expect(await relay.api.info()).to.have.property('started');
    held.release();
  });
});

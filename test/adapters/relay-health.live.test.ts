import { expect } from 'chai';
import { healthMediamtx, type ProcessNews } from '../../adapters/health.mediamtx.ts';
import { type RelayPaths, relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { provisionMediamtx } from '../../adapters/provision.mediamtx.ts';
import type { HealthReport, Held, ProvisionReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

describe('the health of a real relay', () => {
  let keys: TokenKeys;
  let relay: TestRelay;
  let heard: ((news: ProcessNews) => void) | undefined;
  const reports: (HealthReport & { at: number })[] = [];
  const last = () => reports.at(-1);
  const watch = (instance?: string): Held =>
    healthMediamtx({
      apiOf: () => relay.api,
      onProcess(_relay, hear) {
        heard = hear;
        return () => {
          heard = undefined;
        };
      },
    })({ relay: 'intake-1', everyMs: 250, ...(instance ? { instance } : {}) }, (event) =>
      reports.push({ ...event, at: performance.now() }),
    );

  before(async () => {
    keys = await serveTokenKeys();
    relay = await startRelay('intake', keys);
  });
  beforeEach(() => {
    reports.length = 0;
  });
  after(async () => {
    await relay?.close();
    keys?.close();
  });

  it('tells once that it answers, and stays silent while that is so', async () => {
    const held = watch();
    await until('the first answer', () => reports.length);
    const { started } = await relay.api.info();
    expect(last()).to.include({ type: 'relay.answering', instance: started });
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(reports).to.have.length(1);
    held.release();
    expect(heard).to.equal(undefined);
  });

  it('tells nothing of an instance that is known already', async () => {
    const held = watch((await relay.api.info()).started);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(reports).to.deep.equal([]);
    held.release();
  });

  it('tells within 700 ms that it hangs, and at once that it answers again', async () => {
    const held = watch();
    await until('the first answer', () => reports.length);
    const { child } = relay.process();
    const stoppedAt = performance.now();
    child.kill('SIGSTOP');
    await until('the miss', () => last()?.type === 'relay.missed');
    expect((last()?.at ?? 0) - stoppedAt).to.be.within(250, 2_000);
    child.kill('SIGCONT');
    await until('the answer', () => last()?.type === 'relay.answering');
    expect(reports).to.have.length(3);
    held.release();
  });

  it('tells at once that its process ended, and within 200 ms of the next one’s start that it answers', async () => {
    const held = watch();
    await until('the first answer', () => reports.length);
    const before = await relay.api.info();
    await relay.kill();
    heard?.({ type: 'exited', text: 'killed by SIGKILL' });
    expect(last()).to.include({ type: 'relay.exited', detail: 'killed by SIGKILL' });
    const starting = relay.start();
    heard?.({ type: 'started' });
    await starting;
    const answersAt = performance.now();
    await until('the new instance', () => last()?.type === 'relay.answering', 2000, 2);
    expect((last()?.at ?? 0) - answersAt).to.be.below(1_000);
    expect(reports.map(({ type }) => type)).to.deep.equal(['relay.answering', 'relay.exited', 'relay.answering']);
    expect(last()).not.to.include({ instance: before.started });
    held.release();
  });
});

describe('a relay that started anew', () => {
  let keys: TokenKeys;
  let relay: TestRelay;
  let paths: RelayPaths;
  const provision = async (): Promise<ProvisionReport> => {
    const reports: ProvisionReport[] = [];
    const { started } = await relay.api.info().catch(() => ({ started: 'unknown' }));
    provisionMediamtx(() => paths)({ relay: relay.place.id, instance: started }, (event) => reports.push(event));
    await until('the report', () => reports.length);
    return reports[0] as ProvisionReport;
  };

  before(async () => {
    keys = await serveTokenKeys();
    relay = await startRelay('intake', keys);
    paths = relayPaths(relay.api);
  });
  after(async () => {
    paths?.close();
    await relay?.close();
    keys?.close();
  });

  it('is given every path that is held, by name and in full', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `in/cam_${n}/0`);
    for (const name of names) paths.want(name, { source: 'rtsp://127.0.0.1:9/x', rtspTransport: 'tcp' }, expect.fail);
    const own = async () => (await relay.api.pathConfigs()).filter(({ name }) => name.startsWith('in/'));
    await until('the paths', async () => (await own()).length === 30);
    await relay.kill();
    await relay.start();
    expect(await own()).to.have.length(0);
    const report = await provision();
    expect(report).to.include({ type: 'paths.provisioned', paths: 30 });
    const found = await own();
    expect(found.map(({ name }) => name).sort()).to.deep.equal(names.sort());
    expect(found.every(({ source, rtspTransport }) => source.endsWith('/x') && rtspTransport === 'tcp')).to.equal(true);
  });

  it('that dies again meanwhile is told as one that took no paths', async () => {
    await relay.kill();
    expect(await provision()).to.include({ type: 'paths.refused' });
    await relay.start();
    expect(await provision()).to.include({ type: 'paths.provisioned', paths: 30 });
  });
});

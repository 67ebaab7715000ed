import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { buildServer } from '../../../infra/http/server.ts';
import { feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';
import { type ServedGateway, serveGateway } from '../../fixtures/served-gateway.ts';

const cam1 = { kind: 'camera' as const, id: id('cam_001') };

describe('the log on the command line', () => {
  let gateway: ServedGateway;
  const sbx = (...argv: string[]) => gateway.sbx(...argv);
  beforeEach(async () => {
    gateway = await serveGateway();
  });
  afterEach(() => gateway.close());

  it('prints what happened and why, and ends at the newest event', async () => {
    await gateway.makeLive();
    const started = performance.now();
    const { code, out } = await sbx('log');
    expect(performance.now() - started).to.be.below(2_500);
    expect(code).to.equal(0);
    expect(out).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}camera cam_001 +live +\S/m);
    expect(out).to.match(/relay relay-1 +serving/);
    const lines = (await sbx('log', '--camera', 'cam_001', '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    // The camera's own events, and its ladder's.
    const subjects = new Set(lines.map(({ subject }) => subject));
    expect([...subjects]).to.deep.equal(['camera/cam_001', 'rendition/cam_001']);
    const last = lines.at(-1);
    expect((await sbx('log', '--since', String(last.sequence))).out).to.equal('');
    expect((await sbx('log', '--since', '2099-01-01')).out).to.equal('');
    expect((await sbx('log', '--since', '5m')).out).to.contain('cam_001');
  });

  it('says that the gateway does not tell its events, instead of printing none', async function () {
    this.timeout(30_000);
    // It takes the question and opens the stream, as one does whose cores are busy; nothing follows.
    const mute = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = mute.address() as AddressInfo;
      const { code, out, err } = await sbx('log', '--url', `http://127.0.0.1:${port}`);
      expect([code, out]).to.deep.equal([1, '']);
      expect(err).to.match(/did not tell its newest event within 10 s/);
    } finally {
      mute.closeAllConnections();
      mute.close();
    }
  });

  it('finds a moment among thousands of events', async function () {
    this.timeout(30_000);
    for (let n = 0; n < 700; n += 1) {
      const fact = {
        id: `x-${n}`,
        type: 'signalbox.camera.live',
        subject: 'camera/cam_001',
        source: '/gateways/gw-test',
      };
      const time = new Date(Date.parse('2026-01-01T00:00:00Z') + n * 60_000).toISOString();
      await gateway.services.facts.tell({
        ...fact,
        specversion: '1.0',
        time,
        datacontenttype: 'application/json',
        data: { zone: 'default' },
        version: 1,
      });
    }
    const { out } = await sbx('log', '--since', '2026-01-01T10:00:00Z', '--json');
    const times = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).time);
    expect(times.filter((time) => time < '2026-01-01T10:00:00')).to.deep.equal([]);
    expect(times[0]).to.equal('2026-01-01T10:00:00.000Z');
  });

  it('follows what happens next, over a restart of the gateway, without a gap and without a double', async function () {
    this.timeout(30_000);
    await gateway.makeLive();
    const { port } = gateway;
    const following = gateway.program('log', '--follow', '--since', '0', '--json');
    const printed = () =>
      following
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'));
    await until('the log so far', () => printed().some((line) => line.includes('camera.live')));
    await gateway.server.close();
    await gateway.house.roster.offer(cam1, { type: 'source.silent', source: '0', silent_ms: 900 });
    await until('the interruption to be told', () => following.output().includes('interrupted'));
    const successor = await buildServer(gateway.services);
    try {
      await successor.listen({ host: '127.0.0.1', port });
      await gateway.house.roster.offer(cam1, flows());
      await gateway.house.roster.offer(cam1, feeds());
      const { last } = await gateway.services.facts.range();
      const sequences = () => printed().map((line) => JSON.parse(line).sequence);
      await until('the last event', () => sequences().includes(last));
      expect(sequences()).to.deep.equal(Array.from({ length: last }, (_, index) => index + 1));
      expect(following.output()).to.match(/connected again; going on after sequence \d+/);
    } finally {
      await following.stop();
      await successor.close();
    }
  });
});

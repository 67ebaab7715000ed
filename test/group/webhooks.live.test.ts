import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { signed } from '../../adapters/webhook.http.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { makeState } from '../fixtures/launcher/start.ts';
import { until } from '../fixtures/process.ts';

const SECRET = 'whsec_c2VjcmV0LW9mLXRoZS10ZXN0';

/** A receiver that answers as the test says. */
async function startReceiver() {
  const had: { type: string; incident: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  const receiver = { status: 204, holdMs: 0, had, url: '', close: async () => {} };
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { type, subject } = JSON.parse(body);
    had.push({ type: type.replace('signalbox.', ''), incident: subject, headers: request.headers, body });
    const { status } = receiver;
    setTimeout(() => response.writeHead(status).end(), receiver.holdMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/of-the-desk`;
  receiver.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return receiver;
}

describe('a webhook', function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof makeState>;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let group: TestGroup;

  before(async () => {
    folder = makeState();
    receiver = await startReceiver();
    const secretFile = path.join(folder.path, 'desk.secret');
    writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
    group = await startTestGroup({
      cameras: { gate: { zone: 'hcm/test', sources: ['rtsp://127.0.0.1:9/none'] } },
      webhooks: [{ url: receiver.url, secret_file: secretFile, types: ['incident'] }],
    });
  });
  after(async () => {
    await group?.stop();
    await receiver?.close();
    folder?.close();
  });

  const declare = async (): Promise<string> => {
    const said = { cameras: ['gate'], reason: 'fire', drill: true };
    const { status, body } = await group.api('POST', '/api/v1/incidents', said);
    expect(status).to.equal(201);
    return body.id;
  };
  /** What the receiver had of an incident, without what came twice. */
  const hadOf = (incident: string) => {
    const types = receiver.had.filter((one) => one.incident === `incident/${incident}`).map(({ type }) => type);
    return types.filter((type, index) => types.indexOf(type) === index);
  };
  const COURSE = ['incident.declared', 'incident.active', 'incident.closed'];

  it('gets each fact of an incident as a CloudEvent, signed, in order', async () => {
    const startedAt = performance.now();
    const incident = await declare();
    await until('the declaration', () => hadOf(incident).includes('incident.declared'));
    figure('webhook: from declaring an incident to its receipt', performance.now() - startedAt);
    await group.api('DELETE', `/api/v1/incidents/${incident}`);
    await until('the end', () => hadOf(incident).includes('incident.closed'));
    expect(hadOf(incident)).to.deep.equal(COURSE);
    for (const { headers, body } of receiver.had) {
      expect(headers['content-type']).to.contain('application/cloudevents+json');
      const [id, at] = [String(headers['webhook-id']), Number(headers['webhook-timestamp'])];
      expect(signed(SECRET, id, at * 1000, body)['webhook-signature']).to.equal(headers['webhook-signature']);
      expect(Math.abs(Date.now() - at * 1000)).to.be.lessThan(60_000);
      expect(JSON.parse(body)).to.include({ specversion: '1.0', subject: `incident/${incident}` });
    }
  });

  it('that fails, is slow, and whose gateway is killed meanwhile gets everything when it is back, in order', async () => {
    receiver.status = 500;
    receiver.had.length = 0;
    const incident = await declare();
    await until('it to refuse', () => receiver.had.length > 0);
    const stateNow = async () =>
      (await group.api('GET', '/api/v1/incidents')).body.items.find((one: { id: string }) => one.id === incident)
        ?.state;
    await until('the incident to run', async () => (await stateNow()) === 'active');
    await group.api('DELETE', `/api/v1/incidents/${incident}`);
    await group.kill('gateway');
    receiver.had.length = 0;
    receiver.holdMs = 300;
    receiver.status = 204;
    await until('the end of the incident', () => hadOf(incident).includes('incident.closed'), 30_000);
    expect(hadOf(incident)).to.deep.equal(COURSE);
    expect(group.logs()).not.to.contain('of-the-desk').and.not.to.contain(SECRET);
  });
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { claimPortBlock, type PortBlock } from '../../infra/launcher/ports.ts';
import { portsOf, RELAY_PORTS } from '../fixtures/hosts.ts';
import { makeState, startLauncher, untilReady } from '../fixtures/launcher/start.ts';
import { startNats, type TestNats } from '../fixtures/nats.ts';
import { type Running, until } from '../fixtures/process.ts';

const PORTS = ['jwks', 'redis', ...RELAY_PORTS, ...RELAY_PORTS.map((name) => `intake_${name}`)];

describe('a group that is started while the NATS that it is to use is away', function () {
  this.timeout(90_000);
  let state: ReturnType<typeof makeState>;
  let block: PortBlock;
  let launcher: Running | undefined;
  let nats: TestNats | undefined;
  before(async () => {
    state = makeState();
    block = await claimPortBlock();
  });
  after(async () => {
    await launcher?.stop('SIGTERM');
    await nats?.close();
    block.release();
    state.close();
  });

  it('says so at its address, and starts once NATS is there', async () => {
    const [httpPort, natsPort] = [await block.next(), await block.next()];
    const ports = await portsOf(block, PORTS);
    const file = path.join(state.path, 'signalbox.yaml');
    const url = `http://127.0.0.1:${httpPort}`;
    const config = {
      http: { port: httpPort },
      ports,
      nats: { servers: [`nats://127.0.0.1:${natsPort}`] },
      cameras: {},
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    launcher = startLauncher(['--state', state.path, '--config', file]);
    const told = await until('it to say so', () => fetch(`${url}/readyz`).catch(() => undefined));
    expect(told.status).to.equal(503);
    expect(await told.text()).to.match(/can't serve yet, since \S+Z: NATS does not answer/);
    nats = await startNats('', natsPort);
    await untilReady(launcher);
    expect(await (await fetch(url)).text(), 'the gateway itself').to.match(/^\d+$/);
  });
});

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { expect } from 'chai';
import { connect, type Msg, type NatsConnection } from 'nats';
import { natsStore } from '../../bus/carriers/nats.ts';
import { id } from '../../bus/identity.ts';
import { EVERY_FACT, EVERY_TOLD, FACT_STREAM, factSubject, inboxOf, journalSubject } from '../../bus/subjects.ts';
import { natsProgram, redisProgram } from '../../infra/launcher/servers.ts';
import { type StateFolder, takeStateFolder } from '../../infra/launcher/state-folder.ts';
import { makeState } from '../fixtures/launcher/start.ts';
import { freePort, type Running, run, until } from '../fixtures/process.ts';

const address = { kind: 'camera', id: id('cam_001') } as const;

describe('the stores of a group', () => {
  let folder: ReturnType<typeof makeState>;
  let state: StateFolder;
  let server: Running;
  let gateway: NatsConnection;
  let reader: NatsConnection;

  before(async () => {
    folder = makeState();
    state = takeStateFolder(folder.path);
    const port = await freePort();
    const program = natsProgram({ port, readers: {} }, state, process.env);
    server = run(program.file as `/${string}`, program.args, { env: program.env });
    await until('nats-server', program.ready);
    const servers = `127.0.0.1:${port}`;
    gateway = await connect({ servers, user: 'gateway', pass: state.secret('nats-gateway').value });
    reader = await connect({
      servers,
      user: 'reader',
      pass: state.secret('nats-reader').value,
      inboxPrefix: inboxOf('reader'),
    });
    const { close } = await natsStore({
      ...{ servers: [`nats://${servers}`], name: 'stores' },
      ...{ user: 'gateway', password: state.secret('nats-gateway').value },
    });
    await close();
    for (const text of ['one', 'two']) await jetstream(gateway).publish(factSubject(address, 'live'), text);
  });
  after(async () => {
    await gateway?.close();
    await reader?.close();
    await server?.stop();
    state.release();
    folder.close();
  });

  it('let a reader follow facts, told and stored, and know the sequence of each', async () => {
    const heard: string[] = [];
    const keep = (_error: Error | null, { headers, data }: Msg) =>
      void heard.push(`${headers?.get('Nats-Sequence') || 'without'} ${new TextDecoder().decode(data)}`);
    for (const subject of [EVERY_FACT, EVERY_TOLD]) reader.subscribe(subject, { callback: keep });
    await reader.flush();
    await jetstream(gateway).publish(factSubject(address, 'stalled'), 'three');
    await until('it twice', () => heard.length >= 2);
    expect(heard.sort()).to.deep.equal(['3 three', 'without three']);
  });

  it('refuse a reader that tells facts, asks, reads journals or listens in on answers to others', async () => {
    const faults: string[] = [];
    void (async () => {
      for await (const status of reader.status()) if (status.type === 'error') faults.push(String(status.error));
    })();
    const heard: string[] = [];
    gateway.subscribe('>', { callback: (_error, message) => void heard.push(message.subject) });
    await gateway.flush();
    for (const subject of [
      factSubject(address, 'live'),
      journalSubject(address),
      `$JS.API.STREAM.DELETE.${FACT_STREAM}`,
    ]) {
      reader.publish(subject, 'forged');
    }
    for (const subject of [journalSubject(address), '_INBOX.>', '>']) reader.subscribe(subject, { callback() {} });
    await reader.flush();
    await until('six refusals', () => faults.length >= 6);
    expect(faults.join('\n')).to.match(/permissions violation/i);
    expect(heard.filter((subject) => !subject.startsWith('_INBOX') && !subject.startsWith('$JS.EVENT'))).to.deep.equal(
      [],
    );
    expect((await (await jetstreamManager(gateway)).streams.info(FACT_STREAM)).state.messages).to.equal(3);
  });

  it('admit nobody without a password', async () => {
    const [server = ''] = [gateway.getServer()];
    const refused = await connect({ servers: server, reconnect: false }).catch((error: Error) => error);
    expect(refused).to.be.instanceOf(Error);
    const port = await freePort();
    const program = redisProgram(port, state, process.env);
    const redis = run(program.file as `/${string}`, program.args, { env: program.env });
    try {
      await until('redis-server', program.ready);
      const { converse } = await import('../../infra/launcher/servers.ts');
      expect(await converse(port, 'PING\r\n', /\r\n/)).to.match(/^-NOAUTH/);
    } finally {
      await redis.stop();
    }
  });
});

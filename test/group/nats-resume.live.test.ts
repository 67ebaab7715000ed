import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { type NatsStore, natsStore } from '../../bus/carriers/nats.ts';
import { wrap } from '../../bus/envelope.ts';
import { id } from '../../bus/identity.ts';
import { inboxOf, resumeSubject, toldOf } from '../../bus/subjects.ts';
import { natsIdentity } from '../../infra/gateway/carriers.ts';
import { groupFileName } from '../../infra/group.ts';
import { readerSecret } from '../../infra/launcher/servers.ts';
import { secretIn } from '../../infra/launcher/state-folder.ts';
import type { Follower } from '../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { type Running, run, until } from '../fixtures/process.ts';
import { openStalledReader } from '../fixtures/stalled-reader.ts';

const SAMPLE = path.resolve(import.meta.dirname, '../../infra/samples/nats-reader.mjs');
const CAMERAS = { cam_gate: 'hcm/gate', cam_hall: 'hcm/hall' };
type Camera = keyof typeof CAMERAS;
const LONG = 'x'.repeat(4_000);

/** An answer to a reader. */
interface Page {
  items: { id: string; sequence: number }[];
  next: number;
  more: boolean;
  cameras?: string[];
  resync?: string;
  reason?: string;
}

describe('readers over NATS that were away', function () {
  this.timeout(90_000);
  let group: TestGroup;
  let store: NatsStore;
  let gate: NatsConnection;
  let hall: NatsConnection;
  let everything: Follower;
  const refused: string[] = [];
  const programs: Running[] = [];

  const passwordOf = (reader: string) => secretIn(group.state, readerSecret(reader));
  const servers = () => group.group.nats.servers.map((server) => server.replace('nats://', ''));
  const comeIn = (reader: string) =>
    connect({ servers: servers(), user: reader, pass: passwordOf(reader).value, inboxPrefix: inboxOf(reader) });
  /** Has a camera tell something as its gateway would; where it is said to be by default, or elsewhere. */
  let count = 0;
  const tell = async (camera: Camera, zone = CAMERAS[camera], text = ''): Promise<number> => {
    const said = { id: `stir-${++count}`, type: 'recording.protected', at: Date.now(), data: { zone, text } };
    return (await store.facts.tell(wrap(said, { kind: 'recording', id: id(camera) }, 'test', 1))).seq;
  };
  /** One answer; none within a second is an error. */
  const ask = async (reader: NatsConnection, name: string, body: object): Promise<Page> =>
    (await reader.request(resumeSubject(name), JSON.stringify(body), { timeout: 1_000 })).json();
  /** Of these sequences, those that a reader is told. */
  const among = async (reader: NatsConnection, name: string, wanted: number[]) => {
    const { items } = await ask(reader, name, { after: Math.min(...wanted) - 1 });
    return items.map(({ sequence }) => sequence).filter((sequence) => wanted.includes(sequence));
  };
  const move = async (camera: Camera, zone: string) => {
    expect((await group.api('PATCH', `/api/v1/cameras/${camera}`, { zone })).status).to.equal(200);
    for (const number of [1, 2]) {
      const file = path.join(group.state, 'run', groupFileName(number));
      const { http } = JSON.parse(readFileSync(file, 'utf8'));
      const headers = { authorization: `Bearer ${group.token()}` };
      await until(`gateway ${number} to know`, async () => {
        const answer = await fetch(`http://127.0.0.1:${http.port}/api/v1/cameras/${camera}`, { headers });
        return ((await answer.json()) as { zone: string }).zone === zone;
      });
    }
  };
  /** Runs the sample as a reader, which keeps its place in a file of its own. */
  const runSample = (reader: string) => {
    const words = ['--name', reader, '--password-file', passwordOf(reader).file, '--server', servers()[0] ?? ''];
    const program = run(process.execPath as `/${string}`, [SAMPLE, ...words, '--place', placeOf(reader)]);
    programs.push(program);
    return program;
  };
  const placeOf = (reader: string) => path.join(group.state, `${reader}.place.json`);
  /** How far it has read, and what it heard beyond that. */
  const place = (reader: string): { next: number; heard: number[] } => {
    try {
      return JSON.parse(readFileSync(placeOf(reader), 'utf8'));
    } catch {
      return { next: 0, heard: [] }; // it is being written, or not there yet
    }
  };
  const printed = (program: Running): number[] =>
    program
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line).sequence);

  before(async () => {
    const readers = { gate: { zones: ['hcm/gate'] }, hall: { zones: ['hcm/hall'] } };
    group = await startTestGroup({ gateways: 2, nats: { readers } });
    store = await natsStore({ ...natsIdentity(group.group.nats), name: 'test', makeStreams: false });
    for (const [name, zone] of Object.entries(CAMERAS)) {
      const added = { id: name, zone, sources: ['rtsp://127.0.0.1:9/none'], record: { keep_ms: 3_600_000 } };
      expect((await group.api('POST', '/api/v1/cameras', added)).status).to.equal(201);
    }
    [gate, hall] = [await comeIn('gate'), await comeIn('hall')];
    void (async () => {
      for await (const status of gate.status()) if (status.type === 'error') refused.push(String(status.error));
    })();
    everything = group.follow(0);
  });
  after(async () => {
    for (const program of programs) await program.stop();
    await Promise.all([gate?.close(), hall?.close(), store?.close()]);
    await group?.stop();
  });

  it('have exactly what happened in their zone, in order, none twice and none missing, over the seam to live', async () => {
    const before = runSample('gate');
    await until('it to listen', () => place('gate').next > 0, 20_000);
    await tell('cam_hall');
    const live = await tell('cam_gate');
    await until('it to have heard', () => printed(before).includes(live));
    await until('its place to be kept', () => place('gate').next >= live || place('gate').heard.includes(live));
    await before.stop('SIGKILL');

    const missed: number[] = [];
    for (let n = 0; n < 20; n++) missed.push(await tell(n % 2 ? 'cam_hall' : 'cam_gate'));
    const back = runSample('gate');
    // Things go on happening while it reads the past, until it hears them live.
    let last = 0;
    const heardLive = () => {
      const { next, heard } = place('gate');
      return next < (missed.at(-1) ?? 0) ? 0 : heard.filter((sequence) => sequence > next).length;
    };
    while (heardLive() < 10) {
      await tell('cam_hall');
      last = await tell('cam_gate');
      await wait(20);
    }
    await until('the last one', () => printed(back).includes(last));
    const due = await until('it everywhere', () => everything.heard.some(({ sequence }) => sequence === last)).then(
      () =>
        everything.heard
          .filter(({ subject, data }) => subject.endsWith('/cam_gate') && data.zone === 'hcm/gate')
          .filter(({ subject }) => /^(camera|rendition|recording|ptz|sound)\//.test(subject))
          .map(({ sequence }) => sequence),
    );
    const all = [...printed(before), ...printed(back)];
    const within = (sequence: number) => sequence >= (all[0] ?? 0) && sequence <= last;
    expect(all.filter(within)).to.deep.equal(due.filter(within));
    expect(all).to.include.members(missed.filter((_, n) => n % 2 === 0));
    await back.stop();
  });

  it('can’t ask in another’s name', async () => {
    gate.publish(resumeSubject('hall'), '{"after":0}', { reply: `${inboxOf('gate')}.1` });
    await until('the refusal', () => refused.some((text) => text.includes(resumeSubject('hall'))));
    expect((await ask(hall, 'hall', { after: 0 })).cameras).to.deep.equal(['cam_hall']);
  });

  it('read of a camera that has moved what was told in their zone, while it is there', async () => {
    const before = await tell('cam_gate');
    await move('cam_gate', 'hcm/hall');
    const after = await tell('cam_gate', 'hcm/hall');
    expect(await among(gate, 'gate', [before, after]), 'where it was').to.deep.equal([]);
    expect(await among(hall, 'hall', [before, after]), 'where it is').to.deep.equal([after]);
    expect((await ask(hall, 'hall', {})).cameras).to.deep.equal(['cam_gate', 'cam_hall']);
    await move('cam_gate', 'hcm/gate');
    expect(await among(gate, 'gate', [before, after]), 'when it is back').to.deep.equal([before]);
    expect(await among(hall, 'hall', [before, after])).to.deep.equal([]);
  });

  it('get one answer to each ask, whichever gateway gives it', async () => {
    const answers: string[] = [];
    const counting = gate.subscribe(`${inboxOf('gate')}.count`, {
      callback: (_error, message) => void answers.push(message.string()),
    });
    for (let n = 0; n < 10; n++) gate.publish(resumeSubject('gate'), '{}', { reply: `${inboxOf('gate')}.count` });
    await until('ten answers', () => answers.length >= 10);
    for (let n = 0; n < 4; n++) await ask(gate, 'gate', {});
    expect(answers).to.have.length(10);
    counting.unsubscribe();
  });

  it('ask again when the gateway is killed that was to answer, and have the rest', async () => {
    const told: number[] = [];
    for (let n = 0; n < 1_200; n++) told.push(await tell('cam_gate'));
    const first = await ask(gate, 'gate', { after: (told[0] ?? 1) - 1 });
    expect(first).to.include({ more: true });
    await group.signal('gateway-2', 'SIGSTOP');
    const lost = await until('an ask that nobody answers', () =>
      ask(gate, 'gate', { after: first.next }).then(
        () => undefined,
        (error: Error) => error,
      ),
    );
    expect(lost.message).to.match(/timeout/i);
    await group.signal('gateway-2', 'SIGKILL');
    const items = [...first.items];
    for (let { next, more } = first; more; ) {
      const page = await until('an answer', async () => {
        const answer = await ask(gate, 'gate', { after: next });
        return answer.items && answer;
      });
      items.push(...page.items);
      ({ next, more } = page);
    }
    const sequences = items.map(({ sequence }) => sequence);
    expect(sequences.filter((sequence) => told.includes(sequence))).to.deep.equal(told);
    expect(sequences).to.deep.equal([...new Set(sequences)].sort((a, b) => a - b));
    await group.ready();
  });

  it('stop reading: nats-server lets go of them, others hear on, and they come back without a gap', async () => {
    const subject = toldOf({ kind: 'recording', id: id('cam_gate') });
    const [port] = /\d+$/.exec(servers()[0] ?? '') ?? [];
    const stalled = await openStalledReader(Number(port), 'gate', passwordOf('gate').value, subject);
    const others: number[] = [];
    const listening = gate.subscribe(subject, {
      callback: (_error, message) => void others.push(Number(message.headers?.get('Nats-Sequence'))),
    });
    await gate.flush();
    const told: number[] = [await tell('cam_gate')];
    await until('it to hear the first', () => stalled.heard().length > 0);
    stalled.stopReading();
    let latestMs = 0;
    // What it leaves unread fills the buffers of both kernels, and then the server's.
    const cut = /Slow Consumer[^\n]*WriteDeadline/;
    while (!cut.test(group.logs())) {
      told.push(...(await Promise.all(Array.from({ length: 20 }, () => tell('cam_gate', undefined, LONG)))));
      const toldAt = performance.now();
      await until('somebody else to hear them', () => others.length === told.length);
      latestMs = Math.max(latestMs, performance.now() - toldAt);
      await wait(100);
    }
    // Who waits for the one that reads nothing would be held up for as long as the server waits for it: 10 s.
    expect(latestMs).to.be.lessThan(2_000);
    expect(others).to.deep.equal([...told].sort((a, b) => a - b));
    listening.unsubscribe();

    await stalled.readOn();
    const before = stalled.heard();
    expect(before.length, 'what it had been sent').to.be.within(1, told.length - 1);
    const missed: number[] = [];
    for (let next = before.at(-1) ?? 0, more = true; more; ) {
      const page = await until('an answer', () => ask(gate, 'gate', { after: next }).then((one) => one.items && one));
      missed.push(...page.items.map(({ sequence }) => sequence));
      ({ next, more } = page);
    }
    const all = [...before, ...missed].filter((sequence) => others.includes(sequence));
    expect(all).to.deep.equal(others);
  });

  it('older than what is kept are told what they can’t have', async () => {
    const kept = await tell('cam_gate');
    await store.keeper.forgetFacts(kept);
    const old = await ask(gate, 'gate', { after: 1 });
    expect(old).to.deep.include({ items: [], next: kept - 1, more: true, resync: 'gone' });
    const [first] = (await ask(gate, 'gate', { after: old.next })).items;
    expect(first?.sequence).to.equal(kept);
  });

  it('hear what the configuration says as it is saved; who is taken out is cut, and nobody else', async () => {
    const program = runSample('gate');
    await until('it to listen', () => place('gate').next > 0, 20_000);
    let cuts = 0;
    void (async () => {
      for await (const { type } of hall.status()) if (type === 'disconnect') cuts += 1;
    })();
    /** Whether a reader is let hear what a camera tells now. */
    const hears = async (reader: NatsConnection, camera: Camera) => {
      const heard: number[] = [];
      const listening = reader.subscribe(toldOf({ kind: 'recording', id: id(camera) }), {
        callback(error, message) {
          if (!error) heard.push(Number(message.headers?.get('Nats-Sequence')));
        },
      });
      await reader.flush();
      const sequence = await tell(camera);
      await reader.flush();
      listening.unsubscribe();
      return heard.includes(sequence);
    };
    expect(await hears(hall, 'cam_gate')).to.equal(false);
    const config = JSON.parse(readFileSync(group.group.config, 'utf8'));
    const readers = { hall: { zones: ['hcm/gate'] }, yard: { cameras: ['cam_gate'] } };
    writeFileSync(group.group.config, JSON.stringify({ ...config, nats: { readers } }));
    await until('another zone to be heard', () => hears(hall, 'cam_gate'), 15_000, 100);
    expect(await hears(hall, 'cam_hall'), 'what was theirs before').to.equal(false);
    await until('it at every gateway', async () => {
      const answers = await Promise.all(Array.from({ length: 4 }, () => ask(hall, 'hall', {})));
      return answers.every(({ cameras }) => cameras?.join() === 'cam_gate');
    });
    const yard = await comeIn('yard');
    expect((await ask(yard, 'yard', {})).cameras).to.deep.equal(['cam_gate']);
    await yard.close();
    await until('the one that is taken out to be cut for good', () => gate.isClosed(), 20_000);
    await until('its program to end', () => program.child.exitCode === 1, 20_000);
    expect(await comeIn('gate').catch(String)).to.match(/authorization/i);
    expect(cuts).to.equal(0);
  });
});

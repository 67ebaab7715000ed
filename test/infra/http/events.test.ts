import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { type Id, id } from '../../../bus/identity.ts';
import type { Facts } from '../../../bus/ports/facts.ts';
import { mayHear } from '../../../infra/http/hearing.ts';
import { createHub } from '../../../infra/http/hub.ts';
import { keepStreams, type Sink } from '../../../infra/http/streams.ts';
import { isWanted } from '../../../infra/http/wanted.ts';
import { readEvents } from '../../fakes/event-stream.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';
import { someFact } from '../../fixtures/records.ts';

describe('http: events', () => {
  let gateway: FakeGateway;
  const open: { close(): void }[] = [];
  const anna = { sub: 'anna', role: 'admin' as const };
  const at = (name: string) => ({ kind: 'camera' as const, id: id(name) });
  const silence = (name: string) =>
    gateway.house.roster.offer(at(name), { type: 'source.silent', source: '0', silent_ms: 900 });
  const revive = async (name: string) => {
    await gateway.house.roster.offer(at(name), flows());
    return gateway.house.roster.offer(at(name), feeds());
  };
  const told = () => gateway.house.store.told();
  const isTold = (type: string) =>
    until(type, () => told().some(({ envelope }) => envelope.type === `signalbox.${type}`));

  const follow = async (grant: object, query = '', headers: Record<string, string> = {}, ttlSeconds = 600) => {
    const answer = await gateway.server.inject({
      url: `/api/v1/events${query}`,
      headers: { ...gateway.bearer(grant, ttlSeconds), ...headers },
      payloadAsStream: true,
    });
    expect(answer.statusCode).to.equal(200);
    expect(answer.headers['content-type']).to.match(/^text\/event-stream/);
    const stream = readEvents(answer.stream());
    open.push(stream);
    return stream;
  };

  /** From the first event on. */
  const followBySocket = async (query = '') => {
    const heard: Record<string, unknown>[] = [];
    const socket: WebSocket = await gateway.server.injectWS(`/api/v1/events${query}`, {
      headers: { host: 'localhost:8080', ...gateway.bearer(anna) },
    });
    open.push({ close: () => socket.terminate() });
    socket.on('message', (data) => heard.push(JSON.parse(data.toString())));
    socket.send('{"after":0}');
    return { heard, socket };
  };

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await gateway.camera('cam_002', 'hanoi/station');
    await isTold('camera.live');
  });
  afterEach(async () => {
    for (const stream of open.splice(0)) stream.close();
    await gateway.close();
  });

  it('tells what happens as CloudEvents with the sequence, and why', async () => {
    const stream = await follow(anna);
    await silence('cam_001');
    const event = await until('the event', () => stream.facts()[0]);
    expect(event.data).to.include({ specversion: '1.0', type: 'signalbox.camera.stalled', subject: 'camera/cam_001' });
    expect(event.data.data.why.text).to.match(/\w/);
    expect(event.data.sequence).to.equal(Number(event.id));
  });

  it('resumes after a sequence without a gap, whichever way it is told', async () => {
    await silence('cam_001');
    await revive('cam_001');
    await until('all facts', () => told().at(-1)?.envelope.type === 'signalbox.camera.live');
    const all = told();
    const cut = all[Math.floor(all.length / 2)]?.seq ?? 0;
    const expected = all.filter(({ seq }) => seq > cut).map(({ seq }) => String(seq));
    const asked = await follow(anna, `?after=${cut}`);
    const remembered = await follow(anna, '?after=0', { 'last-event-id': String(cut) });
    for (const stream of [asked, remembered]) {
      await until('the missed events', () => stream.facts().length === expected.length);
      expect(stream.facts().map((one) => one.id)).to.deep.equal(expected);
    }
    const whole = await follow(anna, '?after=0');
    await until('everything there ever was', () => whole.facts().length === all.length);
    await silence('cam_002');
    await until('what comes then', () => whole.facts().length === all.length + 1);
  });

  it('tells each person only what they may see', async () => {
    const viewer = await follow({ sub: 'vera', cameras: ['cam_001'] });
    const operator = await follow({ sub: 'olga', role: 'operator', zones: ['hanoi/*'] });
    const admin = await follow(anna);
    await gateway.server.inject({
      url: '/live/cam_001/webrtc',
      headers: gateway.bearer({ sub: 'vera', cameras: ['cam_001'] }),
    });
    await gateway.server.inject({
      url: '/live/cam_001/webrtc',
      headers: gateway.bearer({ sub: 'vito', cameras: ['cam_001'] }),
    });
    await silence('cam_002');
    await gateway.house.roster.offer({ kind: 'relay', id: id('relay-1') }, { type: 'relay.exited', detail: 'killed' });
    await until('all of it', () => admin.types().includes('relay.dead'));
    expect(viewer.types()).to.deep.equal(['viewer.admitted']);
    expect(viewer.facts()[0]?.data.data.subject).to.equal('vera');
    expect(operator.types()).to.include('camera.stalled').and.include('relay.dead').and.not.include('viewer.admitted');
    expect(admin.types().filter((type) => type === 'viewer.admitted')).to.have.length(2);
  });

  it('stops telling of a camera, and of who watches it, when it is moved out of a person’s zones', async () => {
    const olga = { sub: 'olga', role: 'operator', zones: ['hcm/*'] };
    const before = await follow(olga, '?cameras=cam_001');
    const admin = await follow(anna, '?cameras=cam_001');
    await gateway.server.inject({
      url: '/live/cam_001/webrtc',
      headers: gateway.bearer({ sub: 'vera', cameras: ['cam_001'] }),
    });
    await until('the viewer', () => before.types().includes('viewer.admitted'));
    const settings = gateway.house.roster.view(at('cam_001'))?.context.settings as object;
    const moved = { ...settings, zone: 'hanoi/station' };
    await gateway.house.roster.offer(at('cam_001'), { type: 'camera.configured', settings: moved });
    const [viewer] = gateway.house.roster.list('viewer');
    await gateway.house.roster.offer({ kind: 'viewer', id: viewer?.id as Id }, { type: 'viewer.closed' });
    await silence('cam_001');
    await until('all of it', () => admin.types().includes('camera.stalled') && admin.types().includes('viewer.ended'));
    expect(before.types()).to.deep.equal(['viewer.admitted']);
    const asked = async (person: object, what: string) =>
      (await gateway.server.inject({ url: `/api/v1/${what}`, headers: gateway.bearer(person) })).json().items.length;
    for (const what of ['timeline?cameras=cam_001', 'journal?camera=cam_001']) {
      expect(await asked(olga, what), what).to.equal(0);
      expect(await asked(anna, what), what).to.be.greaterThan(1);
    }
  });

  it('filters by type, camera and zone', async () => {
    const byType = await follow(anna, '?types=camera.stalled,relay');
    const byCamera = await follow(anna, '?cameras=cam_002');
    const byZone = await follow(anna, '?zones=hcm/*');
    for (const name of ['cam_001', 'cam_002']) await silence(name);
    await revive('cam_001');
    await until('what was asked for', () => byZone.types().length === 2);
    expect(byType.types()).to.deep.equal(['camera.stalled', 'camera.stalled']);
    expect(byCamera.facts().map((one) => one.data.subject)).to.deep.equal(['camera/cam_002']);
    expect(byZone.types()).to.deep.equal(['camera.stalled', 'camera.live']);
  });

  it('says so when a subscriber is ahead of what there is, and goes on from there', async () => {
    const stream = await follow(anna, '?after=999999');
    const resync = await until('resync', () => stream.heard.find((one) => one.event === 'resync'));
    expect(resync.data).to.deep.equal({ sequence: told().at(-1)?.seq, reason: 'ahead' });
    await silence('cam_001');
    await until('the event', () => stream.types().includes('camera.stalled'));
  });

  it('tells a subscriber older than what is kept what it cannot have, and whether it was forgotten or lost', async () => {
    const resync = async () => {
      const stream = await follow(anna, '?after=1');
      return (await until('resync', () => stream.heard.find((one) => one.event === 'resync'))).data;
    };
    const { store } = gateway.house;
    await store.keeper.forgetFacts(4);
    expect(await resync()).to.deep.equal({ sequence: 3, reason: 'gone' });
    store.lose(0, 1);
    expect(await resync()).to.deep.equal({ sequence: 4, reason: 'lost' });
  });

  /** A gateway that was started anew: its hub remembers nothing. @param facts how it reads them */
  const startedAnew = async (facts: Partial<Facts> = {}) => {
    const lone = await fakeGateway({ facts: { ...gateway.house.store.facts, ...facts } });
    open.push({ close: () => void lone.close() });
    return async (after: number) => {
      const headers = { ...lone.bearer(anna), 'last-event-id': String(after) };
      const answer = await lone.server.inject({ url: '/api/v1/events', headers, payloadAsStream: true });
      const stream = readEvents(answer.stream());
      open.push(stream);
      return stream;
    };
  };
  const heardOf = (stream: { heard: { event?: string; id?: string }[] }) =>
    stream.heard.flatMap(({ event, id }) => (id === undefined ? [] : [event ? `${event} ${id}` : Number(id)]));

  it('is brought up to date after a restart page by page, by a connection that all share, and goes on live', async () => {
    for (let n = 0; n < 450; n++) await gateway.house.store.facts.tell(someFact('cam_001', n));
    let subscriptions = 0;
    const { facts } = gateway.house.store;
    const ask = await startedAnew({
      subscribe: (...asked) => {
        subscriptions += 1;
        return facts.subscribe(...asked);
      },
    });
    const before = subscriptions;
    const readers = await Promise.all([ask(3), ask(3), ask(200)]);
    await silence('cam_001');
    const all = told().map(({ seq }) => seq);
    for (const [reader, after] of [
      [readers[0], 3],
      [readers[1], 3],
      [readers[2], 200],
    ] as const) {
      await until('the newest', () => reader.facts().at(-1)?.id === String(all.at(-1)));
      expect(heardOf(reader)).to.deep.equal(all.filter((seq) => seq > after));
    }
    expect(subscriptions, 'of their own').to.equal(before);
  });

  it('is not told that it is ahead by a gateway that has not heard yet what another one has told', async () => {
    const late: Parameters<Facts['subscribe']>[2][] = [];
    const { facts } = gateway.house.store;
    const ask = await startedAnew({
      subscribe: (filter, after, hear) => facts.subscribe(filter, after, (one) => void late.push(() => hear(one))),
    });
    await silence('cam_001');
    await silence('cam_002');
    const seen = told().at(-1)?.seq ?? 0;
    const reader = await ask(seen);
    for (const hear of late.splice(0)) hear(undefined as never);
    await revive('cam_001');
    for (const hear of late.splice(0)) hear(undefined as never);
    const all = told().map(({ seq }) => seq);
    await until('the newest', () => reader.facts().at(-1)?.id === String(all.at(-1)));
    expect(heardOf(reader)).to.deep.equal(all.filter((seq) => seq > seen));
  });

  it('is told to come again when reading fails in a way that nobody expected, and nobody else is', async () => {
    const other = await follow(anna);
    const ask = await startedAnew({
      read: () => {
        throw new TypeError('no such thing');
      },
    });
    const reader = await ask(1);
    const end = await until('the end', () => reader.heard.find((one) => one.event === 'end'));
    expect(end.data).to.deep.equal({ reason: 'internal' });
    await silence('cam_001');
    await until('what comes', () => other.types().includes('camera.stalled'));
  });

  it('goes on past an event that is damaged, for everybody', async () => {
    const [one, other] = [await follow(anna), await follow({ sub: 'vera', cameras: ['cam_001'] })];
    const damaged = someFact('cam_001', 1);
    await gateway.house.store.facts.tell({ ...damaged, type: 'signalbox.alarm.raised', subject: 'alarm/x', data: {} });
    await silence('cam_001');
    for (const stream of [one, other]) {
      await until('what came behind it', () => stream.types().includes('camera.stalled'));
      expect(stream.types()).not.to.include('alarm.raised');
    }
    const shown = await gateway.server.inject({ url: '/api/v1/timeline', headers: gateway.bearer(anna) });
    expect(shown.statusCode).to.equal(200);
  });

  it('hides addresses from who does not operate the camera, as time line and journal do', async () => {
    const detail = 'dial tcp 192.0.2.7:554: connection refused';
    const [viewer, admin] = [await follow({ sub: 'vera', cameras: ['cam_001'] }), await follow(anna)];
    const fact = someFact('cam_001', 1);
    const why = { trigger: 'source.ended', text: `it ended: ${detail}` };
    await gateway.house.store.facts.tell({ ...fact, data: { ...fact.data, zone: 'hcm/center', why } });
    const textOf = (stream: typeof viewer) => until('the event', () => stream.facts().at(-1)?.data.data.why?.text);
    expect(await textOf(admin)).to.contain('192.0.2.7');
    expect(await textOf(viewer))
      .to.contain('it ended')
      .and.not.contain('192.0.2.7');
  });

  it('does not skip silently what the store lost in the middle', async () => {
    const { store } = gateway.house;
    const missing = told()[2]?.seq ?? 0;
    const holed: Facts = {
      ...store.facts,
      async *read(from, filter) {
        for await (const one of store.facts.read(from, filter)) if (one.seq !== missing) yield one;
      },
    };
    const lone = await fakeGateway({ facts: holed });
    const answer = await lone.server.inject({
      url: '/api/v1/events?after=0',
      headers: lone.bearer(anna),
      payloadAsStream: true,
    });
    const stream = readEvents(answer.stream());
    open.push(stream);
    const all = told().map(({ seq }) => String(seq));
    await until('the rest', () => stream.facts().at(-1)?.id === all.at(-1));
    expect(stream.heard.find((one) => one.event === 'resync')?.data).to.deep.equal({
      sequence: missing,
      reason: 'lost',
    });
    expect(stream.facts().map((one) => one.id)).to.deep.equal(all.filter((seq) => seq !== String(missing)));
    await lone.close();
  });

  it('tells everybody when the store has lost its end, and goes on from there', async () => {
    const live = await follow(anna);
    const behind = await follow(anna, '?after=0');
    await until('the past', () => behind.facts().length === told().length);
    gateway.house.store.cutOff(1, 2);
    for (const stream of [live, behind]) {
      const resync = await until('resync', () => stream.heard.find((one) => one.event === 'resync'));
      expect(resync.data).to.deep.equal({ sequence: 2, reason: 'lost' });
    }
    await silence('cam_001');
    for (const stream of [live, behind]) {
      await until('what comes', () => stream.types().at(-1) === 'camera.stalled');
      expect(stream.facts().at(-1)?.id).to.equal('3');
    }
  });

  it('ends when the token ends, or is revoked', async () => {
    const brief = await follow({ sub: 'vera', cameras: ['cam_001'] }, '', {}, 1);
    const revoked = await follow({ sub: 'vito', cameras: ['cam_001'] });
    await gateway.server.inject({
      method: 'POST',
      url: '/api/v1/revocations',
      headers: gateway.bearer(anna),
      payload: { sub: 'vito' },
    });
    await until('the end', () => revoked.heard.find((one) => one.event === 'end')?.data.reason === 'revoked');
    await until('the end', () => brief.heard.find((one) => one.event === 'end')?.data.reason === 'expired');
  });

  /** Streams of a gateway that was started anew, without the way over HTTP. */
  const bareStreams = async (facts: Facts) => {
    const hub = createHub(facts, (error) => {
      throw error;
    });
    await hub.open();
    const streams = keepStreams({ ...gateway.services, facts }, hub);
    open.push({
      close() {
        streams.close();
        hub.close();
      },
    });
    const claims = { ...anna, cameras: [], zones: [], iat: 0, exp: Date.now() / 1000 + 60 };
    return (after: number | undefined, sink: Partial<Sink>) =>
      streams.open(claims, { types: [], cameras: [], zones: [] }, after, {
        ...{ fact: () => {}, beat: () => {}, resync: () => {}, end: () => {} },
        ...{ backlogBytes: () => 0, drained: async () => {} },
        ...sink,
      });
  };

  it('is brought thousands of events up to date by a few questions to the store', async () => {
    const { facts } = gateway.house.store;
    for (let n = 0; n < 5_000; n++) await facts.tell(someFact('cam_001', n));
    const asked = { read: 0, range: 0 };
    const streams = await bareStreams({
      ...facts,
      read: (...from) => {
        asked.read += 1;
        return facts.read(...from);
      },
      range: () => {
        asked.range += 1;
        return facts.range();
      },
    });
    asked.range = 0;
    const heard: number[] = [];
    await streams(0, { fact: ({ sequence }) => void heard.push(sequence) });
    await until('the newest', () => heard.length === told().length);
    expect(heard).to.deep.equal(told().map(({ seq }) => seq));
    expect(asked).to.deep.equal({ read: 3, range: 2 });
  });

  for (const where of ['in the store', 'at hand']) {
    it(`is brought up to date no faster than it reads, however large the events are that wait ${where}`, async () => {
      const { facts } = gateway.house.store;
      const after = told().at(-1)?.seq ?? 0;
      const large = { text: 'x'.repeat(10_000) };
      const early = where === 'in the store' ? undefined : await bareStreams(facts);
      for (let n = 0; n < 300; n++) await facts.tell({ ...someFact('cam_001', n), data: large });
      const streams = early ?? (await bareStreams(facts));
      const heard: number[] = [];
      let [waiting, most, ended] = [0, 0, ''];
      await streams(after, {
        fact(event) {
          heard.push(event.sequence);
          waiting += JSON.stringify(event).length;
          most = Math.max(most, waiting);
        },
        end(reason) {
          ended = reason;
        },
        backlogBytes: () => waiting,
        async drained() {
          waiting = 0;
        },
      });
      await until('the newest, or an end', () => ended || heard.at(-1) === told().at(-1)?.seq);
      expect(heard).to.have.length(300);
      expect(most).to.be.lessThan(300 * 1024);
    });
  }

  it('lets go of a subscriber that does not read, and tells it where to go on', async () => {
    const sink = { stuck: 0, resync: 0, ended: '' };
    const streams = await bareStreams(gateway.services.facts);
    await streams(undefined, {
      fact: () => {
        sink.stuck += 1024 * 1024;
      },
      resync: (sequence) => {
        sink.resync = sequence;
      },
      end: (reason) => {
        sink.ended = reason;
      },
      backlogBytes: () => sink.stuck,
    });
    for (let n = 0; n < 3; n++) {
      await silence('cam_001');
      await revive('cam_001');
    }
    await until('the end', () => sink.ended === 'slow');
    expect(sink.resync)
      .to.be.greaterThan(0)
      .and.lessThan(told().at(-1)?.seq ?? 0);
  });

  it('refuses questions that make no sense', async () => {
    for (const query of [
      '?after=-1',
      '?after=x',
      '?types=*',
      '?cameras=a.b',
      '?cameras=%3E',
      '?zones=a,,b',
      `?types=${'a,'.repeat(5000)}a`,
    ]) {
      const answer = await gateway.server.inject({ url: `/api/v1/events${query}`, headers: gateway.bearer(anna) });
      expect(answer.statusCode, query).to.equal(400);
      expect(answer.json().error).to.be.a('string');
    }
    const answer = await gateway.server.inject({
      url: '/api/v1/events',
      headers: { ...gateway.bearer(anna), 'last-event-id': 'x' },
    });
    expect(answer.statusCode).to.equal(400);
  });

  it('says when to come back while the store of events is away', async () => {
    gateway.house.store.set('away');
    const lone = await fakeGateway({ facts: gateway.services.facts });
    const answer = await lone.server.inject({ url: '/api/v1/events?after=1', headers: lone.bearer(anna) });
    expect(answer.statusCode).to.equal(503);
    expect(answer.headers['retry-after']).to.match(/^\d+$/);
    gateway.house.store.set('here');
    await lone.close();
  });

  it('tells the same over a WebSocket, from the sequence that is said first', async () => {
    const { heard } = await followBySocket('?types=camera');
    await until('what was before', () => heard.filter((one) => one.type === 'signalbox.camera.live').length === 2);
    await silence('cam_001');
    await until('what comes', () => heard.at(-1)?.type === 'signalbox.camera.stalled');
    expect(heard.at(-1)?.sequence).to.equal(told().at(-1)?.seq);
  });

  it('tells a reader over a WebSocket that is let go of for its slowness where to go on', async () => {
    const { heard, socket } = await followBySocket();
    await until('what was before', () => heard.length >= 2);
    socket.pause();
    const fact = someFact('cam_001', 1);
    for (let n = 0; n < 40; n++) {
      const long = { ...fact.data, zone: 'hcm/center', why: { trigger: 'x', text: 'y'.repeat(100_000) } };
      await gateway.house.store.facts.tell({ ...fact, id: `long-${n}`, data: long });
    }
    socket.resume();
    await until('the end', () => heard.at(-1)?.type === 'end');
    expect(heard.at(-1)).to.include({ reason: 'slow' });
    const last = heard.findLast(({ sequence }) => sequence !== undefined);
    expect(last).to.include({ type: 'resync', reason: 'slow' });
    expect(last?.sequence).to.equal(heard.findLast(({ specversion }) => specversion)?.sequence);
  });

  it('opens no WebSocket for pages of other sites, nor without a token', async () => {
    const outcome = (headers: Record<string, string>) =>
      gateway.server.injectWS('/api/v1/events', { headers: { host: 'localhost:8080', ...headers } }).then(
        () => 'in',
        (error: Error) => error.message,
      );
    expect(await outcome({ ...gateway.bearer(anna), origin: 'https://evil.example.com' })).to.contain('403');
    expect(await outcome({})).to.contain('401');
  });

  it('has one rule for what a type names', () => {
    const live = { type: 'signalbox.camera.live', subject: 'camera/cam_001', data: { zone: 'hcm/center' } } as never;
    const wanted = (types: string[]) => isWanted({ types, cameras: [], zones: [] }, live);
    expect(
      ['camera', 'camera.*', 'camera.live', 'signalbox.camera.live', 'signalbox.camera'].map((type) => wanted([type])),
    ).to.deep.equal(Array(5).fill(true));
    expect(['cam', 'camera.li', 'viewer', 'live'].map((type) => wanted([type]))).to.deep.equal(Array(4).fill(false));
    const nobody = { sub: 'x', role: 'viewer' as const, cameras: [], zones: [], iat: 0, exp: 0 };
    expect(mayHear(nobody, live, () => undefined)).to.equal(false);
  });

  it('tells of an emergency to whoever may watch one of its cameras, whatever zone it was declared for', () => {
    const zones = (camera: string) => (camera === 'cam_001' ? 'hcm/center' : 'hanoi/station');
    const incident = { type: 'signalbox.incident.active', subject: 'incident/inc_1' };
    const watcher = { sub: 'x', role: 'viewer' as const, cameras: [], zones: ['hcm/center'], iat: 0, exp: 0 };
    const seen = (data: object) => mayHear(watcher, { ...incident, data } as never, zones);
    expect(seen({ zone: '', cameras: ['cam_002', 'cam_001'] })).to.equal(true);
    expect(seen({ zone: 'hcm/*', cameras: ['cam_001'] })).to.equal(true);
    expect(seen({ zone: 'hcm/center', cameras: ['cam_002'] }), 'a zone that names it, and is not its own').to.equal(
      false,
    );
  });
});

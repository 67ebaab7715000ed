import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

// biome-ignore lint/suspicious/noExplicitAny: each test knows what it is told
type Body = any;

describe('http: the past', () => {
  let gateway: FakeGateway;
  const anna = { sub: 'anna', role: 'admin' as const };
  const olga = { sub: 'olga', role: 'operator' as const, zones: ['hcm/*'] };
  const vera = { sub: 'vera', cameras: ['cam_001'] };
  const cam = (name: string) => ({ kind: 'camera' as const, id: id(name) });

  const get = async (grant: object, url: string): Promise<Body> => {
    const answer = await gateway.server.inject({ url: `/api/v1/${url}`, headers: gateway.bearer(grant) });
    expect(answer.statusCode, `${url}: ${answer.body}`).to.equal(200);
    return answer.json();
  };
  const fail = (name: string) =>
    gateway.house.roster.offer(cam(name), {
      type: 'source.ended',
      source: '0',
      detail: `192.0.2.7:554 closed the connection of rtsp://192.0.2.7/${name}`,
    });
  const silence = (name: string) =>
    gateway.house.roster.offer(cam(name), { type: 'source.silent', source: '0', silent_ms: 900 });
  const revive = async (name: string) => {
    await gateway.house.roster.offer(cam(name), flows());
    await gateway.house.roster.offer(cam(name), feeds('0', { from: 'slate', trigger: 'ordered', gap_ms: 900 }));
  };
  const lastSeq = () => gateway.house.store.records().at(-1)?.seq ?? 0;
  /** A moment that lies between what was heard before and what is heard after. */
  const moment = async () => {
    const at = Date.now();
    await until('the clock to move on', () => Date.now() > at);
    return at;
  };

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    await gateway.camera('cam_002', 'hanoi/station');
    for (const sub of ['vera', 'vito']) {
      const headers = gateway.bearer({ ...vera, sub });
      const { statusCode } = await gateway.server.inject({ url: '/live/cam_001/webrtc', headers });
      expect(statusCode).to.equal(200);
    }
  });
  afterEach(() => gateway.close());

  describe('journal', () => {
    it('tells what a cell heard and said, with why, page by page', async () => {
      await fail('cam_001');
      const { items, next } = await get(anna, 'journal?kind=camera&id=cam_001');
      expect(next).to.equal(null);
      expect(items[0]).to.deep.include({ kind: 'camera', id: 'cam_001', heard: ['camera.configured'] });
      expect(items.at(-1)).to.deep.include({ heard: ['source.ended'], seq: lastSeq() });
      expect(items.at(-1).state).to.equal(gateway.house.roster.view(cam('cam_001'))?.state);
      expect(items[0].said[0]).to.deep.include({ type: 'camera.connecting' });
      expect(items[0].said[0].why.text).to.match(/\w/);
      const paged: Body[] = [];
      for (let after: number | null = 0; after !== null; ) {
        const page = await get(anna, `journal?kind=camera&id=cam_001&limit=2&after=${after}`);
        expect(page.items.length).to.be.at.most(2);
        paged.push(...page.items);
        after = page.next;
      }
      expect(paged).to.deep.equal(items);
      const before = (await get(anna, `journal?kind=camera&id=cam_001&before=${items.at(-1).seq}`)).items;
      expect(before).to.deep.equal(items.slice(0, -1));
    });

    it('shows each person what they may see, and a camera with its viewers', async () => {
      const seen = async (grant: object, query = '') =>
        new Set((await get(grant, `journal${query}`)).items.map((one: Body) => one.camera ?? one.id));
      expect(await seen(anna)).to.deep.equal(new Set(['relay-1', 'cam_001', 'cam_002']));
      expect(await seen(olga)).to.deep.equal(new Set(['relay-1', 'cam_001']));
      expect(await seen(vera)).to.deep.equal(new Set(['cam_001']));
      const viewers = (await get(vera, 'journal?kind=viewer')).items;
      expect(new Set(viewers.map((one: Body) => one.id)).size).to.equal(1);
      const kinds = (await get(olga, 'journal?camera=cam_001')).items.map((one: Body) => one.kind);
      expect(new Set(kinds)).to.deep.equal(new Set(['camera', 'viewer']));
    });
  });

  describe('time line', () => {
    it('tells what happened between two moments, oldest first, and goes on where it was cut', async () => {
      const from = await moment();
      await silence('cam_001');
      await revive('cam_001');
      const to = await moment();
      await fail('cam_001');
      await until('all facts', () => gateway.house.store.told().at(-1)?.envelope.subject === 'camera/cam_001');
      const whole = await get(anna, `timeline?from=${from + 1}&to=${to}`);
      expect(whole).to.include({ from: from + 1, to, truncated: false, next: null });
      expect(whole.items.length).to.be.greaterThan(0);
      for (const item of whole.items) {
        expect(item).to.include({ kind: 'camera', id: 'cam_001', camera: 'cam_001', zone: 'hcm/center' });
        expect(item.type).to.equal(`camera.${item.state}`);
        expect(item.at).to.be.within(from + 1, to);
        expect(item.why.text).to.match(/\w/);
      }
      expect(whole.items.at(-1)).to.include({ state: 'live' });
      expect(whole.items.at(-1).recover_ms).to.be.a('number');
      const [first] = gateway.house.store.told();
      expect(whole.oldest).to.deep.equal({ seq: first?.seq, at: Date.parse(first?.envelope.time ?? '') });
      const cut = await get(anna, `timeline?from=${from + 1}&to=${to}&limit=1`);
      expect(cut.truncated).to.equal(true);
      const rest = await get(anna, `timeline?from=${from + 1}&to=${to}&after=${cut.next}`);
      expect([...cut.items, ...rest.items]).to.deep.equal(whole.items);
    });

    it('shows each person what they may see, filtered as they wish', async () => {
      await until('all facts', () => gateway.house.store.told().length >= 8);
      const of = async (grant: object, query = '') =>
        (await get(grant, `timeline${query}`)).items.map((one: Body) => one.camera ?? one.id);
      expect(new Set(await of(anna))).to.deep.equal(new Set(['relay-1', 'cam_001', 'cam_002']));
      expect(new Set(await of(olga, '?types=camera'))).to.deep.equal(new Set(['cam_001']));
      expect(new Set(await of(anna, '?zones=hanoi/*'))).to.deep.equal(new Set(['cam_002']));
      const subjects = (await get(vera, 'timeline?types=viewer')).items.map((one: Body) => one.subject);
      expect(new Set(subjects)).to.deep.equal(new Set(['vera']));
    });
  });

  describe('replay', () => {
    it('shows everything as it was at a moment or sequence, the way it stands recorded', async () => {
      const then = await moment();
      const seq = lastSeq();
      const living = gateway.house.roster.view(cam('cam_001'));
      await fail('cam_001');
      const byTime = await get(anna, `replay?at=${then}`);
      const bySequence = await get(anna, `replay?seq=${seq}`);
      for (const past of [byTime, bySequence]) {
        const cell = past.cells.find((one: Body) => one.id === 'cam_001');
        expect(cell).to.deep.include({ state: 'live', since: living?.since, why: living?.why, tags: living?.tags });
        expect(cell.context).to.deep.equal(JSON.parse(JSON.stringify(living?.context)));
        expect(cell.chart.current).to.equal('live');
        expect(past.cells).to.have.length(5);
        expect(past.first_difference).to.equal(null);
      }
      expect(bySequence.hash).to.equal(byTime.hash);
      expect(byTime.seq).to.equal(seq);
      expect(byTime.compared).to.be.greaterThan(0);
      const now = await get(anna, `replay?at=${Date.now()}`);
      expect(now.cells.find((one: Body) => one.id === 'cam_001').state).to.not.equal('live');
      expect(now.hash).to.not.equal(byTime.hash);
    });

    it('cuts a record in two when only the first of what it holds had happened', async () => {
      const [one, two] = [silence('cam_002'), revive('cam_002')];
      await Promise.all([one, two]);
      const held =
        gateway.house.store.records().findLast(({ record }) => record.cell === 'cam_002')?.record.heard ?? [];
      const past = await get(anna, `replay?at=${held[0]?.at}`);
      expect(past.first_difference).to.equal(null);
    });

    it('tells addresses to operators of the zone alone, also where a replay differs', async () => {
      await fail('cam_001');
      const tampered = structuredClone(gateway.house.store.records());
      const last = tampered.findLast(({ record }) => record.cell === 'cam_001');
      const after = last?.record.after as { context: { attempts: number; settings: { sources: object[] } } };
      after.context.attempts = 99;
      Object.assign(after.context.settings.sources[0] as object, { credential: 'secret-reference' });
      const journal = {
        ...gateway.house.store.journal,
        lasts: async function* () {},
        seqAt: async () => 0,
        read: async function* () {
          yield* tampered;
        },
      };
      const lone = await fakeGateway({ journal });
      const ask = (grant: object) =>
        lone.server.inject({ url: `/api/v1/replay?at=${Date.now()}`, headers: lone.bearer(grant) });
      const [viewer, operator, elsewhere] = await Promise.all([
        ask(vera),
        ask(olga),
        ask({ sub: 'otto', role: 'operator', zones: ['hanoi/*'] }),
      ]);
      expect(operator.json().first_difference).to.include({ kind: 'camera', id: 'cam_001', seq: last?.seq });
      expect(operator.body).to.contain('rtsp://192.0.2.7/cam_001').and.contain('127.0.0.1');
      expect(viewer.json().first_difference.recorded.context.attempts).to.equal(99);
      expect(viewer.body).to.not.match(/192\.0\.2|127\.0\.0|secret-reference|credential/);
      expect(viewer.json().cells.map((one: Body) => one.kind)).to.deep.equal(['camera', 'viewer']);
      expect(elsewhere.json().first_difference).to.equal(null);
      expect(elsewhere.body).to.not.contain('cam_001');
      await lone.close();
    });
  });

  describe('what-if', () => {
    const ask = async (grant: object, body: object) =>
      gateway.server.inject({ method: 'POST', url: '/api/v1/whatif', headers: gateway.bearer(grant), payload: body });

    it('tells what would follow from a loss, to each what they may see, and touches nothing', async () => {
      await gateway.relay('relay-2', 'first');
      const before = gateway.house.store.records();
      const answer = await ask(olga, { lose: { relay: 'relay-1' } });
      expect(answer.statusCode, answer.body).to.equal(200);
      expect(answer.json()).to.deep.include({ moved: 2, stranded: 0, dark: [] });
      const moves = answer.json().steps.filter((one: Body) => one.to === 'relay-2');
      expect(moves).to.have.length(2);
      expect(moves[0].why.text).to.contain('relay-2');
      const elsewhere = await ask(
        { sub: 'otto', role: 'operator', zones: ['hanoi/*'] },
        { lose: { relay: 'relay-1' } },
      );
      expect(elsewhere.json()).to.include({ moved: 0, stranded: 0 });
      expect(elsewhere.json().steps.map((one: Body) => one.kind)).to.deep.equal(['relay']);
      const source = await ask(anna, { lose: { source: { camera: 'cam_001', source: '0' } } });
      expect(source.json().dark).to.deep.equal([{ camera: 'cam_001', for_ms: null }]);
      expect((await ask(anna, { lose: { region: 'hcm' } })).json()).to.include({ moved: 0, stranded: 2 });
      expect(gateway.house.store.records()).to.deep.equal(before);
    });

    it('tells who would take up the cells of a lost gateway, to each what they may see', async () => {
      const alone = (await ask(anna, { lose: { gateway: true } })).json();
      expect(alone.note).to.match(/Pictures.*go on/);
      expect(alone.gateway).to.deep.include({ lost: 'gw-test', only: true, heirs: [], pause_ms: null });
      gateway.services.members = () => ['gate-2', 'gw-test'];
      const all = (await ask(anna, { lose: { gateway: 'gw-test' } })).json();
      expect(all.gateway.pause_ms).to.deep.equal({ shortest: 2_000, longest: 2_800 });
      expect(new Set(all.steps.map((one: Body) => one.to))).to.deep.equal(new Set(['gate-2']));
      expect(all.gateway.heirs[0].cells.camera).to.be.at.least(1);
      const otto = { sub: 'otto', role: 'operator', zones: ['hanoi/*'] };
      expect(JSON.stringify((await ask(otto, { lose: { gateway: true } })).json())).to.not.contain('cam_001');
      expect((await ask(anna, { lose: { gateway: 'gate-9' } })).statusCode).to.equal(404);
      expect((await ask(anna, { lose: { gateway: false } })).statusCode).to.equal(400);
    });

    it('forks the past as well', async () => {
      const then = await moment();
      await fail('cam_001');
      const body = { lose: { source: { camera: 'cam_001', source: '0' } } };
      expect((await ask(anna, { ...body, at: then })).json().dark).to.have.length(1);
      expect((await ask(anna, body)).json().dark).to.deep.equal([]);
    });

    it('is for operators, about what there is', async () => {
      expect((await ask(vera, { lose: { relay: 'relay-1' } })).statusCode).to.equal(403);
      const otto = { sub: 'otto', role: 'operator', zones: ['hanoi/*'] };
      for (const lose of [
        { relay: 'relay-9' },
        { region: 'nowhere' },
        { source: { camera: 'cam_001', source: '0' } },
        { source: { camera: 'cam_002', source: '9' } },
      ]) {
        expect((await ask(otto, { lose })).statusCode, JSON.stringify(lose)).to.equal(404);
      }
      for (const body of [{}, { lose: {} }, { lose: { relay: 'relay-1', region: 'hcm' } }, { lose: { relay: '*' } }]) {
        expect((await ask(anna, body)).statusCode, JSON.stringify(body)).to.equal(400);
      }
    });
  });

  it('refuses questions that make no sense', async () => {
    for (const url of [
      'replay',
      'replay?at=1&seq=1',
      'replay?at=x',
      'replay?at=-1',
      'replay?at=9e99',
      'replay?seq=1&camera=a.b',
      'journal?id=cam_001',
      'journal?kind=door',
      'journal?after=-1',
      'journal?limit=0',
      'journal?limit=100000',
      'timeline?from=5&to=4',
      'timeline?from=x',
      'timeline?zones=a,,b',
      'timeline?cameras=%3E',
      'timeline?limit=1000000',
    ]) {
      const answer = await gateway.server.inject({ url: `/api/v1/${url}`, headers: gateway.bearer(anna) });
      expect(answer.statusCode, url).to.equal(400);
      expect(answer.json().error, url).to.be.a('string');
    }
  });

  it('says when to come back while the journal is away', async () => {
    gateway.house.store.set('away');
    for (const url of ['replay?at=5', 'journal', 'timeline']) {
      const answer = await gateway.server.inject({ url: `/api/v1/${url}`, headers: gateway.bearer(anna) });
      expect(answer.statusCode, url).to.equal(503);
      expect(answer.headers['retry-after'], url).to.match(/^\d+$/);
    }
    gateway.house.store.set('here');
  });
});

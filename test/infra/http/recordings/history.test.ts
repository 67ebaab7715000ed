import { expect } from 'chai';
import { acquaint } from '../../../../actors/acquaintance.ts';
import { raiseIncidents } from '../../../../actors/emergency.ts';
import { id } from '../../../../bus/identity.ts';
import { RULES } from '../../../../infra/http/roles.ts';
import { type FakeGateway, fakeGateway } from '../../../fakes/http.ts';
import { FILE_BYTES, FORM, PIECE_MS, recordedUntil } from '../../../fakes/recordings.ts';
import { until } from '../../../fixtures/process.ts';

const MINUTE_MS = 60_000;

describe('looking back, with a bound', () => {
  let gateway: FakeGateway;
  let now: number;
  const clock = Date.now;
  beforeEach(async () => {
    // A whole minute ago, so that files and pieces begin where the test says.
    now = Math.floor(clock() / MINUTE_MS) * MINUTE_MS;
    Date.now = () => now;
    const made = { of: async () => Buffer.from([0xff, 0xd8]), forget: async () => {} };
    gateway = await fakeGateway({ recordings: recordedUntil(now), thumbnails: made });
    await gateway.camera('gate', 'hcm/airport');
    await gateway.camera('hall', 'hcm/airport');
    const recorded = { type: 'recording.configured', zone: 'hcm/airport', wanted: true, keep_ms: 7 * 86_400_000 };
    await gateway.house.roster.create({ kind: 'recording', id: id('gate') }, recorded);
  });
  afterEach(async () => {
    Date.now = clock;
    await gateway.close();
  });

  const hour = { last_ms: 60 * MINUTE_MS };
  const bounded = { sub: 'vera', zones: ['hcm/*'], history: hour };
  const get = (url: string, grant: object = bounded) =>
    gateway.server.inject({ url, headers: { host: 'localhost', ...gateway.bearer(grant) } });
  const ago = (minutes: number) => now - minutes * MINUTE_MS;
  /** A signed folder, of a session that is asked for. */
  const folderOf = async (grant: object = bounded) => {
    const { hls_url: url } = (await get('/recordings/gate', grant)).json();
    return new URL(url).pathname.replace('media.m3u8', '');
  };
  const signed = (url: string) => gateway.server.inject({ url, headers: { host: 'localhost' } });
  const momentsIn = (playlist: string) =>
    [...playlist.matchAll(/PROGRAM-DATE-TIME:(\S+)/g)].map(([, at]) => Date.parse(at as string));

  it('tells what is recorded as far back as the bound, where that is, and why', async () => {
    for (const [holder, from, to] of [
      ['theft', ago(120), ago(100)],
      ['fire', ago(70), ago(50)],
    ]) {
      const at = { kind: 'recording' as const, id: id('gate') };
      await gateway.house.roster.offer(at, { type: 'recording.protected', holder, from, to } as never);
    }
    const told = (await get(`/api/v1/recordings/gate?from=${ago(180)}&to=${now}`)).json();
    expect(told.protections.map(({ holder }: { holder: string }) => holder)).to.deep.equal(['fire']);
    expect(told).to.include({ from: ago(60), to: now });
    // Only the files that reach into the hour count, not the three hours that there are.
    const bytes = 6 * FILE_BYTES;
    expect(told.ranges).to.deep.equal([{ source: '0', rung: 'source', ...FORM, from: ago(60), to: now, bytes }]);
    expect(told.bytes).to.equal(bytes);
    expect(told.gaps).to.deep.equal([]);
    expect(told.history).to.include({ from: ago(60), last_ms: hour.last_ms });
    expect(told.history.why.text).to.match(/only what was recorded within the last 1 h/);
    const before = (await get(`/api/v1/recordings/gate?from=${ago(180)}&to=${ago(120)}`)).json();
    expect([before.ranges, before.gaps]).to.deep.equal([[], []]);
    expect((await get('/api/v1/recordings/gate', { ...bounded, history: undefined })).json()).to.not.have.property(
      'history',
    );
  });

  it('refuses a moment before it, with the earliest that there is for whoever asks', async () => {
    const early = `from=${ago(61)}&to=${ago(30)}`;
    for (const url of [
      `/recordings/gate/index.m3u8?${early}`,
      `/recordings/gate/export.mp4?${early}`,
      `/recordings/gate/thumbnail?at=${ago(61)}`,
    ]) {
      const refused = await get(url);
      expect(refused.statusCode, url).to.equal(403);
      expect(refused.json(), url).to.include({ error: 'Access denied', reason: 'history', earliest: ago(60) });
      expect(refused.json().why.text, url).to.match(/last 1 h/);
    }
    const packed = `/recordings/gate/package.tar?${early}`;
    expect((await get(packed, { ...bounded, role: 'admin' })).json()).to.include({ reason: 'history' });
    const looks = gateway.house.roster.list('viewer');
    expect(looks, 'nobody looked at anything').to.deep.equal([]);
  });

  it('holds on every route that needs the right to look back', async () => {
    const routes = Object.keys(RULES).filter((key) => key.startsWith('GET ') && RULES[key]?.camera === 'review');
    expect(routes.length).to.be.greaterThan(5);
    for (const key of routes) {
      const [method, path] = key.split(' ') as ['GET', string];
      const url = `${path.replace(':camera_id', 'gate')}?from=${ago(61)}&to=${ago(30)}&at=${ago(61)}`;
      const headers = { host: 'localhost', ...gateway.bearer({ ...bounded, role: 'admin' }) };
      const answer = await gateway.server.inject({ method, url, headers });
      // It refuses, or tells where what it tells of begins.
      const told = answer.statusCode === 200 ? answer.json().history?.from : answer.json().earliest;
      expect(told, `${key} answers ${answer.statusCode}`).to.equal(ago(60));
    }
  });

  it('gives a file and a picture of nothing before it, though their key frame lies there', async () => {
    now += 1_000; // the bound lies in the middle of a piece
    const file = await get(`/recordings/gate/export.mp4?from=${ago(60)}&to=${ago(59)}`);
    expect(file.statusCode).to.equal(200);
    expect(file.headers['x-signalbox-from']).to.equal(String(ago(60) + 1_000));
    const picture = await get(`/recordings/gate/thumbnail?at=${ago(60)}`);
    expect(picture.json()).to.include({ reason: 'history' });
    expect((await get(`/recordings/gate/thumbnail?at=${ago(60) + 1_000}`)).statusCode).to.equal(200);
  });

  it('moves on while a session is open: what it gave before is refused, and leaves the playlist', async () => {
    const folder = await folderOf();
    const list = await signed(`${folder}media.m3u8?from=${ago(50)}`);
    const from = ago(50);
    expect(momentsIn(list.body)[0]).to.equal(from);
    expect(list.body).to.contain('#EXT-X-MEDIA-SEQUENCE:0').and.to.not.contain('PLAYLIST-TYPE');
    const files = list.body.split('\n').filter((line) => line.endsWith('.m4s'));
    const [first, later] = [files[0], files.at(-1)];
    expect((await signed(`${folder}${first}`)).body).to.equal(`piece ${from}`);
    expect((await signed(`${folder}thumbnail.jpg?at=${from}`)).statusCode).to.equal(200);

    now += 20 * MINUTE_MS;
    const refused = await signed(`${folder}${first}`);
    expect(refused.statusCode).to.equal(403);
    expect(refused.json()).to.include({ reason: 'history', earliest: ago(60) });
    expect((await signed(`${folder}thumbnail.jpg?at=${from}`)).statusCode).to.equal(403);
    expect((await signed(`${folder}${later}`)).statusCode).to.equal(200);
    const again = await signed(`${folder}media.m3u8?from=${from}`);
    expect(again.headers['x-signalbox-earliest']).to.equal(String(ago(60)));
    // Those at the very edge would be gone before a player has them.
    expect(momentsIn(again.body)[0]).to.equal(ago(60) + 6_000);
    expect(again.body).to.contain(`#EXT-X-MEDIA-SEQUENCE:${(10 * MINUTE_MS + 6_000) / PIECE_MS}`);
    expect(again.body).to.contain('#EXT-X-DISCONTINUITY-SEQUENCE:1');
    expect((await signed(`${folder}media.m3u8?from=${from}&to=${from + MINUTE_MS}`)).statusCode).to.equal(403);
  });

  it('is that of the grant, where somebody asks for no more than what comes after it', async () => {
    const grant = { ...bounded, history: { since: ago(5) } };
    const folder = await folderOf(grant);
    const list = await signed(`${folder}media.m3u8?from=${ago(10)}`);
    expect(momentsIn(list.body)[0]).to.equal(ago(5));
    expect(list.body).to.contain('#EXT-X-PLAYLIST-TYPE:EVENT');
    now += 60 * MINUTE_MS;
    expect((await signed(`${folder}thumbnail.jpg?at=${ago(65)}`)).statusCode, 'it stands').to.equal(200);
  });

  it('holds for every session of a role at once where the configuration says so', async () => {
    const folder = await folderOf({ sub: 'vera', zones: ['hcm/*'] });
    expect((await signed(`${folder}thumbnail.jpg?at=${ago(30)}`)).statusCode).to.equal(200);
    gateway.services.config.auth.history = { viewer: 10 * MINUTE_MS };
    expect((await signed(`${folder}thumbnail.jpg?at=${ago(30)}`)).statusCode).to.equal(403);
  });

  it('goes along into a page of another site', async () => {
    gateway.services.config.http.allowedOrigins.push('https://www.example.com');
    const made = await gateway.server.inject({
      ...{ method: 'POST', url: '/api/v1/embed', payload: { camera: 'gate', origin: 'https://www.example.com' } },
      headers: { host: 'localhost', ...gateway.bearer(bounded) },
    });
    const code = new URL(made.json().url).searchParams.get('code');
    const traded = await gateway.server.inject({
      ...{ method: 'POST', url: '/api/v1/embed/token', payload: { camera: 'gate', code } },
      headers: { host: 'localhost' },
    });
    const url = `/recordings/gate/thumbnail?at=${ago(90)}`;
    const headers = { host: 'localhost', authorization: `Bearer ${traded.json().token}` };
    expect((await gateway.server.inject({ url, headers })).json()).to.include({ reason: 'history' });
  });

  describe('in an emergency', () => {
    const guest = { sub: 'minh' };
    const operator = { sub: 'hoa', role: 'operator' as const, zones: ['hcm/*'] };
    const declare = (grants: object, by: object = operator) =>
      gateway.server.inject({
        ...{ method: 'POST', url: '/api/v1/incidents' },
        payload: { cameras: ['gate'], reason: 'fire', grants },
        headers: { host: 'localhost', ...gateway.bearer(by) },
      });
    beforeEach(() => {
      const fault = (error: Error) => {
        throw error;
      };
      const { roster } = gateway.house;
      acquaint(roster, fault);
      const lowered = { settleQuality: async () => {}, later() {}, onFault: fault };
      raiseIncidents({ roster, cells: roster, addressOf: () => undefined, ...lowered });
    });

    it('lets guests look back since its declaration, and no longer than it runs', async () => {
      const incident = (await declare({ subjects: ['minh'], history: 'since_grant' })).json();
      expect(incident.grants.history).to.deep.equal({ since: now });
      const declaredAt = now;
      now += 10 * MINUTE_MS;
      expect((await get(`/recordings/gate/thumbnail?at=${declaredAt - 1}`, guest)).json()).to.include({
        ...{ reason: 'history', earliest: declaredAt },
      });
      expect((await get(`/api/v1/recordings/gate`, guest)).json().history.why.text).to.match(
        /a running incident opens/,
      );
      expect((await get('/recordings/hall', guest)).json()).to.include({ reason: 'not-yours' });
      const folder = await folderOf(guest);
      expect((await signed(`${folder}media.m3u8?from=${declaredAt}`)).statusCode).to.equal(200);
      const closed = await gateway.server.inject({
        ...{ method: 'DELETE', url: `/api/v1/incidents/${incident.id}` },
        headers: { host: 'localhost', ...gateway.bearer(operator) },
      });
      expect(closed.statusCode).to.equal(204);
      await until(
        'the guest is cut',
        async () => (await signed(`${folder}media.m3u8?from=${declaredAt}`)).statusCode === 403,
      );
    });

    it('tells of recordings to those guests alone who may look back', async () => {
      const told = async () => (await get('/api/v1/cameras/gate', guest)).json();
      const { id: first } = (await declare({ subjects: ['minh'] })).json();
      expect(await told())
        .to.include({ id: 'gate' })
        .and.not.have.property('recording');
      expect((await declare({ subjects: ['minh'], history: 'since_grant' })).statusCode, first).to.equal(201);
      expect((await told()).recording).to.include({ keepable: false });
    });

    it('shows somebody with a right of their own more while it runs, in a session that goes on after it', async () => {
      const vera = { ...bounded, history: { last_ms: 5 * MINUTE_MS } };
      const folder = await folderOf(vera);
      const look = () => signed(`${folder}thumbnail.jpg?at=${ago(30)}`);
      expect((await look()).statusCode).to.equal(403);
      const incident = (await declare({ subjects: ['vera'], history: hour })).json();
      expect((await look()).statusCode).to.equal(200);
      await gateway.server.inject({
        ...{ method: 'DELETE', url: `/api/v1/incidents/${incident.id}` },
        headers: { host: 'localhost', ...gateway.bearer(operator) },
      });
      expect((await look()).json()).to.include({ reason: 'history', earliest: ago(5) });
      expect((await signed(`${folder}thumbnail.jpg?at=${ago(1)}`)).statusCode).to.equal(200);
    });

    it('is declared by nobody who would so see more than they may, themselves or by others', async () => {
      const by = { ...operator, history: hour };
      const refused = await declare({ subjects: ['hoa'], history: { last_ms: 2 * hour.last_ms } }, by);
      expect(refused.statusCode).to.equal(403);
      expect(refused.json()).to.include({ reason: 'history', camera: 'gate', earliest: ago(60) });
      expect((await declare({ subjects: ['hoa'], history: { since: 0 } }, by)).statusCode).to.equal(403);
      expect((await declare({ subjects: ['minh'], history: hour }, by)).statusCode).to.equal(201);
    });
  });
});

import { expect } from 'chai';
import Schema from 'typebox/schema';
import { id } from '../../../bus/identity.ts';
import { EXAMPLES } from '../../../infra/http/examples.ts';
import { RULES } from '../../../infra/http/roles.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { answers, feeds, flows } from '../../fakes/source.ts';

interface Documented {
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** Those that lead to a success in a house without devices, people and plugs; the others need what is not there. */
const SUCCEED = new Set([
  'PATCH /api/v1/cameras/:camera_id',
  'POST /api/v1/cameras/:camera_id/source',
  'POST /api/v1/sessions/:session_id/stale',
  'POST /api/v1/revocations',
  'POST /api/v1/service-tokens',
  'POST /api/v1/layouts',
  'POST /api/v1/broadcasts',
  'POST /api/v1/incidents',
  'POST /api/v1/whatif',
  'POST /api/v1/devices/picture',
]);

describe('the examples in openapi.json', () => {
  let gateway: FakeGateway;
  let session: string;
  let paths: Record<string, Record<string, Documented>>;
  const anna = { sub: 'anna', role: 'admin' as const };

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/airport');
    gateway.services.config.destinations['city-tv'] = { to: 'rtmp://tv.example.com/live' } as never;
    const at = { kind: 'camera' as const, id: id('two') };
    const sources = ['0', '1'].map((one) => ({ id: id(one), url: `rtsp://192.0.2.7/${one}` }));
    const settings = { name: 'Two', zone: 'hcm/airport', sources, keep: 'warm', eye: true };
    await gateway.house.roster.create(at, { type: 'camera.configured', settings });
    for (const source of ['0', '1']) {
      await gateway.house.roster.offer(at, answers(source));
      await gateway.house.roster.offer(at, flows(source));
    }
    await gateway.house.roster.offer(at, feeds());
    paths = (await gateway.server.inject({ url: '/openapi.json' })).json().paths;
    session = (await ask('GET', '/live/cam_001/webrtc')).json().session_id;
  });
  afterEach(() => gateway.close());

  const ask = (method: string, url: string, payload?: object) =>
    gateway.server.inject({
      method: method as 'GET',
      url,
      headers: gateway.bearer(anna),
      ...(payload ? { payload } : {}),
    });
  const documented = (key: string): Documented => {
    const [method = '', url = ''] = key.split(' ');
    const found = paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    if (!found) throw new Error(`${key} is not documented`);
    return found;
  };
  /** The address of a route, in the house of the test. */
  const addressOf = (url: string): string =>
    url
      .replace(':camera_id', url.endsWith('/source') ? 'two' : 'cam_001')
      .replace(':session_id', session)
      .replace(':relay_id', 'relay-1')
      .replace(/:\w+_id\b/, 'none');
  const isPlain = (key: string) => /^GET \/(api|live)\//.test(key) && !/:(?!camera_id|session_id|relay_id)/.test(key);

  for (const [key, example] of Object.entries(EXAMPLES)) {
    it(`are understood by ${key}, and answered as it says`, async () => {
      const [method = '', url = ''] = key.split(' ');
      const { statusCode, body } = await ask(method, addressOf(url), example);
      expect([400, 415, 422], body).to.not.include(statusCode);
      expect(statusCode < 300, `${statusCode} ${body}`).to.equal(SUCCEED.has(key));
      fits(key, statusCode, body);
    });
  }

  it('are not needed for what is only read: that is answered as its schema says', async () => {
    const read = Object.keys(RULES).filter((key) => isPlain(key) && documented(key).responses['200']?.content);
    const json = read.filter((key) => documented(key).responses['200']?.content?.['application/json']);
    const asked: string[] = [];
    for (const key of json) {
      const [method = '', url = ''] = key.split(' ');
      const { statusCode, body } = await ask(
        method,
        addressOf(url) + (url.endsWith('/rights') ? '?camera=cam_001' : ''),
      );
      if (statusCode === 200) asked.push(key);
      fits(key, statusCode, body);
    }
    expect(asked.length).to.be.greaterThan(18);
  });

  /** Whether an answer is one that is documented. */
  function fits(key: string, status: number, body: string): void {
    const { responses } = documented(key);
    const said = responses[String(status)] ?? (status >= 400 ? responses[`${String(status)[0]}XX`] : undefined);
    expect(said, `${key} answers ${status}`).to.not.equal(undefined);
    const schema = said?.content?.['application/json']?.schema;
    if (schema) expect(Schema.Check(schema, JSON.parse(body)), `${key} ${status}: ${body}`).to.equal(true);
  }
});

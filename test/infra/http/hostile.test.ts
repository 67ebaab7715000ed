import { expect } from 'chai';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';

/** Ids that were never ids. */
const BAD_IDS = ['*', '>', 'a.b', '..%2fkeys', '%00', 'A', 'a%20b', '%F0%9F%98%80', '-a', 'a'.repeat(65), '%22%3E'];
/** Texts that pass the grammar, but name what every JavaScript object has. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];

describe('http: bad input', () => {
  let gateway: FakeGateway;
  const anna = { sub: 'anna', role: 'admin' as const };
  const vera = { sub: 'vera', cameras: ['cam_001'] };
  let records: number;
  const ask = (request: InjectOptions) => gateway.server.inject(request);

  before(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    records = gateway.house.store.records().length;
  });
  after(() => gateway.close());
  afterEach(async () => {
    // Whatever came in, nothing changed, and it still answers.
    expect(gateway.house.store.records().length).to.equal(records);
    expect(gateway.services.revocations.list()).to.deep.equal([]);
    expect(gateway.whep.opened).to.deep.equal([]);
    expect(gateway.house.troubles).to.deep.equal([]);
    expect((await ask({ url: '/healthz' })).statusCode).to.equal(200);
  });

  const isClear = (answer: { statusCode: number; body: string; headers: Record<string, unknown> }, about: string) => {
    expect(answer.statusCode, `${about} ${answer.body}`).to.be.within(400, 499);
    const { error, reason } = JSON.parse(answer.body);
    expect([typeof error, typeof reason], about).to.deep.equal(['string', 'string']);
    expect(answer.body.length, about).to.be.lessThan(2_000);
  };

  it('ids that are none are refused as such', async () => {
    for (const bad of BAD_IDS) {
      for (const url of [
        `/live/${bad}`,
        `/live/${bad}/webrtc`,
        `/api/v1/cameras/${bad}`,
        `/api/v1/sessions/${bad}`,
        `/api/v1/relays/${bad}`,
        `/watch/${bad}`,
      ]) {
        const answer = await ask({ url, headers: gateway.bearer(anna) });
        isClear(answer, url);
        expect([400, 404]).to.include(answer.statusCode);
      }
    }
  });

  it('ids that every object has are unknown, not found by accident', async () => {
    for (const bad of INHERITED) {
      const answer = await ask({ url: `/live/${bad.toLowerCase()}/webrtc`, headers: gateway.bearer(anna) });
      expect([400, 404], bad).to.include(answer.statusCode);
      const viewer = await ask({ url: `/live/${bad.toLowerCase()}/webrtc`, headers: gateway.bearer(vera) });
      expect([400, 403], bad).to.include(viewer.statusCode);
    }
  });

  it('addresses that climb out of the page reach nothing', async () => {
    for (const url of [
      '/assets/../../package.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%00',
      '//etc/passwd',
      '/assets/%c0%ae/',
    ]) {
      const answer = await ask({ url });
      expect(answer.statusCode, url).to.be.within(400, 503);
      expect(answer.body).to.not.contain('signalbox"');
    }
  });

  it('bodies that are no JSON, too large, of another kind, or that poison prototypes', async () => {
    const post = (payload: string, type = 'application/json') =>
      ask({
        method: 'POST',
        url: '/api/v1/revocations',
        headers: { ...gateway.bearer(anna), 'content-type': type },
        payload,
      });
    for (const [payload, status] of [
      ['', 400],
      ['{', 400],
      ['null', 400],
      ['[]', 400],
      ['{}', 400],
      ['{"sub":1}', 400],
      ['{"sub":""}', 400],
      ['{"sub":"a","jti":"b"}', 400],
      ['{"sub":"a","more":1}', 400],
      ['{"__proto__":{"sub":"a"},"sub":"a"}', 400],
      ['{"constructor":{"prototype":{"sub":"a"}}}', 400],
      [`{"sub":"${'a'.repeat(201)}"}`, 400],
      [`{"sub":"${'a'.repeat(400_000)}"}`, 413],
      [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
    ] as const) {
      const answer = await post(payload);
      isClear(answer, payload.slice(0, 60));
      expect(answer.statusCode, payload.slice(0, 60)).to.equal(status);
    }
    expect((await post('sub=a', 'application/x-www-form-urlencoded')).statusCode).to.equal(415);
    expect((await post('a', 'text/plain')).statusCode).to.equal(415);
    expect((await post('<a/>', 'application/xml; charset=\u00e9')).statusCode).to.equal(415);
  });

  it('offers that are no SDP, too large, or of another kind', async () => {
    const post = (payload: string, type = 'application/sdp') =>
      ask({
        method: 'POST',
        url: '/live/cam_001/whep',
        headers: { ...gateway.bearer(vera), 'content-type': type },
        payload,
      });
    for (const [payload, status] of [
      ['', 400],
      ['hello', 400],
      ['v=0', 400],
      ['v=0\r\nm=video 9 x 1\r\n', 400],
      [OFFER.replace('m=video', 'm=application'), 400],
      [OFFER.replace(/a=ice-pwd.*\r\n/, ''), 400],
      [OFFER.replace('abcd', 'a b"c'), 400],
      [OFFER.replace('a=mid:0', 'a=mid:0\u0000'), 400],
      [OFFER + 'a=x\r\n'.repeat(3_000), 400],
      [`v=0\r\n${'a'.repeat(1_000_000)}`, 413],
    ] as const) {
      const answer = await post(payload);
      isClear(answer, payload.slice(0, 60));
      expect(answer.statusCode, payload.slice(0, 60)).to.equal(status);
    }
    expect((await post(OFFER, 'application/json')).statusCode).to.equal(400);
    expect((await post('{}', 'application/json')).statusCode).to.equal(415);
    expect((await post(OFFER, 'text/html')).statusCode).to.equal(415);
  });

  it('tokens in every wrong shape', async () => {
    for (const authorization of [
      'Bearer',
      'Bearer ',
      'Basic YTpi',
      'Bearer a b',
      'Bearer a.b',
      `Bearer ${'a'.repeat(9_000)}.b.c`,
      'bearer ..',
      'Bearer "x"',
    ]) {
      const answer = await ask({ url: '/api/v1/cameras', headers: { authorization } });
      isClear(answer, authorization.slice(0, 40));
      expect(answer.statusCode).to.equal(401);
      expect(answer.headers['www-authenticate']).to.equal('Bearer');
    }
    for (const url of [
      '/api/v1/cameras?token=TOKEN',
      '/live/cam_001/webrtc?access_token=TOKEN',
      '/api/v1/events?jwt=TOKEN',
    ]) {
      expect(
        (await ask({ url: url.replace('TOKEN', gateway.token(anna)) })).statusCode,
        'a token in an address',
      ).to.equal(401);
    }
  });

  it('cameras that must not be added', async () => {
    for (const payload of [
      { id: '../x', sources: ['rtsp://192.0.2.1/a'] },
      { id: 'a*', sources: ['rtsp://192.0.2.1/a'] },
      { id: 'cam_009', sources: [] },
      { id: 'cam_009', sources: 'rtsp://192.0.2.1/a' },
      { id: 'cam_009', sources: ['rtsp://192.0.2.1/a'], zone: '../hcm' },
      { id: 'cam_009', sources: ['rtsp://192.0.2.1/a'], runOnReady: 'rm -rf /' },
      { id: 'cam_001', sources: ['rtsp://192.0.2.1/a'] },
    ]) {
      const answer = await ask({ method: 'POST', url: '/api/v1/cameras', headers: gateway.bearer(anna), payload });
      isClear(answer, JSON.stringify(payload));
      expect([400, 409]).to.include(answer.statusCode);
    }
  });

  it('methods and addresses that there are none of', async () => {
    for (const [method, url] of [
      ['PUT', '/api/v1/cameras'],
      ['TRACE', '/'],
      ['DELETE', '/'],
      ['GET', '/api/v2/cameras'],
      ['GET', '/live'],
      ['GET', '/live/cam_001/webrtc/'],
      ['POST', '/api/v1/events'],
      ['GET', `/${'a'.repeat(20_000)}`],
      ['GET', '/%'],
    ] as const) {
      const answer = await ask({ method: method as 'GET', url, headers: gateway.bearer(anna) });
      isClear(answer, `${method} ${url.slice(0, 40)}`);
    }
  });

  it('whatever a person types into an address, a query or a header, it is never our fault', async () => {
    const admin = gateway.bearer(anna);
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...BAD_IDS, ...INHERITED, '../../etc/passwd'),
    );
    await fc.assert(
      fc.asyncProperty(texts, texts, async (text, other) => {
        const part = encodeURIComponent(text);
        const query = encodeURIComponent(other);
        for (const url of [
          `/live/${part}?network_kbps=${query}`,
          `/api/v1/cameras?limit=${part}&cursor=${query}`,
          `/api/v1/sessions/${part}`,
          `/api/v1/sessions?camera=${part}&subject=${query}&ended=${query}`,
          `/watch/${part}`,
        ]) {
          const answer = await ask({ url, headers: admin });
          // The page is not built for this test, which is said with 503.
          if (answer.statusCode !== 503) expect(answer.statusCode, url).to.be.lessThan(500);
        }
      }),
      { numRuns: 25 },
    );
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (payload) => {
        for (const [method, url] of [
          ['POST', '/api/v1/revocations'],
          ['POST', '/api/v1/demo/cameras/cam_001/plug'],
          ['PATCH', '/api/v1/cameras/cam_001'],
        ] as const) {
          const answer = await ask({
            method,
            url,
            headers: { ...admin, 'content-type': 'application/json' },
            payload: JSON.stringify(payload),
          });
          expect(answer.statusCode, url).to.be.within(400, 499);
        }
      }),
      { numRuns: 25 },
    );
  });
});

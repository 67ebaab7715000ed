import { expect } from 'chai';
import type { InjectOptions } from 'fastify';
import { RULES, type Rule, ruleOf } from '../../../infra/http/roles.ts';
import { CALLERS, type Caller, covers, RANK, shown, TRANSPORTS, type Transport } from '../../fakes/callers.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const CAMERAS = { 'a camera': 'cam_001', 'a camera that is not there': 'cam_404' };

/** What the table promises, worked out anew: 401, 403, 404, or anything that is none of these. */
function promised(rule: Rule, caller: Caller, camera: string): 401 | 403 | 404 | 'in' {
  if (rule.who === 'anyone') return 'in';
  if (!caller) return 401;
  const rank = RANK[caller.role];
  if (rank < RANK[rule.who]) return 403;
  if (rule.camera) {
    if (camera === 'cam_404') return rank >= RANK.operator ? 404 : 403;
    const least = {
      watch: 'viewer',
      review: 'viewer',
      operate: 'operator',
      move: 'operator',
      administer: 'admin',
    } as const;
    if (rank < RANK[least[rule.camera]]) return 403;
    if (!covers(caller)) return 403;
  }
  // The session of the test is somebody else's, on cam_001.
  if (rule.session === 'own') return 403;
  if (rule.session === 'operate') return caller.role === 'admin' || caller.sub === 'olga' ? 'in' : 403;
  return 'in';
}

const BODIES: Record<string, { type?: string; body: string }> = {
  'POST /live/:camera_id/whep': { type: 'application/sdp', body: 'v=0' },
  'PATCH /live/:camera_id/whep/:session_id/:leg': { type: 'application/trickle-ice-sdpfrag', body: 'a=mid:0' },
  'POST /api/v1/cameras': { body: '{"id":"cam_001","sources":["rtsp://192.0.2.1/x"]}' },
  'PATCH /publish/:camera_id/whip/:source/:publication': {
    type: 'application/trickle-ice-sdpfrag',
    body: 'a=mid:0',
  },
  'PATCH /api/v1/cameras/:camera_id': { body: '{"name":"New"}' },
  'POST /api/v1/login': { body: '{"token":"no"}' },
  'POST /api/v1/sessions/:session_id/stale': { body: '{"held_ms":9000,"allowed_ms":2000}' },
  'POST /api/v1/revocations': { body: '{"jti":"nobody"}' },
  'POST /api/v1/cameras/:camera_id/source': { body: '{"source":"auto"}' },
  'POST /api/v1/cameras/:camera_id/ptz/move': { body: '{"pan":1}' },
  'POST /api/v1/cameras/:camera_id/ptz/stop': { body: '{}' },
  'POST /api/v1/cameras/:camera_id/ptz/preset': { body: '{"preset":"1"}' },
  'POST /api/v1/cameras/:camera_id/ptz/presets': { body: '{"name":"Dock"}' },
  'POST /api/v1/recordings/:camera_id/bookmarks': { body: '{"from":1,"to":2,"name":"Theft"}' },
  'POST /api/v1/layouts': { body: '{"name":"Gates","cameras":["cam_001"],"big":false}' },
  'PATCH /api/v1/layouts/:layout_id': { body: '{"name":"Gates"}' },
  'POST /api/v1/devices/look': { body: '{"address":"127.0.0.1:8899"}' },
  'POST /api/v1/devices/picture': { body: '{"address":"rtsp://127.0.0.1:8554/main"}' },
  'POST /api/v1/demo/cameras/:camera_id/plug': { body: '{"source":0,"plugged":true}' },
};

function requestFor(key: string, camera: string, session: string): InjectOptions {
  const [method = 'GET', url = ''] = key.split(' ');
  const at = url
    .replace(':camera_id', camera)
    .replace(':session_id', session)
    .replace(':relay_id', 'relay-1')
    .replace(':alarm_id', 'no-source--cam_404')
    .replace(':revocation_id', 'rev_none')
    .replace(':service_id', 'svc_none')
    .replace(':layout_id', 'lay_none')
    .replace(':bookmark_id', 'keep_none')
    .replace(/\/rights$/, '/rights?camera=cam_001')
    .replace(':leg', 'leg_1')
    .replace(':source', '0')
    .replace(':publication', 'pub_1')
    .replace('*', 'x.js');
  const sent = BODIES[key];
  return {
    method: method as 'GET',
    url: at,
    ...(sent ? { payload: sent.body, headers: { 'content-type': sent.type ?? 'application/json' } } : {}),
  };
}

describe('http: who may use what', () => {
  let gateway: FakeGateway;
  let session: string;
  const ask = (caller: Caller, request: InjectOptions, transport: Transport = 'bearer') =>
    gateway.server.inject({ ...request, headers: { ...request.headers, ...shown(gateway, caller, transport) } });

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    const admitted = await ask({ sub: 'anna', role: 'admin' }, { url: '/live/cam_001/webrtc' });
    session = admitted.json().session_id;
    // Whose it is must not be one of the callers.
    const other = gateway.bearer({ sub: 'zoe', cameras: ['cam_001'] });
    session = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: other })).json().session_id;
  });
  afterEach(() => gateway.close());

  for (const [key, rule] of Object.entries(RULES)) {
    // The stream never ends, and the socket is no request: message-roles.test.ts tells what they let through.
    const skip = key === 'GET /api/v1/events';
    const cameras = rule.camera ? Object.entries(CAMERAS) : [['', 'cam_001'] as const];
    it(`${key}: ${rule.who} and nobody less${skip ? ' (refusals)' : ''}`, async () => {
      const asked = cameras.flatMap(([what, camera]) =>
        Object.entries(CALLERS).flatMap(([who, caller]) =>
          (caller ? TRANSPORTS : (['bearer'] as const)).map((transport) => ({ what, camera, who, caller, transport })),
        ),
      );
      for (const { what, camera, who, caller, transport } of asked) {
        const expected = promised(rule, caller, camera);
        if (skip && expected === 'in') continue;
        const { statusCode, body } = await ask(caller, requestFor(key, camera, session), transport);
        const got = [401, 403, 404].includes(statusCode) ? statusCode : 'in';
        const about = `${who} by ${transport} → ${key} ${what}: ${statusCode} ${body.slice(0, 200)}`;
        // "in" may still find nothing there, or a token in the body that is not believed.
        if (expected === 'in') expect(statusCode, about).to.not.equal(403);
        else expect(got, about).to.equal(expected);
        if (expected === 403) expect(JSON.parse(body).error, about).to.equal('Access denied');
        expect(statusCode === 500, about).to.equal(false);
      }
    });
  }

  it('answers alike, letter for letter, for a camera that a viewer may not see and one that is not there', async () => {
    const stranger = CALLERS['a viewer elsewhere'];
    for (const url of ['/live/CAM', '/live/CAM/webrtc', '/api/v1/cameras/CAM', '/api/v1/cameras/CAM/poster.jpg']) {
      const forbidden = await ask(stranger, { url: url.replace('CAM', 'cam_001') });
      const unknown = await ask(stranger, { url: url.replace('CAM', 'cam_404') });
      expect([forbidden.statusCode, forbidden.body]).to.deep.equal([unknown.statusCode, unknown.body]);
    }
  });

  it('shows lists without what the caller may not see', async () => {
    await gateway.camera('cam_002', 'hanoi/station');
    const ids = async (caller: Caller) =>
      (await ask(caller, { url: '/api/v1/cameras' })).json().items.map((item: { id: string }) => item.id);
    expect(await ids(CALLERS['a viewer of the camera'])).to.deep.equal(['cam_001']);
    expect(await ids(CALLERS['a viewer elsewhere'])).to.deep.equal(['cam_002']);
    expect(await ids(CALLERS['an administrator'])).to.deep.equal(['cam_001', 'cam_002']);
    const sessions = async (caller: Caller) => (await ask(caller, { url: '/api/v1/sessions' })).json().items.length;
    expect(await sessions(CALLERS['a viewer of the camera'])).to.equal(0);
    expect(await sessions(CALLERS['an operator of the zone'])).to.equal(2);
    expect(await sessions(CALLERS['an operator elsewhere'])).to.equal(0);
  });

  it('tells addresses of cameras to those who run them only', async () => {
    const sources = async (caller: Caller) => (await ask(caller, { url: '/api/v1/cameras/cam_001' })).json().sources;
    const [seen] = await sources(CALLERS['a viewer of the camera']);
    expect(seen).to.include({ id: '0', state: 'flowing' }).and.not.have.property('url');
    expect((await sources(CALLERS['an operator of the zone']))[0].url).to.match(/^rtsp:/);
  });

  it('does not start with a route that the table does not have', () => {
    expect(() => ruleOf('GET', '/api/v1/secret')).to.throw(/has no row in infra\/http\/roles.ts/);
    expect(() => ruleOf('GET', '__proto__')).to.throw(/has no row/);
    expect(ruleOf('HEAD', '/healthz')).to.equal(RULES['GET /healthz']);
  });

  it('documents every route with who may use it', async () => {
    const { body } = await gateway.server.inject({ url: '/docs' });
    for (const key of Object.keys(RULES)) expect(body).to.contain(key.split(' ')[1]);
    const { paths } = (await gateway.server.inject({ url: '/openapi.json' })).json();
    expect(paths['/live/{camera_id}/webrtc'].get.description).to.equal(
      'Who: viewer or above, for cameras they may see.',
    );
    expect(paths['/api/v1/cameras'].post.requestBody.content['application/json'].schema.required).to.deep.equal([
      'id',
      'sources',
    ]);
  });
});

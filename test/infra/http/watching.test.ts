import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import type { Why } from '../../../bus/events/why.ts';
import { id } from '../../../bus/identity.ts';
import { rungsNamed } from '../../../machines/policy/ladder.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { answers, ends, fails, feeds, flows } from '../../fakes/source.ts';
import { until } from '../../fixtures/process.ts';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
const CANDIDATE =
  'a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n';

describe('http: being let in', () => {
  let gateway: FakeGateway;
  const vera = { sub: 'vera', cameras: ['cam_001'] };
  const admit = async (grant: object = vera, url = '/live/cam_001/webrtc') =>
    gateway.server.inject({ url, headers: gateway.bearer(grant) });
  const viewer = (session: string) => gateway.house.roster.view({ kind: 'viewer', id: id(session) });

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(async () => {
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  it('grants a session with everything a player needs, written down before it is answered', async () => {
    const answer = await admit();
    expect(answer.statusCode).to.equal(200);
    const granted = answer.json();
    expect(granted).to.include({
      webrtc_url: 'ws://localhost:80/webrtc/cam_001',
      whep_url: 'http://localhost:80/live/cam_001/whep',
      expires_in: 3600,
      quality: '720p',
    });
    expect(granted.ice_servers).to.deep.equal([]);
    expect(viewer(granted.session_id)?.state).to.equal('admitted');
    const records = gateway.house.store.records().map(({ record }) => record);
    const heard = records.find((record) => record.cell === granted.session_id)?.heard[0];
    expect(heard).to.include({ type: 'viewer.requested', camera: 'cam_001', protocol: 'webrtc' });
    expect(JSON.stringify(records)).to.not.contain('eyJ');
  });

  it('gives VLC and ffplay an address whose token opens that camera for that session alone', async () => {
    const answer = await admit(vera, '/live/cam_001/rtsp');
    expect(answer.statusCode).to.equal(200);
    const { rtsp_url, session_id } = answer.json();
    const url = new URL(rtsp_url);
    expect(`${url.protocol}//${url.host}${url.pathname}`).to.equal('rtsp://127.0.0.1:8554/cam_001');
    const claims = jwt.decode(url.searchParams.get('token') ?? '') as jwt.JwtPayload;
    expect(claims.sub).to.equal(session_id);
    expect(claims.mediamtx_permissions).to.deep.equal([{ action: 'read', path: 'cam_001' }]);
    // Whoever returns with it after the end is thrown out for as long as it lives.
    expect(gateway.house.slots.seat.held().input.tokenLifeMs).to.be.within(3_599_000, 3_601_000);
    expect((await admit(vera, '/live/cam_002/rtsp')).statusCode).to.equal(403);
  });

  it('gives SRT players an address whose stream id holds such a token, and room enough for it', async () => {
    const answer = await admit(vera, '/live/cam_001/srt');
    expect(answer.statusCode).to.equal(200);
    const { srt_url, session_id } = answer.json();
    const url = new URL(srt_url);
    expect([url.protocol, url.host]).to.deep.equal(['srt:', '127.0.0.1:8890']);
    const streamId = url.searchParams.get('streamid') ?? '';
    expect(streamId.length).to.be.at.most(512);
    const [action, path, , token = ''] = streamId.split(':');
    expect([action, path]).to.deep.equal(['read', 'cam_001']);
    const claims = jwt.decode(token) as jwt.JwtPayload;
    expect(claims.sub).to.equal(session_id);
    expect(claims.mediamtx_permissions).to.deep.equal([{ action: 'read', path: 'cam_001' }]);
    expect(gateway.house.slots.seat.held().input.tokenLifeMs).to.be.within(3_599_000, 3_601_000);
    expect((await admit(vera, '/live/cam_002/srt')).statusCode).to.equal(403);
  });

  describe('by the address of a rung', () => {
    const rendition = { kind: 'rendition' as const, id: id('cam_001') };
    const offer = (event: { type: string; [field: string]: unknown }) => gateway.house.roster.offer(rendition, event);
    const measured = {
      ...{ type: 'program.measured', codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000 },
      ...{ reordered: false, bitrate_bps: 2_000_000, audio: false },
    };
    beforeEach(async () => {
      const configured = { type: 'rendition.configured', zone: 'hcm/center', rungs: rungsNamed(['720p', '480p']) };
      await gateway.house.roster.create(rendition, { ...configured, keep: 'on-demand' });
      await offer({ type: 'camera.watchable' });
    });

    /** Asks, and has the ladder begin for whoever did, as acquaintance does. */
    const askFor480p = async () => {
      const answer = admit(vera, '/live/cam_001/rtsp?quality=480p');
      const session = await until('the session', () => gateway.house.roster.list('viewer')[0]);
      await offer({ type: 'audience.joined', viewer: session.id });
      await offer(measured);
      return { answer };
    };

    it('waits until the rung is made, whose path alone the token opens, over RTSP and SRT', async () => {
      const asked = await askFor480p();
      await offer({ type: 'ladder.flowing', elapsed_ms: 1 });
      const { rtsp_url, quality, session_id } = (await asked.answer).json();
      expect(quality).to.equal('480p');
      expect(new URL(rtsp_url).pathname).to.equal('/cam_001/480p');
      const claims = jwt.decode(new URL(rtsp_url).searchParams.get('token') ?? '') as jwt.JwtPayload;
      expect(claims.mediamtx_permissions).to.deep.equal([{ action: 'read', path: 'cam_001/480p' }]);
      expect(viewer(session_id)?.context).to.include({ quality: '480p', ladder: true, fixed: true });
      const { srt_url } = (await admit(vera, '/live/cam_001/srt?quality=480p')).json();
      expect(new URL(srt_url).searchParams.get('streamid')).to.match(/^read:cam_001\/480p:s:/);
    });

    it('is the camera’s own where its picture has that size', async () => {
      const { rtsp_url, quality } = (await admit(vera, '/live/cam_001/rtsp?quality=720p')).json();
      expect([new URL(rtsp_url).pathname, quality]).to.deep.equal(['/cam_001', '720p']);
    });

    it('is refused where the camera has no such rung, with those that it has, and no session is made', async () => {
      for (const [protocol, wanted] of [
        ['rtsp', '360p'],
        ['srt', 'adaptive'],
      ]) {
        const refused = await admit(vera, `/live/cam_001/${protocol}?quality=${wanted}`);
        expect(refused.statusCode, wanted).to.equal(404);
        expect(refused.json())
          .to.include({ reason: 'no-such-rung' })
          .and.deep.include({ rungs: ['720p', '480p'] });
        expect(refused.json().error).to.contain('Ask for one of 720p, 480p');
      }
      expect(gateway.house.roster.list('viewer')).to.deep.equal([]);
    });

    it('is refused with the reason where the ladder can’t be made, and no session is left behind', async () => {
      const asked = await askFor480p();
      for (let n = 0; n < 4; n++) {
        await offer({ type: 'ladder.ended', reason: 'exited', detail: 'no encoder' });
        await offer({ type: 'alarm.rang', name: 'again' });
        await offer(measured);
      }
      const refused = await asked.answer;
      expect(refused.statusCode).to.equal(503);
      expect(refused.json().error).to.match(/^The rungs of camera cam_001 are not made: /);
      expect(gateway.house.roster.list('viewer').map(({ state }) => state)).to.deep.equal(['ended']);
    });
  });

  it('names the public address where a proxy stands in front', async () => {
    gateway.services.config.http.publicUrl = 'https://stream.example.com/';
    const { webrtc_url, whep_url } = (await admit()).json();
    expect(webrtc_url).to.equal('wss://stream.example.com/webrtc/cam_001');
    expect(whep_url).to.equal('https://stream.example.com/live/cam_001/whep');
  });

  it('tells the best way for this device, and why', async () => {
    const answer = (await admit(vera, '/live/cam_001')).json();
    expect(answer).to.include({ protocol: 'webrtc', quality: '720p', bitrate: '2M', bitrate_bps: 2_000_000 });
    expect(answer.url).to.match(/\/live\/cam_001\/webrtc$/);
    const slow = (await admit(vera, '/live/cam_001?network_kbps=900')).json();
    expect(slow).to.include({ protocol: 'hls', quality: '480p', bitrate: '1M', bitrate_bps: 1_000_000 });
    expect(slow.url).to.match(/\/live\/cam_001\/hls\?max_quality=480p$/);
    expect(slow.why.rejected[0]).to.deep.equal({ option: 'webrtc', because: 'a network of 900 kb/s is too slow' });
    expect((await admit(vera, '/live/cam_001?network_kbps=900&protocol=webrtc')).json().protocol).to.equal('webrtc');
    const headers = { ...gateway.bearer(vera), 'sec-ch-ua-mobile': '?1', 'user-agent': 'somebody' };
    const phone = (await gateway.server.inject({ url: '/live/cam_001', headers })).json();
    expect(phone).to.include({ protocol: 'hls', quality: '480p' });
    const [session] = gateway.house.roster.list('viewer');
    expect(session).to.equal(undefined);
  });

  it('hands out STUN and short-lived TURN credentials, in JSON and as Link headers', async () => {
    gateway.services.config.ice = {
      stun: ['stun:stun.example.com'],
      turn: { urls: ['turn:turn.example.com:3478?transport=udp'], secretFile: '/nowhere', credentialTtlMs: 3_600_000 },
      publicHosts: [],
      tcp: false,
    };
    gateway.services.turnSecret = () => 'north';
    const granted = (await admit()).json();
    expect(granted.ice_servers[0]).to.deep.equal({ urls: ['stun:stun.example.com'] });
    expect(granted.ice_servers[1].username).to.match(/^\d{10}:vera$/);
    const asked = await gateway.server.inject({ method: 'OPTIONS', url: '/live/cam_001/whep' });
    expect(asked.headers.link).to.deep.equal(['<stun:stun.example.com>; rel="ice-server"']);
    const known = await gateway.server.inject({
      method: 'OPTIONS',
      url: '/live/cam_001/whep',
      headers: gateway.bearer(vera),
    });
    expect(String(known.headers.link)).to.match(
      /turn:turn\.example\.com.*username="\d+:vera"; credential="[^"]+"; credential-type="password"/,
    );
    expect(gateway.log.join('')).to.not.contain(granted.ice_servers[1].credential);
    expect(gateway.log.filter((line) => JSON.parse(line).level >= 40)).to.deep.equal([]);
  });

  it('keeps each person within their quota, and lets them in again when one has ended', async () => {
    const sessions = [];
    for (let n = 0; n < 3; n++) sessions.push((await admit()).json().session_id);
    const refused = await admit();
    expect(refused.statusCode).to.equal(429);
    expect(refused.json()).to.include({ reason: 'quota' });
    expect((await admit({ sub: 'vito', cameras: ['cam_001'] })).statusCode).to.equal(200);
    const ended = await gateway.server.inject({
      method: 'DELETE',
      url: `/api/v1/sessions/${sessions[0]}`,
      headers: gateway.bearer(vera),
    });
    expect(ended.statusCode).to.equal(204);
    expect((await admit()).statusCode).to.equal(200);
  });

  it('says when to come back while no relay serves', async () => {
    await gateway.house.roster.offer({ kind: 'relay', id: id('relay-1') }, { type: 'relay.exited', detail: 'killed' });
    const answer = await admit();
    expect(answer.statusCode).to.equal(503);
    expect(answer.headers['retry-after']).to.equal('1');
    expect(answer.json()).to.include({ reason: 'no-relay' });
  });

  describe('when somebody is not let in', () => {
    const told = () =>
      gateway.house.store.told().flatMap(({ envelope }) => {
        const { type, data } = envelope as unknown as { type: string; data: Record<string, unknown> & { why: Why } };
        return type === 'signalbox.viewer.denied' ? [data] : [];
      });
    const counted = async () => {
      const { body } = await gateway.server.inject({ url: '/metrics', headers: gateway.bearer({ role: 'admin' }) });
      return Object.fromEntries(
        [...body.matchAll(/admissions_total\{result="([\w-]+)"\} (\d+)/g)].map((m) => [m[1], m[2]]),
      );
    };

    it('tells who, of which camera, and why no relay could carry it', async () => {
      const at = { kind: 'relay' as const, id: id('relay-1') };
      await gateway.house.roster.offer(at, { type: 'relay.exited', detail: 'killed' });
      expect((await admit()).statusCode).to.equal(503);
      await until('the fact', () => told().length === 1);
      expect(told()[0]).to.include({ camera: 'cam_001', zone: 'hcm/center', subject: 'vera', protocol: 'webrtc' });
      expect(told()[0]?.why).to.include({ reason: 'no-relay' });
      expect(told()[0]?.why.rejected?.[0]?.option).to.equal('relay-1');
      expect(await counted()).to.deep.equal({ 'no-relay': '1' });
    });

    it('tells so of the right that was missing, though the door itself turned them away', async () => {
      const urls = ['', '/webrtc', '/hls', '/rtsp', '/srt'].map((way) => `/live/cam_001${way}`);
      for (const url of urls) expect((await admit({ sub: 'vito', cameras: [] }, url)).statusCode).to.equal(403);
      expect((await admit({ sub: 'vito', cameras: [] }, '/recordings/cam_001')).statusCode).to.equal(403);
      await until('the fact', () => told().length > 0);
      expect(told().map(({ subject, why }) => `${subject} ${why.trigger}`)).to.deep.equal(['vito access']);
      expect(await counted()).to.deep.equal({ denied: '6' });
      // Neither a picture nor what nobody has is a request to watch.
      await admit({ sub: 'vito', cameras: [] }, '/api/v1/cameras/cam_001/poster.jpg');
      await admit({ sub: 'vito', cameras: [] }, '/live/cam_404/webrtc');
      expect(await counted()).to.deep.equal({ denied: '6' });
    });

    it('tells of whom asks again and again once, and counts them all', async () => {
      for (let n = 0; n < 8; n++) await admit();
      await until('the fact', () => told().length > 0);
      expect(told().map(({ why }) => why.reason)).to.deep.equal(['quota']);
      expect(await counted()).to.deep.equal({ admitted: '3', quota: '5' });
    });

    it('tells of no more of a crowd than the journal can bear', async () => {
      const crowd = Array.from({ length: 400 }, (_, n) => ({ sub: `guest-${n}`, cameras: [] }));
      await Promise.all(crowd.map((guest) => admit(guest)));
      await until('the facts', () => told().length >= 100);
      expect(told().length).to.be.below(300);
      expect(await counted()).to.deep.equal({ denied: '400' });
    });
  });

  it('prolongs a session for its owner alone', async () => {
    const { session_id } = (await admit()).json();
    const renew = (grant: object) =>
      gateway.server.inject({
        method: 'POST',
        url: `/api/v1/sessions/${session_id}/renew`,
        headers: gateway.bearer(grant),
      });
    const before = Number(viewer(session_id)?.context.expires_at);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const renewed = await renew(vera);
    expect(renewed.statusCode).to.equal(200);
    expect(renewed.json().stream_token).to.be.a('string');
    expect(Number(viewer(session_id)?.context.expires_at)).to.be.greaterThan(before);
    expect((await renew({ sub: 'anna', role: 'admin' })).statusCode).to.equal(403);
    expect((await renew({ sub: 'vera', cameras: ['cam_009'] })).statusCode).to.equal(403);
  });

  describe('by WHEP', () => {
    const post = (headers: Record<string, string>, payload = OFFER, type = SDP) =>
      gateway.server.inject({
        method: 'POST',
        url: '/live/cam_001/whep',
        headers: { ...headers, 'content-type': type },
        payload,
      });

    it('makes a session of a login token', async () => {
      const answer = await post(gateway.bearer(vera));
      expect(answer.statusCode).to.equal(201);
      expect(answer.headers['content-type']).to.equal(SDP);
      expect(answer.headers.etag).to.match(/^".+"$/);
      expect(answer.headers['access-control-allow-origin']).to.equal('*');
      const [, session = '', leg = ''] =
        /^\/live\/cam_001\/whep\/([^/]+)\/([^/]+)$/.exec(String(answer.headers.location)) ?? [];
      await until('the leg', () => viewer(session)?.state === 'connecting');
      expect(viewer(session)?.context).to.deep.include({
        protocol: 'whep',
        legs: {
          [leg]: { relay: 'relay-1', path: 'cam_001', relay_session: 'rs_1', quality: '720p', ladder: false },
        },
      });
    });

    it('gives the relay a token for that camera and session alone, good for a minute', async () => {
      const { session_id, stream_token } = (await admit()).json();
      await post({ authorization: `Bearer ${stream_token}` });
      const claims = jwt.decode(gateway.whep.opened[0]?.relayToken ?? '') as jwt.JwtPayload;
      expect(claims).to.deep.include({ sub: session_id, mediamtx_permissions: [{ action: 'read', path: 'cam_001' }] });
      expect(Number(claims.exp) - Number(claims.iat)).to.be.within(59, 60);
    });

    it('joins the session of a stream token, which opens no other camera', async () => {
      await gateway.camera('cam_002', 'hcm/center');
      const { session_id, stream_token } = (await admit()).json();
      const bearer = { authorization: `Bearer ${stream_token}` };
      const answer = await post(bearer);
      expect(String(answer.headers.location)).to.contain(`/${session_id}/`);
      expect(gateway.house.roster.list('viewer')).to.have.length(1);
      const other = await gateway.server.inject({
        method: 'POST',
        url: '/live/cam_002/whep',
        headers: { ...bearer, 'content-type': SDP },
        payload: OFFER,
      });
      expect(other.statusCode).to.equal(403);
    });

    it('takes candidates and the end from the owner alone', async () => {
      const login = gateway.bearer(vera);
      const { location, etag } = (await post(login)).headers;
      const at = String(location);
      const patch = (headers: Record<string, string>, ifMatch = String(etag)) =>
        gateway.server.inject({
          method: 'PATCH',
          url: at,
          headers: { ...headers, 'content-type': FRAGMENT, 'if-match': ifMatch },
          payload: CANDIDATE,
        });
      expect((await patch(login)).statusCode).to.equal(204);
      expect((await patch(login, '*')).statusCode).to.equal(204);
      expect((await patch(login, '"older"')).statusCode).to.equal(412);
      expect((await patch(gateway.bearer({ sub: 'vito', cameras: ['cam_001'] }))).statusCode).to.equal(403);
      expect((await patch(gateway.bearer({ sub: 'anna', role: 'admin' }))).statusCode).to.equal(403);
      expect(gateway.whep.trickled).to.have.length(2);

      gateway.whep.restart('a=ice-ufrag:new\r\n');
      const restarted = await patch(login);
      expect([restarted.statusCode, restarted.body]).to.deep.equal([200, 'a=ice-ufrag:new\r\n']);
      expect(restarted.headers.etag).to.not.equal(etag);

      const stranger = await gateway.server.inject({
        method: 'DELETE',
        url: at,
        headers: gateway.bearer({ sub: 'vito' }),
      });
      expect(stranger.statusCode).to.equal(403);
      const left = await gateway.server.inject({ method: 'DELETE', url: at, headers: login });
      expect(left.statusCode).to.equal(200);
      expect(gateway.whep.closed).to.have.length(1);
      expect(viewer(at.split('/')[4] ?? '')?.state).to.equal('ended');
    });

    it('leaves no session behind when the relay does not take it', async () => {
      gateway.whep.refuse('no-stream');
      const answer = await post(gateway.bearer(vera));
      expect(answer.statusCode).to.equal(503);
      expect(answer.headers['retry-after']).to.equal('1');
      expect(answer.json()).to.include({ reason: 'no-picture', state: 'live' });
      await until('its end', () => gateway.house.roster.list('viewer').every((view) => view.state === 'ended'));
      gateway.whep.refuse('bad-offer');
      expect((await post(gateway.bearer(vera))).statusCode).to.equal(400);
    });

    it('says why a dark camera can not be watched, and makes no session', async () => {
      const at = { kind: 'camera' as const, id: id('cam_001') };
      await gateway.house.roster.offer(at, ends());
      await gateway.house.roster.offer(at, fails());
      const answer = await post(gateway.bearer(vera));
      expect(answer.statusCode).to.equal(503);
      expect(answer.json()).to.deep.include({ reason: 'no-picture', state: 'offline' });
      expect(answer.json().why.reason).to.equal('refused');
      expect(gateway.house.roster.list('viewer')).to.deep.equal([]);
    });

    it('waits for a camera that is just being connected', async () => {
      const at = { kind: 'camera' as const, id: id('cam_001') };
      await gateway.house.roster.offer(at, ends());
      expect(gateway.house.roster.view(at)?.state).to.equal('holding');
      const answer = post(gateway.bearer(vera));
      await gateway.house.roster.offer(at, answers());
      await gateway.house.roster.offer(at, flows());
      await gateway.house.roster.offer(at, feeds());
      expect((await answer).statusCode).to.equal(201);
    });

    it('answers preflights of pages elsewhere', async () => {
      const answer = await gateway.server.inject({
        method: 'OPTIONS',
        url: '/live/cam_001/whep',
        headers: { origin: 'https://wall.example.com', 'access-control-request-method': 'POST' },
      });
      expect(answer.statusCode).to.equal(204);
      expect(answer.headers).to.include({ 'access-control-allow-origin': '*', 'accept-post': SDP });
      expect(answer.headers['access-control-allow-headers']).to.contain('If-Match');
      const refused = await post({});
      expect(refused.statusCode).to.equal(401);
      expect(refused.headers['access-control-allow-origin']).to.equal('*');
    });
  });

  describe('and cut off', () => {
    it('by an operator, who is named in the session’s end as people know them', async () => {
      const lan = gateway.bearer({ sub: 'lan', name: 'Lan Nguyen', role: 'admin' });
      const { session_id } = (await admit()).json();
      const url = `/api/v1/sessions/${session_id}`;
      expect((await gateway.server.inject({ method: 'DELETE', url, headers: lan })).statusCode).to.equal(204);
      expect(viewer(session_id)?.why.guard).to.include({ by: 'lan', by_name: 'Lan Nguyen' });
    });

    it('by revoking the person: the session ends and the same tokens can not come back', async () => {
      const login = gateway.bearer(vera);
      const granted = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: login })).json();
      const anna = gateway.bearer({ sub: 'anna', role: 'admin' });
      const revoke = (payload: object) =>
        gateway.server.inject({ method: 'POST', url: '/api/v1/revocations', headers: anna, payload });
      const answer = await revoke({ sub: 'vera' });
      expect(answer.statusCode).to.equal(201);
      expect(answer.json()).to.include({ sub: 'vera', by: 'anna', sessions_cut: 1 });
      expect(viewer(granted.session_id)?.why).to.include({ reason: 'revoked' });
      expect(gateway.house.slots.seat.isHeld()).to.equal(false);
      expect((await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: login })).statusCode).to.equal(401);
      const stream = { authorization: `Bearer ${granted.stream_token}`, 'content-type': SDP };
      const whep = await gateway.server.inject({
        method: 'POST',
        url: '/live/cam_001/whep',
        headers: stream,
        payload: OFFER,
      });
      expect(whep.statusCode).to.equal(401);
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect((await admit()).statusCode, 'a token issued later').to.equal(200);

      const list = (await gateway.server.inject({ url: '/api/v1/revocations', headers: anna })).json();
      expect(list.items).to.have.length(1);
      const lift = { method: 'DELETE' as const, url: `/api/v1/revocations/${list.items[0].id}`, headers: anna };
      expect((await gateway.server.inject(lift)).statusCode).to.equal(204);
      expect((await gateway.server.inject(lift)).statusCode).to.equal(404);
      expect((await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: login })).statusCode).to.equal(200);
    });

    it('by ending the session: its stream token joins nothing any more', async () => {
      const { session_id, stream_token } = (await admit()).json();
      const operator = gateway.bearer({ sub: 'olga', role: 'operator', zones: ['hcm/*'] });
      const at = `/api/v1/sessions/${session_id}`;
      expect((await gateway.server.inject({ method: 'DELETE', url: at, headers: operator })).statusCode).to.equal(204);
      expect((await gateway.server.inject({ url: at, headers: operator })).json()).to.include({ state: 'ended' });
      const answer = await gateway.server.inject({
        method: 'POST',
        url: '/live/cam_001/whep',
        headers: { authorization: `Bearer ${stream_token}`, 'content-type': SDP },
        payload: OFFER,
      });
      expect(answer.statusCode).to.equal(403);
      expect(answer.json()).to.include({ error: 'Access denied', reason: 'revoked' });
    });
  });
});

import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';

describe('http: cameras that send to us', () => {
  let gateway: FakeGateway;
  const configure = (camera: string, urls: string[]) =>
    gateway.house.roster.create(
      { kind: 'camera', id: id(camera) },
      {
        type: 'camera.configured',
        settings: {
          ...{ name: 'Gate', zone: 'hcm/center', keep: 'warm', eye: true },
          sources: urls.map((url, index) => ({ id: String(index), url })),
        },
      },
    );
  const ask = (path: string) =>
    gateway.server.inject({
      method: 'POST',
      url: `/publish/${path}`,
      headers: gateway.bearer({ sub: 'omar', role: 'operator', zones: ['hcm/*'] }),
    });
  const claimsIn = (address: string) =>
    JSON.parse(Buffer.from(/eyJ[^.]*\.([^.]*)\./.exec(address)?.[1] ?? '', 'base64url').toString());

  beforeEach(async () => {
    gateway = await fakeGateway();
  });
  afterEach(() => gateway.close());

  it('are given addresses whose token opens that path for publishing, for ten minutes, and nothing else', async () => {
    await configure('cam_001', ['rtsp://192.0.2.7/a', 'publish:']);
    const answer = await ask('cam_001');
    expect(answer.statusCode, answer.body).to.equal(200);
    const { rtsp_url, rtmp_url, srt_url, whip_url, whip_token, ...rest } = answer.json();
    const why = { trigger: 'intake', text: 'intake-1 takes it' };
    expect(rest).to.deep.equal({ camera: 'cam_001', source: '1', relay: 'intake-1', why, expires_in: 600 });
    expect(rtsp_url).to.match(/^rtsp:\/\/127\.0\.0\.1:8654\/in\/cam_001\/1\?token=/);
    expect(rtmp_url).to.match(/^rtmp:\/\/127\.0\.0\.1:1935\/in\/cam_001\/1\?token=/);
    expect(srt_url).to.match(/^srt:\/\/127\.0\.0\.1:8990\?streamid=publish:in\/cam_001\/1:s:/);
    expect(whip_url).to.match(/\/publish\/cam_001\/whip\?source=1$/);
    for (const address of [rtsp_url, rtmp_url, srt_url, whip_token]) {
      const { mediamtx_permissions, sub, aud, iat, exp } = claimsIn(address);
      expect(mediamtx_permissions).to.deep.equal([{ action: 'publish', path: 'in/cam_001/1' }]);
      expect(sub).to.match(/^omar~[0-9a-z]+~[\w-]{8}$/);
      expect(aud).to.equal('signalbox:relay');
      expect(exp - iat).to.be.within(599, 600);
    }
  });

  it('are told apart from those that are pulled, source by source', async () => {
    await configure('cam_001', ['rtsp://192.0.2.7/a', 'publish:']);
    await configure('cam_002', ['rtsp://192.0.2.7/b']);
    expect((await ask('cam_001?source=1')).statusCode).to.equal(200);
    for (const path of ['cam_001?source=0', 'cam_001?source=7', 'cam_002']) {
      const answer = await ask(path);
      expect([answer.statusCode, answer.json().reason], path).to.deep.equal([409, 'not-published']);
    }
  });

  it('are told to come again while no gateway has their camera, or its intake is not ours to open', async () => {
    await configure('cam_001', ['publish:']);
    const { services } = gateway;
    const [intakeOf, publishAt] = [services.intakeOf, services.publishAt];
    services.intakeOf = async () => undefined;
    const gone = await ask('cam_001');
    expect([gone.statusCode, gone.json().reason, gone.headers['retry-after']]).to.deep.equal([
      503,
      'gateway-away',
      '2',
    ]);
    Object.assign(services, { intakeOf, publishAt: () => undefined });
    const foreign = await ask('cam_001');
    expect([foreign.statusCode, foreign.json().reason]).to.deep.equal([503, 'no-publishing']);
    expect(foreign.json().why.text).to.equal('intake-1 takes it');
    Object.assign(services, { publishAt });
  });

  it('are given no SRT address where its token would go in the clear to another machine', async () => {
    await configure('cam_001', ['publish:']);
    const { publishAt } = gateway.services;
    gateway.services.publishAt = (...asked) => {
      const { srt: _srt, ...place } = publishAt(...asked) ?? {};
      return place as ReturnType<typeof publishAt>;
    };
    const answer = (await ask('cam_001')).json();
    expect(answer).to.include.keys('rtmp_url', 'rtsp_url', 'whip_url').and.not.to.have.property('srt_url');
  });

  describe('over WHIP', () => {
    const H264 = [
      'a=rtpmap:102 H264/90000',
      'a=fmtp:102 packetization-mode=1',
      'a=rtpmap:103 rtx/90000',
      'a=fmtp:103 apt=102',
    ];
    const VP8 = ['a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli'];
    const offering = (numbers: string, lines: string[]) =>
      `${OFFER.replace('SAVPF 102', `SAVPF ${numbers}`).replace('recvonly', 'sendonly')}${lines.join('\r\n')}\r\n`;
    const operator = { sub: 'omar', role: 'operator' as const, zones: ['hcm/*'] };
    const post = (token: string, payload = offering('102 103', H264), url = '/publish/cam_001/whip') =>
      gateway.server.inject({
        ...{ method: 'POST', url, payload },
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
      });
    const leave = (token: string, url: string) =>
      gateway.server.inject({ method: 'DELETE', url, headers: { authorization: `Bearer ${token}` } });

    beforeEach(() => configure('cam_001', ['publish:', 'publish:takeover']));

    it('are let in with a login or the publisher’s own token, send candidates, and leave', async () => {
      const { whip_url, whip_token } = (await ask('cam_001')).json();
      for (const token of [gateway.token(operator), whip_token]) {
        const answer = await post(token, undefined, new URL(whip_url).pathname + new URL(whip_url).search);
        expect([answer.statusCode, answer.headers['content-type']], answer.body).to.deep.equal([
          201,
          'application/sdp',
        ]);
        const url = String(answer.headers.location);
        expect(url).to.match(/^\/publish\/cam_001\/whip\/0\/secret-\d$/);
        const trickled = await gateway.server.inject({
          ...{ method: 'PATCH', url, payload: 'a=ice-ufrag:abcd\r\na=candidate:1\r\n' },
          headers: { 'content-type': 'application/trickle-ice-sdpfrag', authorization: `Bearer ${token}` },
        });
        expect(trickled.statusCode, trickled.body).to.equal(204);
        expect((await leave(token, url)).statusCode).to.equal(200);
      }
      expect(gateway.whip.trickled).to.have.length(2);
      const [{ relayToken = '', path = '' } = {}] = gateway.whip.opened;
      expect([path, claimsIn(relayToken).mediamtx_permissions]).to.deep.equal([
        'in/cam_001/0',
        [{ action: 'publish', path: 'in/cam_001/0' }],
      ]);
    });

    it('are offered back what programs carry alone, whatever their browser prefers', async () => {
      const answer = await post(gateway.token(operator), offering('96 102 103', [...VP8, ...H264]));
      expect(answer.statusCode, answer.body).to.equal(201);
      const sdp = gateway.whip.opened[0]?.sdp ?? '';
      expect(sdp).to.include('m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\n').and.to.include('a=fmtp:103 apt=102');
      expect(sdp).to.not.match(/VP8|:96/);
      const none = await post(gateway.token(operator), offering('96', VP8), '/publish/cam_001/whip?source=1');
      expect([none.statusCode, none.json().reason]).to.deep.equal([406, 'codec']);
    });

    it('find a place that is taken only where the newest wins', async () => {
      const token = gateway.token(operator);
      const twice = async (source: string) => {
        const url = `/publish/cam_001/whip?source=${source}`;
        return [(await post(token, undefined, url)).statusCode, (await post(token, undefined, url)).statusCode];
      };
      expect(await twice('0')).to.deep.equal([201, 409]);
      expect(await twice('1')).to.deep.equal([201, 201]);
    });

    it('are refused without the right to this source, and may leave after their token has ended', async () => {
      await configure('cam_002', ['publish:']);
      const { whip_token } = (await ask('cam_001')).json();
      const other = (await ask('cam_002')).json().whip_token;
      const viewer = gateway.token({ ...operator, role: 'viewer' });
      const outside = gateway.token({ ...operator, zones: ['hanoi/*'] });
      for (const token of [other, viewer, outside]) expect((await post(token)).statusCode).to.equal(403);
      const wrong = await post(whip_token, undefined, '/publish/cam_001/whip?source=1');
      expect([wrong.statusCode, wrong.json().reason]).to.deep.equal([403, 'other-source']);
      const reading = gateway.services.gate.mintRelay('omar', [{ action: 'read', path: 'in/cam_001/0' }], 60);
      expect((await post(reading)).statusCode).to.equal(401);
      const who = { sub: 'omar', iat: Date.now() / 1000 };
      const ended = gateway.services.gate.mintPublisher(who, 'in/cam_001/0', -5);
      expect((await post(ended)).statusCode).to.equal(401);
      const url = String((await post(whip_token)).headers.location);
      expect((await leave(other, url)).statusCode).to.equal(403);
      expect((await leave(ended, url)).statusCode).to.equal(200);
    });

    it('are refused once their token was revoked', async () => {
      const { whip_token } = (await ask('cam_001')).json();
      gateway.services.revocations.add({ sub: 'omar' }, 'admin');
      const answer = await post(whip_token);
      expect([answer.statusCode, answer.json().reason]).to.deep.equal([401, 'revoked']);
    });
  });
});

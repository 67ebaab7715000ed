import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { startCamera } from '../fixtures/camera.ts';
import { type Running, until } from '../fixtures/process.ts';
import { askRtsp, listenersOf, serveTokenKeys, startRelay, type TestRelay, type TokenKeys } from '../fixtures/relay.ts';

/** An offer that any WebRTC server would answer; it is never connected. */
const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AA').join(':')}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=recvonly',
  'a=rtcp-mux',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  '',
].join('\r\n');

describe('a relay under its settings', () => {
  let keys: TokenKeys;
  let delivery: TestRelay;
  let intake: TestRelay;
  let publisher: Running;
  /** Tokens that must open nothing, by what is wrong with them. */
  let spoiled: [string, string | undefined][];
  const read = [{ action: 'read', path: 'cam_001' }];
  const publish = [{ action: 'publish', path: 'cam_001' }];

  before(async () => {
    keys = await serveTokenKeys();
    [delivery, intake] = await Promise.all([startRelay('delivery', keys), startRelay('intake', keys)]);
    publisher = startCamera(delivery.rtsp('cam_001', keys.token('switcher', publish)));
    await until('the program to be there', async () => (await delivery.api.paths()).some((path) => path.available));
    await intake.api.replacePath('in/cam_001/0', { source: delivery.rtsp('cam_001', keys.token('pull', read)) });
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const everything = { mediamtx_permissions: [...read, ...publish], iss: 'signalbox', aud: 'signalbox:relay' };
    const publicText = JSON.stringify(everything);
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${Buffer.from(publicText).toString('base64url')}.`;
    const allowed = [...read, ...publish];
    spoiled = [
      ['no token', undefined],
      ['a word', 'letmein'],
      ['an unsigned token', unsigned],
      ['a token signed with a shared secret', jwt.sign(everything, 'secret', { keyid: 'test-key' })],
      [
        'a token signed with a key of somebody else',
        jwt.sign(everything, other, { algorithm: 'ES256', keyid: 'test-key' }),
      ],
      ['a token of an unknown key', keys.token('x', allowed, { options: { keyid: 'unknown' } })],
      ['an expired token', keys.token('x', allowed, { options: { expiresIn: -1 } })],
      ['a login token of the gateway', keys.token('x', allowed, { claims: { aud: 'signalbox' } })],
      ['a stream token of the gateway', keys.token('x', allowed, { claims: { aud: 'signalbox:stream' } })],
      ['a token of another issuer', keys.token('x', allowed, { claims: { iss: 'https://login.example.com' } })],
      ['a token without permissions', keys.token('x', [])],
      ['a token for another camera', keys.token('x', [{ action: 'read', path: 'cam_002' }])],
    ];
  });
  after(async () => {
    await publisher?.stop();
    await Promise.all([delivery?.close(), intake?.close()]);
    keys?.close();
  });

  const offer = async (token: string | undefined, way = 'whep'): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${delivery.place.whep}/cam_001/${way}`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: OFFER,
    });
    return response.status;
  };

  it('lets in who has a token that the gateway signed for this path', async () => {
    const token = keys.token('viewer_1', read);
    expect(await askRtsp('DESCRIBE', delivery.rtsp('cam_001', token))).to.equal(200);
    expect(await offer(token)).to.equal(201);
    expect(
      await askRtsp('ANNOUNCE', delivery.rtsp('cam_002', keys.token('s', [{ action: 'publish', path: 'cam_002' }]))),
    ).to.equal(200);
  });

  it('lets nobody else read or publish, over any protocol', async () => {
    const attempts = spoiled.flatMap(([what, token]) => [
      { what: `${what}, reading RTSP`, status: askRtsp('DESCRIBE', delivery.rtsp('cam_001', token)) },
      { what: `${what}, publishing RTSP`, status: askRtsp('ANNOUNCE', delivery.rtsp('cam_001', token)) },
      { what: `${what}, reading WHEP`, status: offer(token) },
      { what: `${what}, publishing WHIP`, status: offer(token, 'whip') },
      { what: `${what}, reading the intake`, status: askRtsp('DESCRIBE', intake.rtsp('in/cam_001/0', token)) },
    ]);
    const statuses = await Promise.all(attempts.map(async ({ what, status }) => ({ what, status: await status })));
    expect(statuses.filter(({ status }) => status !== 401)).to.deep.equal([]);
  });

  it('lets nobody without the gateway’s own token use the control API, nor a page in a browser', async () => {
    const attempt = (token?: string) =>
      fetch(`http://127.0.0.1:${delivery.place.api}/v3/config/paths/add/evil`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: '{"source":"publisher","runOnInit":"touch /tmp/owned"}',
      });
    const answers = await Promise.all([undefined, keys.token('x', [...read, ...publish])].map(attempt));
    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401]);
    expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).to.deep.equal([null, null]);
    expect((await delivery.api.pathConfigs()).map(({ name }) => name)).not.to.include('evil');
  });

  it('lets our own page speak WHEP with it, and no page of another origin', async () => {
    const allowed = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      const answer = await fetch(`http://127.0.0.1:${delivery.place.whep}/cam_001/whep`, {
        method: 'OPTIONS',
        headers,
      });
      return answer.headers.get('access-control-allow-origin');
    };
    expect(await allowed('http://127.0.0.1:8080')).to.equal('http://127.0.0.1:8080');
    for (const origin of ['http://127.0.0.1:8081', 'https://127.0.0.1:8080', 'http://evil.example', 'null']) {
      expect(await allowed(origin), origin).to.equal(null);
    }
  });

  it('takes a reading token for reading alone', async () => {
    const statuses = await Promise.all([
      askRtsp('ANNOUNCE', delivery.rtsp('cam_001', keys.token('viewer_1', read))),
      offer(keys.token('viewer_1', read), 'whip'),
      offer(keys.token('switcher', publish)),
    ]);
    expect(statuses).to.deep.equal([401, 401, 401]);
  });

  it('listens on loopback only, and only where its role needs it', function () {
    if (process.platform !== 'linux') this.skip();
    const at = (...ports: number[]) => ports.map((port) => `127.0.0.1:${port}`).sort();
    const { api, metrics, rtsp, srt, whep, webrtcUdp } = delivery.place;
    expect(listenersOf(delivery.process().pid)).to.deep.equal(at(api, metrics, rtsp, srt, whep, webrtcUdp));
    expect(listenersOf(intake.process().pid)).to.deep.equal(
      at(...['api', 'metrics', 'rtsp', 'rtmp', 'srt', 'whep', 'webrtcUdp'].map((name) => intake.place[name as 'rtsp'])),
    );
  });

  it('prints no token and no key', () => {
    expect(`${delivery.process().output()}${intake.process().output()}`).not.to.match(/eyJ/);
  });
});

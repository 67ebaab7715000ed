import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

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
    const { rtsp_url, rtmp_url, srt_url, ...rest } = answer.json();
    expect(rest).to.deep.equal({ camera: 'cam_001', source: '1', expires_in: 600 });
    expect(rtsp_url).to.match(/^rtsp:\/\/127\.0\.0\.1:8654\/in\/cam_001\/1\?token=/);
    expect(rtmp_url).to.match(/^rtmp:\/\/127\.0\.0\.1:1935\/in\/cam_001\/1\?token=/);
    expect(srt_url).to.match(/^srt:\/\/127\.0\.0\.1:8990\?streamid=publish:in\/cam_001\/1:s:/);
    for (const address of [rtsp_url, rtmp_url, srt_url]) {
      const { mediamtx_permissions, sub, aud, iat, exp } = claimsIn(address);
      expect(mediamtx_permissions).to.deep.equal([{ action: 'publish', path: 'in/cam_001/1' }]);
      expect([sub, aud]).to.deep.equal(['omar', 'signalbox:relay']);
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
});

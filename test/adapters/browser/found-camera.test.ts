import { expect } from 'chai';
import { cameraOf, idFor, playable, profileText } from '../../../adapters/browser/dashboard/found-camera.ts';

const main = { token: 'm', name: 'Main', url: 'rtsp://10.0.0.7/main', codec: 'H264', width: 1920, height: 1080 };
const sub = { token: 's', name: 'Sub', url: 'rtsp://10.0.0.7/sub' };
const looked = {
  kind: 'onvif' as const,
  name: 'Dome',
  address: 'http://10.0.0.7/onvif/device_service',
  profiles: [main, sub],
  ptz: false,
};
const login = { username: 'op@site', password: 'a/b:c@d' };
const said = (fields: Record<string, string>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

describe('a camera that is added in the page', () => {
  it('gets an id that says what its name says, and that no other has', () => {
    expect(idFor('North gate', [])).to.equal('north_gate');
    expect(idFor(' Cổng Bắc, đường 3 ', [])).to.equal('cong_bac_duong_3');
    expect(idFor('North gate', ['north_gate', 'north_gate_2'])).to.equal('north_gate_3');
    expect(idFor('駅', [])).to.equal('camera');
    expect(idFor('x'.repeat(200), [])).to.have.length(50);
  });

  it('has its preferred stream first, then its backup, each with the login spelt so that it can be read', () => {
    const form = said({ name: ' Gate ', zone: 'hcm/airport', preferred: 's', backup: 'm', keep: 'on' });
    expect(cameraOf(form, looked, login, [])).to.deep.equal({
      ...{ id: 'gate', name: 'Gate', zone: 'hcm/airport', keep: 'warm' },
      sources: ['rtsp://op%40site:a%2Fb%3Ac%40d@10.0.0.7/sub', 'rtsp://op%40site:a%2Fb%3Ac%40d@10.0.0.7/main'],
    });
    const alone = said({ name: 'Gate', zone: 'hcm', preferred: 'm', backup: '' });
    const nobody = { username: '', password: '' };
    expect(cameraOf(alone, looked, nobody, [])).to.deep.include({ keep: 'on-demand', sources: [main.url] });
    expect(cameraOf(alone, { ...looked, ptz: true }, login, [])).to.include({
      onvif: 'http://op%40site:a%2Fb%3Ac%40d@10.0.0.7/onvif/device_service',
    });
  });

  it('is recorded for as many days as were chosen, or during emergencies alone', () => {
    const form = { name: 'Gate', zone: 'hcm', preferred: 'm', days: '14' };
    const of = (record: string) => cameraOf(said({ ...form, record }), looked, login, []);
    expect(of('always')).to.deep.include({ record: { keep_ms: 14 * 86_400_000 } });
    expect(of('emergency')).not.to.have.property('record');
  });

  it('offers no stream that no browser plays', () => {
    const jpeg = { ...main, token: 'j', codec: 'JPEG' };
    expect(playable([jpeg, main, sub, { ...main, codec: 'h265' }]).map(({ token }) => token)).to.deep.equal([
      'm',
      's',
      'm',
    ]);
    expect([main, sub].map(profileText)).to.deep.equal(['Main, 1920 × 1080, H264', 'Sub']);
  });
});

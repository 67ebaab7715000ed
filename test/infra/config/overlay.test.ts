import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openSecrets, type Secrets } from '../../../adapters/secrets.files.ts';
import { id } from '../../../bus/identity.ts';
import { cameraInput } from '../../../infra/config/camera-input.ts';
import { cameraSettings, forgetUnusedLogins, OverlayRefused, openOverlay } from '../../../infra/config/overlay.ts';
import { readConfig } from '../../../infra/config.ts';

const config = readConfig('/etc/sbx.yaml', 'cameras: { cam_001: "rtsp://u:p@10.0.0.7/a" }', {});
const cam4 = id('cam_004');

const reasonOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof OverlayRefused) return error.reason;
    throw error;
  }
  return 'accepted';
};

describe('cameras added over the API', () => {
  let state: string;
  let secrets: Secrets;
  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), 'sbx-overlay-'));
    secrets = openSecrets(path.join(state, 'secrets'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  it('are seen at once by every gateway that shares the folder, and none gets lost between them', () => {
    const [one, two] = [openOverlay(state, secrets), openOverlay(state, secrets)];
    one.add(cam4, { sources: ['rtsp://10.0.0.8/a'] }, config);
    expect(reasonOf(() => two.add(cam4, { sources: ['rtsp://10.0.0.9/a'] }, config))).to.equal('exists');
    two.add(id('cam_005'), { sources: ['rtsp://10.0.0.9/a'] }, config);
    one.change(id('cam_005'), { name: 'South gate' }, config);
    expect([...two.cameras()].map(([camera, { name }]) => `${camera} ${name}`)).to.deep.equal([
      'cam_004 cam_004',
      'cam_005 South gate',
    ]);
  });

  it('stay over restarts and every reload of the file, and tell where they came from', () => {
    openOverlay(state, secrets).add(cam4, { name: 'North gate', sources: ['rtsp://10.0.0.8/a'] }, config);
    const cameras = cameraSettings(config, openOverlay(state, secrets), secrets);
    expect([...cameras].map(([camera, { origin }]) => `${camera} ${origin}`)).to.deep.equal([
      'cam_001 yaml',
      'cam_004 api',
    ]);
    expect(cameras.get(cam4)?.settings).to.deep.equal({
      name: 'North gate',
      zone: 'default',
      keep: 'warm',
      eye: true,
      sources: [{ id: '0', url: 'rtsp://10.0.0.8/a' }],
    });
    const clash = readConfig('/etc/sbx.yaml', 'cameras: { cam_004: "rtsp://10.9.9.9/other" }', {});
    expect(cameraSettings(clash, openOverlay(state, secrets), secrets).get(cam4)).to.include({ origin: 'api' });
    expect([...cameraSettings(readConfig('/x', '', {}), openOverlay(state, secrets), secrets).keys()]).to.deep.equal([
      cam4,
    ]);
  });

  it('keep their passwords in the secret store alone', () => {
    const overlay = openOverlay(state, secrets);
    const { sources } = overlay.add(cam4, { sources: ['rtsp://u:hunter2@10.0.0.8/a', 'rtsp://10.0.1.8/a'] }, config);
    expect(sources).to.deep.equal([
      { id: '0', url: 'rtsp://10.0.0.8/a', credential: 'cam_004-0' },
      { id: '1', url: 'rtsp://10.0.1.8/a' },
    ]);
    expect(secrets.login('cam_004-0')).to.deep.equal({ username: 'u', password: 'hunter2' });
    expect(readFileSync(path.join(state, 'cameras.json'), 'utf8')).not.to.contain('hunter2');
    expect(statSync(path.join(state, 'cameras.json')).mode & 0o777).to.equal(0o600);
  });

  it('can be changed in part, and a new password is noticed as a change', () => {
    const overlay = openOverlay(state, secrets);
    overlay.add(cam4, { zone: 'hcm/airport', sources: ['rtsp://u:p@10.0.0.8/a'] }, config);
    expect(overlay.change(cam4, { name: 'Gate' }, config)).to.deep.include({ name: 'Gate', zone: 'hcm/airport' });
    const { sources } = overlay.change(cam4, { sources: ['rtsp://u:q@10.0.0.8/a'] }, config);
    expect(sources).to.deep.equal([{ id: '0', url: 'rtsp://10.0.0.8/a', credential: 'cam_004-0.2' }]);
  });

  it('are recorded for as long as was said, over restarts, until something else is said', () => {
    const recorded = () => cameraSettings(config, openOverlay(state, secrets), secrets).get(cam4)?.record;
    const overlay = openOverlay(state, secrets);
    const sources = ['rtsp://10.0.0.8/a'];
    overlay.add(cam4, { sources, record: { keep_ms: 604_800_000, max_bytes: 100e9 } }, config);
    expect(recorded()).to.deep.equal({ keepMs: 604_800_000, maxBytes: 100e9 });
    overlay.change(cam4, { name: 'Gate' }, config);
    expect(recorded()).to.deep.equal({ keepMs: 604_800_000, maxBytes: 100e9 });
    overlay.change(cam4, { record: { keep_ms: 86_400_000 } }, config);
    expect(recorded()).to.deep.equal({ keepMs: 86_400_000 });
    overlay.change(cam4, { record: null }, config);
    expect(recorded()).to.equal(undefined);
    overlay.change(cam4, { record: { keep_ms: 86_400_000 } }, config);
    overlay.remove(cam4, config);
    overlay.add(cam4, { sources }, config);
    expect(recorded(), 'a new camera of the same name').to.equal(undefined);
  });

  it('keep a ladder of their own over restarts, until they are given the usual one again, or another', () => {
    const ladder = () =>
      cameraSettings(config, openOverlay(state, secrets), secrets)
        .get(cam4)
        ?.ladder?.map(({ name, bitrate_bps }) => `${name} ${bitrate_bps}`);
    const overlay = openOverlay(state, secrets);
    overlay.add(cam4, { sources: ['rtsp://10.0.0.8/a'], ladder: ['480p', { height: 720, bitrate_bps: 3e6 }] }, config);
    expect(ladder()).to.deep.equal(['720p 3000000', '480p 1000000']);
    overlay.change(cam4, { name: 'Gate' }, config);
    expect(ladder()).to.deep.equal(['720p 3000000', '480p 1000000']);
    overlay.change(cam4, { ladder: ['360p'] }, config);
    expect(ladder()).to.deep.equal(['360p 500000']);
    overlay.change(cam4, { ladder: null }, config);
    expect(ladder()).to.equal(undefined);
    const nonsense = { ladder: [{ height: 720, max_bps: 1_000_000 }], sources: ['rtsp://u:p@10.0.0.9/a'] };
    expect(() => overlay.change(cam4, nonsense, config)).to.throw(/^ladder\[0\].max_bps: 1000 kb\/s is less/);
    expect(reasonOf(() => overlay.add(id('cam_005'), nonsense, config))).to.equal('ladder');
    expect(secrets.references(), 'nothing is left of what was refused').to.deep.equal(['cam_001-0']);
  });

  it('leave no password behind when they are removed', () => {
    const overlay = openOverlay(state, secrets);
    overlay.add(cam4, { sources: ['rtsp://u:p@10.0.0.8/a'] }, config);
    overlay.remove(cam4, config);
    forgetUnusedLogins(cameraSettings(config, overlay, secrets), secrets);
    expect(secrets.references()).to.deep.equal(['cam_001-0']);
    expect([...openOverlay(state, secrets).cameras()]).to.deep.equal([]);
  });

  it('are refused with a reason, and then nothing is changed', () => {
    const overlay = openOverlay(state, secrets);
    const sources = ['rtsp://10.0.0.8/a'];
    expect(reasonOf(() => overlay.add(id('cam_001'), { sources }, config))).to.equal('exists');
    expect(reasonOf(() => overlay.change(id('cam_001'), { name: 'x' }, config))).to.equal('from-file');
    expect(reasonOf(() => overlay.remove(id('cam_001'), config))).to.equal('from-file');
    expect(reasonOf(() => overlay.remove(cam4, config))).to.equal('not-found');
    expect(reasonOf(() => overlay.add(cam4, {}, config))).to.equal('address');
    const half = { sources: ['rtsp://u:p@10.0.0.8/a', 'file:///etc/passwd'] };
    expect(reasonOf(() => overlay.add(cam4, half, config))).to.equal('address');
    expect(overlay.cameras().size).to.equal(0);
    expect(secrets.references()).to.deep.equal([]);
  });

  it('say nothing but what a camera has', () => {
    for (const bad of [
      { ladder: [] },
      { zone: '../x' },
      { zone: 'A' },
      { sources: [] },
      { name: '' },
      { keep: 'cold' },
      { record: {} },
      { record: { keep_ms: 0 } },
      { record: { keep_ms: 1e18 } },
      { record: { keep_ms: 86_400_000, max_bytes: 1 } },
      { record: { keep: '7d' } },
      { record: false },
      7,
      null,
    ]) {
      expect(cameraInput.check(bad), JSON.stringify(bad)).to.equal(false);
    }
  });

  it('stop the start when their file is broken: without them nobody would notice the loss', () => {
    for (const text of [
      '',
      '{',
      '{"version":2,"cameras":{}}',
      '{"version":1,"cameras":{"a":{}}}',
      '{"version":1,"cameras":{"../x":{}}}',
    ]) {
      writeFileSync(path.join(state, 'cameras.json'), text);
      expect(() => openOverlay(state, secrets), text).to.throw('repair it, or move it away');
    }
  });
});

import { expect } from 'chai';
import { driveOnvif } from '../../adapters/drive.onvif.ts';
import { openOnvifThread } from '../../adapters/onvif/thread.ts';
import type { DriveOrder, DriveReport } from '../../machines/slots.ts';
import { type OnvifDevice, startOnvifDevice } from '../fixtures/onvif-device.ts';
import { until } from '../fixtures/process.ts';

const LOGIN = { username: 'operator', password: 'correct[horse]' };

describe('a camera with motors, told over ONVIF', function () {
  this.timeout(20_000);
  let device: OnvifDevice;
  const thread = openOnvifThread();
  const logins = new Map([
    ['good', LOGIN],
    ['bad', { ...LOGIN, password: 'wr0ng' }],
  ]);
  const drive = driveOnvif({ thread, login: (reference) => logins.get(reference), now: Date.now });

  beforeEach(async () => {
    device = await startOnvifDevice({
      ...LOGIN,
      urn: 'urn:uuid:dome',
      streams: { main: 'rtsp://127.0.0.1/m', sub: 'rtsp://127.0.0.1/s' },
    });
  });
  afterEach(() => device.close());
  after(() => thread.close());

  const tell = (order: DriveOrder, credential = 'good') => {
    const reports: DriveReport[] = [];
    drive({ camera: 'gate', url: device.url, credential, order }, (event) => reports.push(event));
    return until('a report', () => reports[0]);
  };
  const right = (forMs: number): DriveOrder => ({
    kind: 'move',
    pan: 0.5,
    tilt: 0,
    zoom: -1,
    until: Date.now() + forMs,
  });

  it('moves as told, and stops by itself though nobody tells it again', async () => {
    expect((await tell(right(1_500))).type).to.equal('drive.done');
    expect(device.moving()).to.deep.equal({ pan: 0.5, tilt: 0, zoom: -1 });
    await until('it to stand still', () => device.moving() === undefined);
    expect(device.stopped).to.deep.equal(['time']);
  });

  it('stops when told, and goes to a preset that it has', async () => {
    await tell(right(10_000));
    await tell({ kind: 'stop' });
    expect(device.moving()).to.equal(undefined);
    expect(device.stopped).to.deep.equal(['told']);
    await tell({ kind: 'preset', preset: '2' });
    expect(device.preset()).to.equal('2');
    expect(await tell({ kind: 'preset', preset: '9' })).to.include({ type: 'drive.failed', reason: 'no-preset' });
  });

  it('remembers where it looks under any name, and replaces the position of the same name', async () => {
    expect((await tell({ kind: 'save', preset_name: 'Dock <3 & "quay"' })).type).to.equal('drive.done');
    expect((await tell({ kind: 'save', preset_name: 'Gate' })).type).to.equal('drive.done');
    expect([...device.presets]).to.deep.equal([
      ['1', 'Gate'],
      ['2', 'Car park'],
      ['3', 'Dock &lt;3 &amp; &quot;quay&quot;'],
    ]);
    await tell({ kind: 'save', preset_name: 'Dock <3 & "quay"' });
    expect(device.presets.size).to.equal(3);
  });

  it('is not moved by an order whose time is over, as after a restart', async () => {
    expect((await tell(right(-1))).type).to.equal('drive.done');
    expect(device.moving()).to.equal(undefined);
    expect(device.asked).to.not.include('ContinuousMove');
  });

  it('does the newest of orders that wait, and ends as the last one says', async () => {
    const left: DriveOrder = { kind: 'move', pan: -1, tilt: 0, zoom: 0, until: Date.now() + 10_000 };
    for (const order of [right(10_000), left]) {
      drive({ camera: 'gate', url: device.url, credential: 'good', order }, () => {});
    }
    await tell({ kind: 'stop' });
    expect(device.moving()).to.equal(undefined);
    expect(device.asked.filter((one) => one === 'ContinuousMove').length).to.be.lessThan(2);
  });

  it('tells why it was not done, and never the password', async () => {
    const refused = await tell(right(1_000), 'bad');
    expect(refused).to.include({ type: 'drive.failed', reason: 'unauthorized' });
    expect(JSON.stringify(refused)).to.not.match(/wr0ng|horse/);
    device.spoil('garbage');
    expect(await tell(right(1_000))).to.include({ type: 'drive.failed', reason: 'unsupported' });
  });
});

import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import type { Line } from '../../../infra/archive/lines.ts';
import { pseudonyms } from '../../../infra/archive/pseudonyms.ts';
import { alarmId } from '../../../machines/policy/alarms.ts';
import { fakeHouse } from '../../fakes/house.ts';
import { until } from '../../fixtures/process.ts';

describe('the names in an archive', () => {
  it('are others for everybody who is named in it, in whatever field, and for every address', async () => {
    const house = fakeHouse();
    const { roster, store, clock } = house;
    const source = { id: '0', url: 'publish:' };
    const settings = { name: 'North gate', zone: 'hcm/a', sources: [source], keep: 'warm', eye: true };
    await roster.create({ kind: 'camera', id: id('cam_001') }, { type: 'camera.configured', settings });
    const publisher = { id: 'c1', iat: 1, person: 'vera-nguyen', protocol: 'rtmp', network: 'private', since: 1 };
    await roster.offer({ kind: 'camera', id: id('cam_001') }, { type: 'publisher.came', source: '0', publisher });
    await roster.create(
      { kind: 'incident', id: id('inc_1') },
      {
        ...{
          type: 'incident.declared',
          zone: '',
          cameras: ['cam_001'],
          reason: 'smoke, says hoa-tran',
          by: 'hoa-tran',
        },
        ...{ drill: true, until: clock.now + 1e6, destinations: [], grants: { roles: [], subjects: ['tran-guest'] } },
      },
    );
    const to = 'rtmp://198.51.100.9/live';
    await roster.create(
      { kind: 'broadcast', id: id('cam_001--tv') },
      {
        ...{ type: 'broadcast.requested', camera: 'cam_001', zone: 'hcm/a', destination: 'tv', to, relay: 'relay-1' },
        ...{ by: 'hoa-tran', picture: true },
      },
    );
    const about = { kind: 'gateway', id: 'gw-test' };
    await roster.create(
      { kind: 'alarm', id: id(alarmId('log', 'gw-test')) },
      { type: 'cause.present', cause: 'log', about, title: '', text: 'gw-test lost it', cameras: [], zone: '' },
    );
    await until('what they say', () => new Set(store.told().map(({ envelope }) => envelope.subject)).size === 4);
    const because = 'tran-guest has it, from 203.0.113.7';
    const refused = {
      fact: {
        seq: 1,
        envelope: { source: '/gateways/gw-test', data: { why: { text: '', rejected: [{ option: 'x', because }] } } },
      },
    };
    const lines = [
      ...store.records().map((record) => ({ record })),
      ...store.told().map((fact) => ({ fact })),
      refused,
    ] as unknown as Line[];
    const names = pseudonyms();
    for (const line of lines) names.learn(line);
    const text = lines.map((line) => JSON.stringify(names.rewrite(line))).join('\n');
    for (const name of [
      'vera-nguyen',
      'hoa-tran',
      'tran-guest',
      'North gate',
      '198.51.100.9',
      '203.0.113.7',
      'gw-test',
    ]) {
      expect(JSON.stringify(lines), 'as it was').to.contain(name);
      expect(text).not.to.contain(name);
    }
    expect(text).to.contain('"source":"/gateways/gateway-1"').and.contain('"cell":"log--gateway-1"');
    expect(text).to.match(/"to":"rtmp:\/\/address-\d+\.invalid\/"/);
  });
});

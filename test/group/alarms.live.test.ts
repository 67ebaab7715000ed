import { expect } from 'chai';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';

interface Alarm {
  id: string;
  text: string;
}

describe('alarms of a real group', function () {
  this.timeout(90_000);
  let group: TestGroup;
  before(async () => {
    // Nothing answers at this address.
    const cameras = { gate: { name: 'North gate', zone: 'hcm/a', keep: 'warm', sources: ['rtsp://127.0.0.1:9/none'] } };
    group = await startTestGroup({ cameras });
  });
  after(() => group?.stop());
  const alarms = async () => (await group.api('GET', '/api/v1/alarms')).body.items;

  it('are raised for a camera that nothing feeds, and stay acknowledged when the gateway is killed', async () => {
    const events = group.follow(0);
    await events.next('alarm.raised', 'alarm/no-source--gate', 0, 30_000);
    const lan = group.token({ sub: 'lan', role: 'operator', zones: ['hcm/*'] });
    const path = '/api/v1/alarms/no-source--gate/acknowledge';
    const { status, body } = await group.api('POST', path, { note: 'on my way' }, lan);
    expect([status, body.state], JSON.stringify(body)).to.deep.equal([200, 'acknowledged']);
    await events.next('alarm.acknowledged', 'alarm/no-source--gate', 0, 10_000);
    await group.kill('gateway');
    await group.ready();
    const kept = await until('the alarm', async () =>
      (await alarms()).find((one: Alarm) => one.id === 'no-source--gate'),
    );
    expect(kept).to.deep.include({ id: 'no-source--gate', state: 'acknowledged', title: 'North gate' });
    expect(kept.acknowledged).to.deep.equal(body.acknowledged);
  });

  it('tell of a program that ended though nobody had asked for that: which, how, and what it said last', async () => {
    const name = `process--${group.group.node}`;
    const told = async (text: RegExp) =>
      until(`an alarm that says ${text}`, async () =>
        (await alarms()).find((one: Alarm) => one.id === name && text.test(one.text)),
      );
    const since = Date.now();
    await group.signal('switcher-1', 'SIGABRT');
    await told(/switcher-1 crashed \(SIGABRT\).*started again by itself/);
    await group.signal('gateway', 'SIGABRT');
    await group.ready();
    await told(/gateway crashed \(SIGABRT\)/);
    expect(group.logs()).to.match(/^gateway crashed \(SIGABRT\).*; starting it again in \d+ ms$/m);
    const heard = (await group.processes()).find((one) => one.name === 'switcher-1') as { last_exit?: { at: number } };
    expect(heard.last_exit?.at).to.be.within(since, Date.now());
  });
});

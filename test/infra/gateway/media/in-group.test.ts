import { expect } from 'chai';
import { inGroup } from '../../../../infra/gateway/media/in-group.ts';
import { fakeSlot } from '../../../fakes/slots.ts';
import { until } from '../../../fixtures/process.ts';

describe('a slot at a relay', () => {
  const here = new Set(['relay-1']);

  it('is held at a relay of the group', () => {
    const slot = fakeSlot<{ relay: string }, string>();
    const held = inGroup(here, slot.adapter, () => 'unknown')({ relay: 'relay-1' }, () => {});
    expect(slot.isHeld()).to.equal(true);
    held.release();
    expect(slot.isHeld()).to.equal(false);
  });

  it('asks nothing of one that the group has no more, and tells what there is to tell', async () => {
    const slot = fakeSlot<{ relay: string }, string>();
    const heard: string[] = [];
    inGroup(here, slot.adapter)({ relay: 'relay-9' }, (report) => heard.push(report)).release();
    inGroup(here, slot.adapter, ({ relay }) => `no ${relay}`)({ relay: 'relay-9' }, (report) => heard.push(report));
    await until('it to be told', () => heard.length > 0);
    expect(heard).to.deep.equal(['no relay-9']);
    expect(slot.all).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { shareEncoders } from '../../actors/capacity.ts';
import { id } from '../../bus/identity.ts';
import { rungsNamed } from '../../machines/policy/ladder.ts';
import { fakeHouse } from '../fakes/house.ts';
import { until } from '../fixtures/process.ts';

describe('encoders that are too few', () => {
  const at = (name: string) => ({ kind: 'rendition' as const, id: id(name) });

  /** Three cameras, each kept warm, and as many encoders as the test says. */
  async function housed(encoders: number) {
    const house = fakeHouse();
    const faults: Error[] = [];
    const sharing = { encoders };
    const { review } = shareEncoders({
      ...{ roster: house.roster, cells: house.roster, encoders: () => sharing.encoders },
      onFault: (error) => faults.push(error),
    });
    for (const name of ['gate', 'hall', 'yard']) {
      const configured = { type: 'rendition.configured', zone: 'hcm', rungs: rungsNamed(['720p']), keep: 'warm' };
      await house.roster.create(at(name), configured);
      await house.roster.offer(at(name), { type: 'camera.watchable' });
    }
    const stateOf = (name: string) => {
      const view = house.roster.view(at(name));
      return `${view?.state}${view?.why.reason ? ` ${view.why.reason}` : ''}`;
    };
    return { house, faults, sharing, review, stateOf };
  }
  const declared = {
    ...{ type: 'incident.declared', zone: '', cameras: ['yard'], reason: 'fire', by: 'hoa', drill: true },
    ...{ destinations: [], grants: { roles: [], subjects: [] } },
  };

  it('go to cameras in an emergency first, from who is watched least', async () => {
    const { house, faults, stateOf } = await housed(2);
    await until('the third to wait', () => stateOf('yard') === 'waiting no-capacity');
    expect([stateOf('gate'), stateOf('hall')]).to.deep.equal(['starting', 'starting']);
    const incident = { kind: 'incident' as const, id: id('inc_1') };
    await house.roster.create(incident, { ...declared, until: house.clock.now + 3_600_000 });
    await until('the emergency to have one', () => stateOf('yard') === 'starting');
    await until('another one to wait', () => stateOf('hall') === 'waiting no-capacity');
    expect(house.roster.view(at('hall'))?.why.text).to.contain('1 of them for cameras in an emergency');
    expect(stateOf('gate')).to.equal('starting');
    expect(faults).to.deep.equal([]);
  });

  it('are given out again as soon as one is free, or there are more', async () => {
    const { house, sharing, review, stateOf } = await housed(1);
    await until(
      'two to wait',
      () => stateOf('hall') === 'waiting no-capacity' && stateOf('yard') === 'waiting no-capacity',
    );
    await house.roster.offer(at('gate'), { type: 'rendition.removed' });
    await until('the next to have it', () => stateOf('hall') === 'starting');
    sharing.encoders = 2;
    review();
    await until('the last one to have one', () => stateOf('yard') === 'starting');
  });
});

import { expect } from 'chai';
import { isDone, stepsFor } from '../../../adapters/browser/dashboard/guide.ts';
import { cameraOf } from '../../../adapters/browser/dashboard/model.ts';

const camera = (id: string, active: string) =>
  cameraOf({ id, name: id, state: 'live', sources: [{ id: '0' }, { id: '1' }], active_source: active });
const idsFor = (...who: Parameters<typeof stepsFor>) => stepsFor(...who).map(({ id }) => id);

describe('the guided start', () => {
  it('shows nobody what they may not do', () => {
    expect(idsFor({ demo: true, administers: true })).to.deep.equal(['tile', 'plug', 'past', 'add']);
    expect(idsFor({ demo: true, administers: false })).to.deep.equal(['tile', 'plug', 'past']);
    expect(idsFor({ demo: false, administers: false })).to.deep.equal(['tile', 'past']);
  });

  it('notices what was done since it asked for it, and not what had been so before', () => {
    const before = [camera('a', '0'), camera('b', '1')];
    expect(isDone('plug', 'wall', before, before)).to.equal(false);
    expect(isDone('plug', 'wall', [camera('a', '1'), camera('b', '1')], before)).to.equal(true);
    expect(isDone('past', 'wall', before, before)).to.equal(false);
    expect(isDone('past', 'time', before, before)).to.equal(true);
    expect(isDone('add', 'wall', before.slice(1), before)).to.equal(false);
    expect(isDone('add', 'wall', [...before, camera('c', '0')], before)).to.equal(true);
  });
});

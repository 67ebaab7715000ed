import { expect } from 'chai';
import { AGAIN_MS, soundAt, soundsNow } from '../../../adapters/browser/dashboard/alarm-sound.ts';
import { alarmOf, countOf, hearAlarm, inOrder } from '../../../adapters/browser/dashboard/alarms.ts';
import { factOf } from '../../../adapters/browser/dashboard/model.ts';

const item = (id: string, raised_at: number, more: object = {}) => ({
  ...{ id, title: 'Gate', text: 'offline', cameras: ['cam_001'], state: 'raised', since: raised_at, raised_at },
  ...more,
});
const taken = { state: 'acknowledged', acknowledged: { by: 'lan', at: 50, note: 'on the way' } };
const fact = (id: string, data: object) => {
  const heard = factOf({ type: 'signalbox.alarm.x', subject: `alarm/${id}`, time: 0, data }, 1);
  if (!heard) throw new Error('no fact');
  return heard;
};
const idsOf = (alarms: { id: string }[]) => alarms.map(({ id }) => id);

describe('alarms on the page', () => {
  it('stand with those first that nobody takes care of, then with the newest first', () => {
    const alarms = [item('a', 10), item('b', 40, taken), item('c', 30), item('d', 20, taken)].map(alarmOf);
    expect(idsOf(inOrder(alarms))).to.deep.equal(['c', 'a', 'b', 'd']);
  });

  it('come, are taken care of, and leave, by the events; older news changes nothing', () => {
    const raised = hearAlarm([], fact('a', item('a', 10)));
    expect(raised[0]).to.include({ id: 'a', title: 'Gate', raisedAt: 10, state: 'raised' });
    const acknowledged = hearAlarm(raised, fact('a', item('a', 10, { ...taken, since: 50 })));
    expect(acknowledged[0]?.acknowledged).to.deep.equal({ by: 'lan', at: 50, note: 'on the way' });
    expect(hearAlarm(acknowledged, fact('a', item('a', 10)))).to.deep.equal(acknowledged);
    expect(hearAlarm(acknowledged, fact('a', item('a', 10, { state: 'cleared', since: 60 })))).to.deep.equal([]);
  });

  it('are counted in the header as what wants a look, and as taken care of where nothing does', () => {
    const [open, other] = [alarmOf(item('a', 1)), alarmOf(item('b', 2, taken))];
    expect([[], [open], [open, other], [open, open], [other]].map(countOf)).to.deep.equal([
      ...['No alarms', '1 alarm', '1 alarm', '2 alarms', '1 acknowledged'],
    ]);
  });

  it('sound when they are new, and again until somebody takes care of them', () => {
    const on = { name: 'on' } as const;
    expect(soundsNow(on, 100, { open: 1, isNew: true, rangAt: 99 })).to.equal(true);
    expect(soundsNow(on, 100, { open: 1, isNew: false, rangAt: 99 })).to.equal(false);
    expect(soundsNow(on, AGAIN_MS, { open: 1, isNew: false, rangAt: 0 })).to.equal(true);
    expect(soundsNow(on, AGAIN_MS, { open: 0, isNew: false, rangAt: 0 })).to.equal(false);
    expect(soundsNow({ name: 'off' }, AGAIN_MS, { open: 1, isNew: true, rangAt: 0 })).to.equal(false);
    expect(soundsNow({ name: 'muted', until: 200 }, 100, { open: 1, isNew: true, rangAt: 0 })).to.equal(false);
  });

  it('sound again when the mute is over, and never without having been permitted', () => {
    expect(soundAt({ name: 'muted', until: 100 }, 99)).to.deep.equal({ name: 'muted', until: 100 });
    expect(soundAt({ name: 'muted', until: 100 }, 100)).to.deep.equal({ name: 'on' });
    expect(soundAt({ name: 'off' }, 100)).to.deep.equal({ name: 'off' });
  });
});

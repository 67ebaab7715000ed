import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { alarmMachine } from '../../machines/alarm.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(alarmMachine, 'frozen--cam_001', ...heard);
const present = (at: number, cause = 'frozen', text = 'the picture stands still') => ({
  ...{ type: 'cause.present', at, cause, about: { kind: 'camera', id: 'cam_001' }, title: 'North gate', text },
  ...{ cameras: ['cam_001'], zone: 'hcm/a' },
});
const gone = (at: number) => ({ type: 'cause.gone', at, text: 'live' });
const seen = (at: number, by = 'lan', note?: string) => ({
  ...{ type: 'alarm.acknowledged', at, by },
  ...(note === undefined ? {} : { note }),
});
const rang = (name: string, at: number) => ({ type: 'alarm.rang', name, at });

describe('an alarm', () => {
  it('is raised, acknowledged by somebody at a moment, and cleared when its cause has stayed away', () => {
    const all = given(present(1_000), seen(4_000, 'lan', 'on my way'), gone(9_000), rang('clear', 14_000));
    expect(all.said).to.deep.equal(['alarm.raised', 'alarm.acknowledged', 'alarm.cleared']);
    expect(all.lastOf('alarm.raised')).to.deep.include({
      ...{
        cause: 'frozen',
        title: 'North gate',
        text: 'the picture stands still',
        cameras: ['cam_001'],
        zone: 'hcm/a',
      },
      ...{ state: 'raised', since: 1_000, raised_at: 1_000 },
    });
    const who = { by: 'lan', at: 4_000, note: 'on my way' };
    expect(all.lastOf('alarm.acknowledged')).to.deep.include({ from: 'raised', acknowledged: who });
    expect(all.lastOf('alarm.acknowledged').why.text).to.equal('acknowledged by lan: on my way');
    expect(all.last).to.deep.include({ from: 'acknowledged', raised_at: 1_000, acknowledged: who });
    expect(all.last.why.text).to.equal('live for 5 s');
    expect(all.tags).to.deep.equal(['over']);
  });

  it('says when it was over without anybody having acknowledged it', () => {
    const all = given(present(1_000), gone(9_000), rang('clear', 14_000));
    expect(all.last.why.text).to.equal('live for 5 s; nobody had acknowledged it');
    expect(all.last).to.not.have.property('acknowledged');
  });

  it('stays the same, and acknowledged, when its cause is back before it was over', () => {
    const back = given(present(1_000), seen(2_000), gone(9_000), present(10_000));
    expect(back.said).to.deep.equal(['alarm.raised', 'alarm.acknowledged']);
    expect(back.state).to.equal('acknowledged');
    expect(back.context.gone).to.equal(undefined);
    expect(back.invoked).to.deep.equal([]);
  });

  it('wants somebody anew when it is raised again, and is slower to be over each time', () => {
    const first = given(present(1_000), seen(2_000), gone(9_000));
    expect(first.context.gone).to.deep.include({ until: 14_000 });
    const again = given(present(1_000), seen(2_000), gone(9_000), rang('clear', 14_000), present(20_000));
    expect(again.state).to.equal('raised');
    expect(again.last).to.not.have.property('acknowledged');
    expect(again.last.why.guard).to.include({ times: 2 });
    const all = [present(1_000), gone(9_000), rang('clear', 14_000), present(20_000), gone(21_000)];
    expect(given(...all).context.gone).to.deep.include({ until: 31_000 });
  });

  it('is not told before its cause has lasted, and not at all when it has not', () => {
    const suspected = given(present(1_000, 'no-source', 'offline'));
    expect([suspected.state, suspected.said, suspected.invoked]).to.deep.equal(['suspected', [], ['raise']]);
    expect(given(present(1_000, 'no-source', 'offline'), rang('raise', 3_000)).last).to.deep.include({
      state: 'raised',
      raised_at: 3_000,
      why: { trigger: 'alarm.rang', text: 'offline', guard: { lasted_ms: 2_000, times: 1 } },
    });
    const over = given(present(1_000, 'no-source', 'offline'), gone(2_000));
    expect([over.state, over.said, over.tags]).to.deep.equal(['cleared', [], ['over']]);
  });

  it('tells what is wrong now, without being raised anew for it', () => {
    const worse = given(
      present(1_000),
      seen(2_000),
      present(3_000, 'frozen', 'still the same picture'),
      seen(4_000, 'minh'),
    );
    expect(worse.said).to.deep.equal(['alarm.raised', 'alarm.acknowledged']);
    expect(worse.context).to.deep.include({ text: 'still the same picture', acknowledged: { by: 'lan', at: 2_000 } });
  });

  it('is over at once where a person has seen to its cause', () => {
    const prolonged = given(present(1_000, 'ends-soon', 'ends soon'), gone(2_000));
    expect(prolonged.said).to.deep.equal(['alarm.raised', 'alarm.cleared']);
  });
});

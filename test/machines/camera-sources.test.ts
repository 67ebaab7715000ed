import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { cameraMachine } from '../../machines/camera.ts';
import { CHOICE_TIMES } from '../../machines/policy/sources.ts';
import { given as came } from '../fakes/given.ts';
import { answers, ends, fails, feeds, flows, holds } from '../fakes/source.ts';

const settings = {
  name: 'North gate',
  zone: 'hcm/airport',
  sources: ['0', '1'].map((id) => ({ id, url: `rtsp://127.0.0.1/${id}` })),
  keep: 'warm' as const,
  eye: true,
};
const configured = { type: 'camera.configured', settings };
const given = (...heard: AnyEventObject[]) => came(cameraMachine, 'cam_001', ...heard);
const at = (ms: number, event: AnyEventObject) => ({ ...event, at: ms });
const reconsider = { type: 'alarm.rang', name: 'reconsider' };

/** Both sources flow, the preferred one feeds the program. */
const both = [configured, answers('0'), answers('1'), flows('0'), flows('1'), feeds('0')];
/** The preferred source ended at 20 s, and the backup took over. */
const toBackup = feeds('1', { from: '0', trigger: 'ended', how: 'burst', detect_ms: 4, gap_ms: 67 });
const onBackup = [...both, at(20_000, ends('0')), at(20_004, toBackup)];
/** The preferred source is back since 30 s. */
const back = [...onBackup, at(29_900, answers('0')), at(30_000, flows('0'))];
const handedBack = feeds('0', { from: '1', trigger: 'ordered', gap_ms: 33 });

describe('a camera with a backup', () => {
  it('arms the backup while the preferred source feeds the program', () => {
    const camera = given(...both);
    expect(camera.state).to.equal('live');
    expect(camera.context.choice).to.deep.include({ source: '0', armed: ['1'] });
    expect(camera.invoked).to.include.members(['intake.0', 'intake.1', 'selection']);
  });

  it('that is not carried adopts a switch meanwhile, and is not called live before its source flows', () => {
    const lost = { type: 'program.lost', detail: 'relay-1' };
    const restored = { type: 'program.restored' };
    const switched = given(...both, lost, ends('0'), toBackup, restored);
    expect(switched.context).to.include({ state: 'live', active: '1' });
    const aside = { type: 'source.aside', source: '0', reason: 'codec', detail: '' };
    expect(given(...both, lost, aside, restored).state).to.equal('holding');
    expect(given(...both, lost, aside, restored, toBackup).context).to.include({ state: 'live', active: '1' });
  });

  it('is carried on by the backup when the preferred source ends, and says why, how and how fast', () => {
    const camera = given(...onBackup);
    expect(camera.state).to.equal('live');
    expect(camera.said.slice(-3)).to.deep.equal(['camera.switching', 'camera.switched', 'camera.live']);
    const said = { from_source: '0', active_source: '1', how: 'burst', detect_ms: 4, decide_ms: 0, recover_ms: 67 };
    expect(camera.lastOf('camera.switched')).to.include(said);
    expect(camera.lastOf('camera.live'), 'counted once').to.not.have.property('recover_ms');
    expect(camera.context.why.text).to.equal(
      'on the backup (1), because the preferred source (0) ended (67 ms gap); ' +
        'it returns when the preferred source (0) has been steady for 10 s',
    );
    expect(camera.context.choice).to.deep.include({ source: '1', armed: ['0'] });
  });

  it('adopts a switch on silence that it was not asked for, while its picture goes on', () => {
    const camera = given(
      ...both,
      feeds('1', { from: '0', trigger: 'silent', how: 'burst', detect_ms: 118, gap_ms: 133 }),
    );
    expect(camera.state).to.equal('live');
    expect(camera.said.at(-1)).to.equal('camera.switched');
    expect(camera.last).to.include({ from_source: '0', active_source: '1', decide_ms: 0, recover_ms: 133 });
    expect(camera.context.choice).to.deep.include({ source: '1' });
  });

  it('says that its source sent what is no picture when it was left for that, and waits as after any loss', () => {
    const aside = {
      type: 'source.aside',
      source: '0',
      reason: 'unreadable',
      detail: 'what it sends is no H264',
      silent_ms: 900,
    };
    const left = feeds('1', { from: '0', trigger: 'unreadable', how: 'burst', detect_ms: 118, gap_ms: 133 });
    const camera = given(...both, at(20_000, left), at(20_800, aside));
    expect(camera.context.why).to.include({ trigger: 'source.unreadable', reason: 'unreadable' });
    expect(camera.context.why.text).to.match(
      /^on the backup \(1\), because the preferred source \(0\) sent nothing that is a picture \(133 ms gap\); it returns/,
    );
    expect(camera.lastOf('camera.source')).to.include({ source: '0', source_state: 'aside' });
    expect(camera.context.standings['0'].lapses).to.deep.equal([20_000]);
    const one = { type: 'camera.configured', settings: { ...settings, sources: settings.sources.slice(0, 1) } };
    const alone = given(one, answers(), flows(), feeds(), at(20_000, aside), at(20_001, holds('0', 'unreadable')));
    expect(alone.state).to.equal('offline');
    expect(alone.context.why.text).to.equal('set aside: it sends, but nothing that is a picture');
    expect(given(one, answers(), flows(), feeds(), aside, flows(), feeds('0', { from: 'slate' })).state).to.equal(
      'live',
    );
  });

  it('is handed back at a key frame, once the preferred source has been steady for its time, and not before', () => {
    const waiting = given(...back);
    expect(waiting.context.choice).to.deep.include({ source: '1', reconsiderAt: 40_000 });
    expect(waiting.invoked).to.include('reconsider');
    expect(given(...back, at(39_999, reconsider)).context.choice.source).to.equal('1');
    const due = given(...back, at(40_000, reconsider));
    expect(due.context.choice).to.deep.include({ source: '0', how: 'clean', armed: ['1'] });
    const home = given(...back, at(40_000, reconsider), at(41_000, handedBack));
    expect(home.state).to.equal('live');
    expect(home.said.at(-1)).to.equal('camera.switched');
    expect(home.last).to.include({ decide_ms: 1_000, recover_ms: 33, how: 'clean' });
    expect(home.context.why.reason).to.equal('steady');
  });

  it('waits twice as long after each time that the preferred source failed it', () => {
    const again = [
      ...back,
      at(40_000, reconsider),
      at(41_000, handedBack),
      at(50_000, ends('0')),
      at(50_001, toBackup),
    ];
    const camera = given(...again, at(50_900, answers('0')), at(51_000, flows('0')));
    expect(camera.context.choice.reconsiderAt).to.equal(51_000 + 2 * CHOICE_TIMES.handBackMs);
  });

  it('is never handed back by itself when it is configured so', () => {
    const never = { type: 'camera.configured', settings: { ...settings, hand_back_ms: 'never' } };
    const camera = given(never, ...back.slice(1));
    expect(camera.context.choice.source).to.equal('1');
    expect(camera.invoked).to.not.include('reconsider');
    expect(camera.context.why.text).to.contain('an operator must hand it back');
  });

  it('gives the preferred source a head start, then takes the backup that came first', () => {
    const early = [configured, answers('1'), flows('1')];
    expect(given(...early).context.choice.armed).to.deep.equal([]);
    const late = given(...early, at(1_001 + CHOICE_TIMES.headStartMs, reconsider));
    expect(late.context.choice).to.deep.include({ source: '1', how: 'at-once' });
    const camera = given(...early, at(1_001 + CHOICE_TIMES.headStartMs, reconsider), feeds('1'));
    expect(camera.state).to.equal('live');
    expect(camera.context.active).to.equal('1');
    expect(camera.context.why.text).to.contain('it came first');
  });

  it('takes the backup at once at the start when the preferred source refuses', () => {
    const camera = given(configured, fails('0'), answers('1'), flows('1'));
    expect(camera.context.choice).to.deep.include({ source: '1' });
    expect(camera.context.choice.why.rejected[0]).to.have.property('option', '0');
    expect(camera.context.choice.why.rejected[0].because).to.match(/^nothing answers at its address.* \(offline for /);
  });

  it('leaves a still picture for a backup that moves', () => {
    const frozen = given(...both, { type: 'eye.frozen', still_ms: 8_000 });
    expect(frozen.state).to.equal('frozen');
    expect(frozen.context.choice).to.deep.include({ source: '1', how: 'at-once' });
    const moved = given(
      ...both,
      { type: 'eye.frozen', still_ms: 8_000 },
      feeds('1', { from: '0', trigger: 'ordered', how: 'burst' }),
    );
    expect(moved.state).to.equal('live');
    expect(moved.said.slice(-2)).to.deep.equal(['camera.switched', 'camera.live']);
    expect(moved.context.choice.source).to.equal('1');
  });

  it('stays where it is when both pictures stand still', () => {
    const still = { type: 'eye.frozen', still_ms: 8_000 };
    const camera = given(...both, still, feeds('1', { from: '0', trigger: 'ordered', how: 'burst' }), still);
    expect(camera.state).to.equal('frozen');
    expect(camera.context.choice).to.deep.include({ source: '1' });
  });

  it('whose sources are both dead shows the slate, then says why it is offline', () => {
    const slate = [...onBackup, ends('1'), holds('1')];
    const holding = given(...slate);
    expect(holding.state).to.equal('holding');
    expect(holding.tags).to.not.include('watchable');
    expect(given(...slate, fails('0')).state).to.equal('holding');
    const offline = given(...slate, fails('0'), fails('1', 'timeout'));
    expect(offline.state).to.equal('offline');
    expect(offline.last.why.rejected).to.deep.include({
      option: '0',
      because: 'nothing answers at its address: the camera is off, or its port is wrong',
    });
  });

  it('that has nothing leaves the slate for whichever source returns first', () => {
    const dark = [...onBackup, ends('1'), holds('1'), fails('0'), fails('1')];
    const camera = given(
      ...dark,
      answers('0'),
      flows('0'),
      feeds('0', { from: 'slate', trigger: 'ended', how: 'burst' }),
    );
    expect(camera.state).to.equal('live');
    expect(camera.context.active).to.equal('0');
    expect(camera.lastOf('camera.switched')).to.include({ from_source: 'slate' }).and.have.property('recover_ms');
  });

  it('whose sources both come and go is quarantined when both are', () => {
    const falls = (source: string) =>
      Array.from({ length: 6 }, () => [answers(source), flows(source), ends(source)]).flat();
    const one = given(configured, ...falls('0'));
    expect(one.state).to.equal('connecting');
    const camera = given(configured, ...falls('0'), ...falls('1'));
    expect(camera.state).to.equal('quarantined');
    expect(camera.invoked).to.not.include.members(['probe.0']);
    expect(camera.invoked).to.not.include.members(['probe.1']);
  });

  it('sets a source aside that does not fit its program, and says so among the rejected', () => {
    const aside = { type: 'source.aside', source: '0', reason: 'codec', detail: 'H265 beside H264' };
    const camera = given(...onBackup, answers('0'), aside);
    expect(camera.context.choice).to.deep.include({ source: '1', armed: [] });
    expect(camera.context.choice.why.rejected[0].because).to.contain('another codec');
  });

  describe('that has another codec', () => {
    const other = answers('1', 'H265');
    const live = [configured, answers('0'), flows('0'), feeds('0')];
    const known = { type: 'source.aside', source: '1', reason: 'codec', detail: 'H265, while H264 is published' };

    it('is set aside as soon as it answers, told long before it is needed, and is not counted on', () => {
      const camera = given(...live, at(60_000, other));
      expect(camera.lastOf('camera.source')).to.include({ source: '1', source_state: 'aside' });
      expect(camera.lastOf('camera.source').why).to.deep.include({
        reason: 'codec',
        text: 'set aside: it has another codec than the program (H265, not H264)',
      });
      expect(camera.context.choice).to.deep.include({ source: '0', armed: [] });
      expect(camera.invoked, 'it may do when nothing else is left').to.include('intake.1');
      const confirmed = given(...live, at(60_000, other), known);
      expect(confirmed.said, 'told once').to.deep.equal(camera.said);
    });

    it('is set aside when the preferred source is known, if it answered before that', () => {
      expect(given(configured, other, answers('0'), flows('0')).context.standings['1'].state).to.equal('opening');
      expect(given(configured, other, ...live.slice(1)).context.standings['1'].state).to.equal('aside');
    });

    it('feeds a program of which nothing else was there: there is nothing to set it aside from', () => {
      const alone = given(configured, fails('0'), other, { ...flows('1'), codec: 'H265' }, feeds('1'));
      expect(alone.context).to.include({ state: 'live', active: '1' });
    });

    it('is shown when nothing else is left, and is offline when its picture never comes', () => {
      const left = [...live, other, ends('0'), holds('0'), feeds('1', { from: 'slate', trigger: 'ended' })];
      expect(given(...left).context).to.include({ state: 'live', active: '1' });
      const opening = { type: 'alarm.rang', name: 'opening:1' };
      expect(given(...live, at(60_000, other), at(65_000, opening)).context.standings['1'].state).to.equal('offline');
    });
  });

  it('tells what is lost with a backup before it is needed, and again when it is shown', () => {
    const silent = 'it has no sound, while the program has AAC';
    const camera = given(...both, at(60_000, { ...flows('1'), detail: silent }));
    expect(camera.lastOf('camera.source')).to.include({ source: '1', source_state: 'flowing' });
    expect(camera.lastOf('camera.source').why.text).to.equal(`its picture arrives; ${silent}`);
    expect(camera.context.standings['1'].since, 'steady since it came').to.equal(
      given(...both).context.standings['1'].since,
    );
    const on = given(...both, { ...flows('1'), detail: silent }, ends('0'), toBackup);
    expect(on.context.why.text).to.contain(`(67 ms gap); ${silent}; it returns when`);
    const again = given(...both, { ...flows('1'), detail: silent }, flows('1'));
    expect(again.lastOf('camera.source').why.text).to.equal('its picture arrives');
  });

  it('obeys an operator until the chosen source fails', () => {
    const chosen = { type: 'source.chosen', source: '1', by: 'hoa' };
    const wanted = given(...both, chosen);
    expect(wanted.context.choice).to.deep.include({ source: '1', how: 'clean' });
    const there = [...both, chosen, feeds('1', { from: '0', trigger: 'ordered' })];
    expect(given(...there).context.why.text).to.contain('hoa chose 1');
    expect(given(...there, at(60_000, { type: 'audience.joined', viewer: 'v1' })).context.choice.source).to.equal('1');
    const failed = given(...there, ends('1'), feeds('0', { from: '1', trigger: 'ended', how: 'burst' }));
    expect(failed.context.active).to.equal('0');
    expect(failed.context).to.not.have.property('chosen', '1');
  });

  it('goes by its rules again when the operator says so', () => {
    const chosen = [...both, { type: 'source.chosen', source: '1' }, feeds('1', { from: '0', trigger: 'ordered' })];
    expect(given(...chosen, at(60_000, { type: 'source.chosen', source: 'auto' })).context.choice.source).to.equal('0');
  });

  it('does not go to a source that an operator chooses and that gives no picture', () => {
    const camera = given(...onBackup, { type: 'source.chosen', source: '0' });
    expect(camera.context.choice.source).to.equal('1');
    expect(camera.context).to.not.have.property('chosen', '0');
  });

  it('whose active source is taken out of the configuration goes on with another', () => {
    const [, second] = settings.sources;
    const camera = given(...both, { type: 'camera.configured', settings: { ...settings, sources: [second] } });
    expect(camera.state).to.equal('connecting');
    expect(camera.context.active).to.equal('1');
    expect(Object.keys(camera.context.standings)).to.deep.equal(['1']);
  });

  it('that gets a further source keeps its picture', () => {
    const third = { id: '2', url: 'rtsp://127.0.0.1/2' };
    const more = { type: 'camera.configured', settings: { ...settings, sources: [...settings.sources, third] } };
    const camera = given(...both, more);
    expect(camera.state).to.equal('live');
    expect(camera.invoked).to.include('probe.2');
  });

  it('is carried on by its third source when the others end, until that is taken out of the configuration', () => {
    const third = { id: '2', url: 'rtsp://127.0.0.1/2' };
    const more = { type: 'camera.configured', settings: { ...settings, sources: [...settings.sources, third] } };
    const toThird = feeds('2', { from: '0', trigger: 'ended', how: 'burst', gap_ms: 67 });
    const heard = [...both, more, answers('2'), flows('2'), ends('1'), ends('0'), toThird];
    const onThird = given(...heard);
    expect(onThird.context).to.include({ state: 'live', active: '2' });
    expect(onThird.invoked).to.include.members(['probe.0', 'probe.1', 'intake.2']);
    const without = given(...heard, configured);
    expect(without.invoked).to.include.members(['probe.0', 'probe.1']).and.not.include('intake.2');
    expect(Object.keys(without.context.standings)).to.deep.equal(['0', '1']);
    expect(given(...heard, configured, more).invoked).to.include('probe.2');
  });

  it('is told again after a crash in the middle of a switch, and goes on from there', () => {
    const switching = [...both, at(20_000, ends('0'))];
    expect(given(...switching).state).to.equal('switching');
    expect(given(...switching, toBackup).state).to.equal('live');
    // What the former gateway has adopted already changes nothing when it is told again.
    expect(given(...switching, toBackup, toBackup).said).to.deep.equal(given(...switching, toBackup).said);
  });
});

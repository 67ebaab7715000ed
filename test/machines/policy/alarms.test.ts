import { expect } from 'chai';
import fc from 'fast-check';
import { CAUSES } from '../../../bus/events/alarm.ts';
import { isId } from '../../../bus/identity.ts';
import { mayAlarm } from '../../../machines/policy/alarm-rights.ts';
import { aboutIn, alarmId, clearAfterMs, QUESTIONS, raisingsAt } from '../../../machines/policy/alarms.ts';

const because = { trigger: 'probe.failed', text: 'nothing answers' };
const judged = (cause: (typeof CAUSES)[number], state: string, picture = true) =>
  QUESTIONS[cause].judge?.({ state, why: because, picture })?.present;
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

describe('what is an alarm', () => {
  it('is a camera that no source feeds or whose picture stands still, and none that mends itself or nobody watches', () => {
    for (const state of ['holding', 'offline', 'quarantined']) expect(judged('no-source', state), state).to.equal(true);
    for (const state of ['live', 'idle', 'frozen', 'removed'])
      expect(judged('no-source', state), state).to.equal(false);
    // Whether one that is being asked is back, nobody knows yet.
    for (const state of ['connecting', 'stalled', 'switching']) expect(judged('no-source', state)).to.equal(undefined);
    expect(judged('frozen', 'frozen')).to.equal(true);
    expect(judged('frozen', 'live')).to.equal(false);
    const told = QUESTIONS['no-source'].judge?.({ state: 'offline', why: because });
    expect(told).to.deep.equal({ present: true, text: 'offline: nothing answers' });
  });

  it('is a dead relay, a station that gets nothing or the slate, an emergency about to end, what is not recorded', () => {
    expect([judged('relay-dead', 'dead'), judged('relay-dead', 'drained')]).to.deep.equal([true, false]);
    expect(judged('relay-dead', 'suspect')).to.equal(undefined);
    for (const state of ['retrying', 'failed', 'waiting']) expect(judged('off-air', state), state).to.equal(true);
    expect([judged('off-air', 'on-air'), judged('off-air', 'stopped')]).to.deep.equal([false, false]);
    expect([judged('slate', 'on-air', false), judged('slate', 'on-air')]).to.deep.equal([true, false]);
    expect([judged('ends-soon', 'expiring'), judged('ends-soon', 'active')]).to.deep.equal([true, false]);
    expect([judged('not-recorded', 'failing'), judged('not-recorded', 'recording')]).to.deep.equal([true, false]);
    expect([judged('disk-full', 'full'), judged('disk-full', 'off')]).to.deep.equal([true, false]);
  });

  it('is one for one cause: of a camera without a source that is pushed, the camera’s own, which names the stations', () => {
    const slate = (state: string) =>
      QUESTIONS.slate.judge?.({ state: 'on-air', why: because, picture: false, camera: { state, why: because } });
    expect(slate('holding')).to.deep.equal({ present: false, text: 'its camera has no source, which is the alarm' });
    expect(slate('live')).to.deep.equal({ present: true, text: 'on air with the slate' });
    expect(slate('switching'), 'whether that is why is not known yet').to.equal(undefined);
    const camera = { state: 'offline', why: because, slateAt: ['city-tv', 'radio'] };
    expect(QUESTIONS['no-source'].judge?.(camera)?.text).to.equal(
      'offline: nothing answers; on air with the slate: city-tv, radio',
    );
    expect(QUESTIONS['no-source'].judge?.({ ...camera, state: 'live' })?.present).to.equal(false);
  });

  it('has one id for one cause, that a subject takes, and that tells what it is about', () => {
    for (const cause of CAUSES) {
      for (const about of ['cam_001', 'cam_001--city-tv', 'a'.repeat(64)]) {
        const id = alarmId(cause, about);
        expect(isId(id), id).to.equal(true);
        expect(aboutIn(id)?.kind).to.equal(QUESTIONS[cause].kind);
        if (about.length < 20) expect(aboutIn(id)?.id).to.equal(about);
      }
    }
    expect(alarmId('frozen', `${'a'.repeat(63)}b`)).to.not.equal(alarmId('frozen', `${'a'.repeat(63)}c`));
    expect(aboutIn('nonsense--cam_001')).to.equal(undefined);
  });

  it('is raised at most twenty times an hour, however its cause comes and goes', () => {
    const pauses = fc.array(fc.integer({ min: 1, max: 400 * SECOND }), { minLength: 200, maxLength: 400 });
    fc.assert(
      fc.property(pauses, (all) => {
        let raisings = raisingsAt([], 0);
        const ever = [0];
        let at = 0;
        for (const away of all) {
          at += away;
          // Only one that stayed away long enough was over, and is raised anew.
          if (away < clearAfterMs('no-source', raisings, at - away)) continue;
          raisings = raisingsAt(raisings, at);
          ever.push(at);
        }
        for (const from of ever) {
          expect(ever.filter((raising) => raising >= from && raising < from + HOUR).length).to.be.at.most(20);
        }
      }),
    );
  });
});

describe('who hears an alarm, and who acknowledges it', () => {
  const camera = { about: { kind: 'camera' as const, id: 'cam_001' }, cameras: ['cam_001'], zone: 'hcm/a' };
  const push = { ...camera, about: { kind: 'broadcast' as const, id: 'b' } };
  const incident = { about: { kind: 'incident' as const, id: 'i' }, cameras: ['cam_001', 'cam_002'], zone: '' };
  const relay = { about: { kind: 'relay' as const, id: 'relay-1' }, cameras: [], zone: '' };
  const zones = (id: string) => ({ cam_001: 'hcm/a', cam_002: 'hanoi/b' })[id];
  const viewer = { role: 'viewer' as const, cameras: [], zones: ['hcm/*'] };
  const operator = { ...viewer, role: 'operator' as const };
  const elsewhere = { ...operator, zones: ['danang/*'] };
  const admin = { ...operator, role: 'admin' as const, zones: [] };
  for (const [what, alarm, hears, acknowledges] of [
    ['a camera', camera, [viewer, operator, admin], [operator, admin]],
    ['a push', push, [operator, admin], [operator, admin]],
    ['an emergency across zones', incident, [viewer, operator, admin], [admin]],
    ['a relay', relay, [operator, elsewhere, admin], [operator, elsewhere, admin]],
  ] as const) {
    it(`about ${what}`, () => {
      for (const who of [viewer, operator, elsewhere, admin]) {
        const about = `${who.role} of ${who.zones}`;
        expect(mayAlarm(who, alarm, 'hear', zones), about).to.equal((hears as readonly object[]).includes(who));
        const may = (acknowledges as readonly object[]).includes(who);
        expect(mayAlarm(who, alarm, 'acknowledge', zones), about).to.equal(may);
      }
    });
  }
});

import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { mayMove } from '../../machines/policy/moving.ts';
import { ptzMachine } from '../../machines/ptz.ts';
import { given as came } from '../fakes/given.ts';

const configured = { type: 'ptz.configured', zone: 'hcm/test', url: 'http://10.0.0.7/onvif/device_service' };
const given = (...heard: AnyEventObject[]) => came(ptzMachine, 'gate', configured, ...heard);
const move = (by: string, more: object = {}) => ({
  ...{ type: 'ptz.move', by, role: 'operator', pan: 1, tilt: 0, zoom: 0, for_ms: 1_000 },
  ...more,
});
const done = { type: 'drive.done', elapsed_ms: 5 };
const failed = { type: 'drive.failed', reason: 'timeout', detail: 'it does not answer' };
const end = { type: 'alarm.rang', name: 'end' };
const stop = (by: string) => ({ type: 'ptz.stop', by, role: 'operator' });
const save = (by: string) => ({ type: 'ptz.save', by, role: 'operator', name: 'Dock' });
const preset = (by: string) => ({ type: 'ptz.preset', by, role: 'operator', preset: '2', name: 'Car park' });

describe('a camera that is moved', () => {
  it('moves for as long as it was told, then is stopped, and says who moved it', () => {
    const moving = given(move('lan', { at: 2_000 }));
    expect(moving.state).to.equal('moving');
    expect(moving.invoked).to.have.members(['drive', 'end']);
    expect(moving.last).to.deep.include({ by: 'lan', pan: 1, tilt: 0, zoom: 0, from: 'still' });
    expect(moving.context.order).to.deep.equal({ kind: 'move', pan: 1, tilt: 0, zoom: 0, until: 3_000 });
    const still = given(move('lan'), done, end, done);
    expect(still.said).to.deep.equal(['ptz.still', 'ptz.moving', 'ptz.stopping', 'ptz.still']);
    expect(still.last.why).to.deep.include({ reason: 'time', text: 'its time is over' });
    expect(still.invoked).to.deep.equal([]);
  });

  it('goes on while it is told again, which is no news, and turns when told otherwise', () => {
    const on = given(move('lan', { at: 2_000 }), done, move('lan', { at: 2_500 }));
    expect(on.said).to.deep.equal(['ptz.still', 'ptz.moving']);
    expect(on.context.order.until).to.equal(3_500);
    expect(given(move('lan'), move('lan', { pan: -1 })).said.filter((type) => type === 'ptz.moving')).to.have.length(2);
  });

  it('belongs to who moves it until three seconds after, and refuses others with the reason in the log', () => {
    const refused = given(move('lan', { at: 2_000 }), move('minh', { at: 5_999 }));
    expect(refused.state).to.equal('moving');
    expect(refused.last).to.deep.include({ by: 'minh', state: 'moving' });
    expect(refused.last.why).to.deep.include({
      reason: 'held',
      text: 'lan moves it; it is free in 0.0 s unless they go on',
    });
    expect(refused.context.holder.by).to.equal('lan');
    expect(given(move('lan', { at: 2_000 }), move('minh', { at: 6_000 })).context.holder.by).to.equal('minh');
    expect(given(preset('lan'), done, preset('minh')).said.at(-1)).to.equal('ptz.refused');
    const again = given(move('lan', { at: 2_000 }), move('minh', { at: 2_100 }), move('lan', { at: 2_200 }));
    expect(again.context.refusal).to.equal(undefined);
  });

  it('is stopped by whoever has the right, and taken over by an administrator', () => {
    expect(given(move('lan'), stop('minh')).last).to.deep.include({ state: 'stopping', by: 'minh' });
    const taken = given(move('lan'), move('anna', { role: 'admin', tilt: 1 }));
    expect(taken.context.holder).to.include({ by: 'anna', role: 'admin' });
    expect(given(move('anna', { role: 'admin' }), move('bao', { role: 'admin' })).said.at(-1)).to.equal('ptz.refused');
  });

  it('goes to a preset, and says so when it did not do what it was told', () => {
    const gone = given(preset('lan'), done);
    expect(gone.said).to.deep.equal(['ptz.still', 'ptz.going', 'ptz.still']);
    expect(gone.lastOf('ptz.going').why.text).to.equal('lan sends it to Car park');
    const fails = given(move('lan'), failed);
    expect(fails.last).to.deep.include({ state: 'failed', by: 'lan' });
    expect(fails.last.why.text).to.equal('the camera did not do it: it does not answer');
    expect(given(move('lan'), stop('lan'), failed).last.why.text).to.contain('it stops by itself');
    expect(given(move('lan'), failed, move('lan')).state).to.equal('moving');
  });

  it('saves where it looks under a name, for who holds it, and only while it stands still', () => {
    const saving = given(save('lan'));
    expect(saving.context.order).to.deep.equal({ kind: 'save', preset_name: 'Dock' });
    expect(saving.last).to.deep.include({ by: 'lan', preset_name: 'Dock', state: 'saving' });
    expect(saving.last.why.text).to.equal('lan saves where it looks as Dock');
    expect(given(save('lan'), done).state).to.equal('still');
    expect(given(preset('lan'), done, save('minh')).last.why.reason).to.equal('held');
    const moving = given(move('lan'), save('lan'));
    expect(moving.state).to.equal('moving');
    expect(moving.last).to.deep.include({ by: 'lan', preset_name: 'Dock' });
    expect(moving.last.why).to.include({ reason: 'moving', text: 'it moves; stop it, then save where it looks' });
    expect(given(preset('lan'), save('lan')).last.why.reason).to.equal('moving');
    for (const order of [move('lan'), preset('lan'), save('lan')]) {
      expect(given(save('lan'), order).last.why.reason, order.type).to.equal('saving');
    }
    expect(given(save('lan'), stop('minh')).state).to.equal('stopping');
  });
});

describe('who may move a camera', () => {
  const lan = { by: 'lan', role: 'operator' as const, until: 5_000 };
  for (const [what, holder, who, at, allowed, reason] of [
    ['nobody has moved it', undefined, { by: 'minh', role: 'operator' }, 0, true, 'free'],
    ['the one before is done', lan, { by: 'minh', role: 'operator' }, 5_000, true, 'free'],
    ['one goes on', lan, { by: 'lan', role: 'operator' }, 0, true, 'own'],
    ['an administrator comes', lan, { by: 'anna', role: 'admin' }, 0, true, 'priority'],
    ['another operator comes', lan, { by: 'minh', role: 'operator' }, 4_999, false, 'held'],
    ['two administrators', { ...lan, role: 'admin' }, { by: 'anna', role: 'admin' }, 0, false, 'held'],
  ] as const) {
    it(`${allowed ? 'lets them' : 'has them wait'}: ${what}`, () => {
      const verdict = mayMove(holder, who, at);
      expect([verdict.allowed, verdict.why.reason]).to.deep.equal([allowed, reason]);
    });
  }
});

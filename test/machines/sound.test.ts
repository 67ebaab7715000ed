import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { ON_DEMAND_TIMES } from '../../machines/on-demand/context.ts';
import { soundMachine } from '../../machines/sound.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) =>
  came(soundMachine, 'gate', { type: 'sound.configured', zone: 'hcm/test' }, ...heard);
const watchable = { type: 'camera.watchable' };
const dark = { type: 'camera.dark', detail: 'offline' };
const joined = (viewer = 'v1') => ({ type: 'audience.joined', viewer });
const left = (viewer = 'v1') => ({ type: 'audience.left', viewer });
const flowing = { type: 'opus.flowing', elapsed_ms: 300 };
const ended = (reason: string) => ({ type: 'opus.ended', reason, detail: 'x' });
const rang = (name: string) => ({ type: 'alarm.rang', name });
const running = [watchable, joined(), flowing];

describe('the sound of a camera', () => {
  it('costs nothing while nobody listens, and is made for whoever does', () => {
    expect(given(watchable).invoked).to.deep.equal([]);
    const starting = given(watchable, joined());
    expect([starting.state, starting.invoked]).to.deep.equal(['starting', ['opus']]);
    const heard = given(...running);
    expect(heard.state).to.equal('running');
    expect(heard.last).to.deep.include({ zone: 'hcm/test', listeners: 1, from: 'starting' });
  });

  it('is kept for a moment after its last listener, and goes on for one who comes back', () => {
    const lingering = given(...running, { ...left(), at: 5_000 });
    expect(lingering.state).to.equal('lingering');
    expect(lingering.invoked).to.have.members(['opus', 'linger']);
    expect(lingering.context.deadline).to.equal(5_000 + ON_DEMAND_TIMES.lingerMs);
    expect(given(...running, joined('v2'), left()).state).to.equal('running');
    const again = given(...running, left(), joined('v2'));
    expect([again.state, again.said.filter((type) => type === 'sound.starting').length]).to.deep.equal(['running', 1]);
    expect(given(...running, left(), rang('linger')).invoked).to.deep.equal([]);
  });

  it('says that the camera sends none, and looks again only when somebody asks anew', () => {
    const none = given(watchable, joined(), ended('none'));
    expect([none.state, none.invoked]).to.deep.equal(['none', []]);
    expect(none.last.why).to.deep.include({ reason: 'none', text: 'the camera sends no sound' });
    expect(given(watchable, joined(), ended('none'), joined('v2')).state).to.equal('starting');
    expect(given(watchable, joined(), ended('none'), left()).state).to.equal('off');
  });

  it('waits for the camera’s picture, and starts with it', () => {
    const waits = given(joined());
    expect([waits.state, waits.last.why.reason]).to.deep.equal(['waiting', 'no-picture']);
    expect(given(joined(), watchable).state).to.equal('starting');
    expect(given(joined(), left()).state).to.equal('off');
    const lost = given(...running, dark);
    expect([lost.state, lost.invoked, lost.last.why.guard]).to.deep.equal(['waiting', [], { detail: 'offline' }]);
  });

  it('is started again when it ends, three times a minute, then left alone with the reason', () => {
    const once = given(...running, ended('stalled'));
    expect([once.state, once.invoked]).to.deep.equal(['waiting', ['again']]);
    expect(once.last.why.text).to.equal('no sound came for too long; starting again in 250 ms');
    const times = [1, 2, 3].flatMap(() => [ended('exited'), rang('again')]);
    const failed = given(watchable, joined(), ...times, ended('exited'));
    expect(failed.state).to.equal('failed');
    expect(failed.last.why.text).to.equal('its FFmpeg ended, for the 4th time in a minute; left alone for 60 s');
    expect(given(watchable, joined(), ...times, ended('exited'), rang('forgiven')).state).to.equal('starting');
    const gone = given(watchable, joined(), ...times, ended('exited'), left(), rang('forgiven'));
    expect(gone.state).to.equal('off');
  });
});

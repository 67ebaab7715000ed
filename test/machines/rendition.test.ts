import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { ON_DEMAND_TIMES } from '../../machines/on-demand/context.ts';
import { rungsNamed, USUAL_RUNGS } from '../../machines/policy/ladder.ts';
import { latelyMs, lateNowMs } from '../../machines/policy/lateness.ts';
import { renditionMachine } from '../../machines/rendition.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(renditionMachine, 'cam_001', ...heard);

const configured = (keep = 'on-demand', names = USUAL_RUNGS) => ({
  type: 'rendition.configured',
  ...{ zone: 'hcm/center', rungs: rungsNamed(names), keep },
});
const joined = (viewer = 'v1') => ({ type: 'audience.joined', viewer });
const left = (viewer = 'v1') => ({ type: 'audience.left', viewer });
const watchable = { type: 'camera.watchable' };
const dark = { type: 'camera.dark', detail: 'offline' };
const measured = {
  ...{ type: 'program.measured', codec: 'h264', width: 1280, height: 720, fps: 30, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 2_900_000, audio: false },
};
const flowing = { type: 'ladder.flowing', elapsed_ms: 900 };
const ended = (reason = 'exited') => ({ type: 'ladder.ended', reason, detail: 'code 1' });
const rang = (name: string) => ({ type: 'alarm.rang', name });
const running = [configured(), watchable, joined(), measured, flowing];

describe('a rendition', () => {
  it('costs nothing while nobody watches, and starts with its first viewer', () => {
    expect(given(configured(), watchable).invoked).to.deep.equal([]);
    const starting = given(configured(), watchable, joined());
    expect(starting.state).to.equal('starting');
    expect(starting.invoked).to.deep.equal(['measure']);
  });

  it('tells which rungs it makes and why before the first segment is there, then runs', () => {
    const planned = given(...running.slice(0, -1));
    expect(planned.invoked).to.deep.equal(['ladder']);
    expect(planned.last.why.text).to.match(/720p is the camera’s own picture|720p is the camera's own picture/);
    expect(planned.last.rungs.map(({ name }: { name: string }) => name)).to.deep.equal(['720p', '480p', '360p']);
    expect(given(...running).tags).to.have.members(['making', 'playable']);
  });

  it('waits with the reason when others need the processor more, and goes on when they don’t', () => {
    const why = {
      trigger: 'capacity',
      reason: 'no-capacity',
      text: 'all 2 encoders are needed by cameras in an emergency',
    };
    const held = given(...running, { type: 'ladder.held', why });
    expect([held.state, held.invoked, held.tags]).to.deep.equal(['waiting', [], ['held']]);
    expect(held.last.why).to.deep.equal(why);
    const freed = given(...running, { type: 'ladder.held', why }, { type: 'ladder.freed' });
    expect([freed.state, freed.invoked]).to.deep.equal(['starting', ['measure']]);
    const gone = given(...running, { type: 'ladder.held', why }, left());
    expect(gone.state).to.equal('off');
  });

  it('looks at the picture anew when that has changed, and has forgotten it when nobody watches then', () => {
    const smaller = { type: 'program.changed', detail: '640×360; it was 1280×720' };
    const anew = given(...running, smaller);
    expect([anew.state, anew.invoked]).to.deep.equal(['starting', ['measure']]);
    expect(anew.last.why).to.include({ reason: 'changed' });
    const again = given(...running, smaller, { ...measured, width: 640, height: 360 }, flowing);
    expect(again.last.rungs.map(({ name }: { name: string }) => name)).to.deep.equal(['360p']);
    expect(given(...running, left(), smaller).state).to.equal('off');
    expect(given(...running, left(), smaller).context.source).to.equal(undefined);
  });

  it('lingers after its last viewer, is there at once for who returns, and goes off otherwise', () => {
    const lingering = given(...running, joined('v2'), left(), { ...left('v2'), at: 50_000 });
    expect(lingering.state).to.equal('lingering');
    expect(lingering.context.deadline).to.equal(50_000 + ON_DEMAND_TIMES.lingerMs);
    expect(lingering.invoked).to.have.members(['ladder', 'linger']);
    expect(given(...running, left(), joined('v3')).state).to.equal('running');
    const off = given(...running, left(), rang('linger'));
    expect([off.state, off.invoked]).to.deep.equal(['off', []]);
  });

  it('need not look at a picture again that it knows', () => {
    expect(given(...running, left(), rang('linger'), joined()).invoked).to.deep.equal(['ladder']);
    expect(given(...running, left(), rang('linger'), dark, watchable, joined()).invoked).to.deep.equal(['measure']);
  });

  it('waits while the camera gives no picture, and looks at it anew when it returns', () => {
    expect(given(configured(), joined()).state).to.equal('waiting');
    const waiting = given(...running, dark);
    expect([waiting.state, waiting.invoked, waiting.last.why.reason]).to.deep.equal(['waiting', [], 'no-picture']);
    expect(given(...running, dark, watchable).invoked).to.deep.equal(['measure']);
  });

  it('starts again after a failure, a little later each time, and names what happened', () => {
    const paused = given(...running, { ...ended('stalled'), at: 9_000 });
    expect(paused.last.why).to.include({ reason: 'stalled' });
    expect(paused.context.deadline).to.equal(9_000 + ON_DEMAND_TIMES.againMs);
    const again = [rang('again'), measured, flowing];
    const twice = given(...running, { ...ended(), at: 9_000 }, ...again, { ...ended(), at: 10_000 });
    expect(twice.context.deadline).to.equal(10_000 + 2 * ON_DEMAND_TIMES.againMs);
    expect(given(...running, ended(), ...again).state).to.equal('running');
  });

  it('is started again three times in a minute at most, then left alone for a while', () => {
    const fail = [ended('disk'), rang('again'), measured, flowing];
    const failed = given(...running, ...fail, ...fail, ...fail, ended('disk'));
    expect([failed.state, failed.last.why.reason]).to.deep.equal(['failed', 'disk']);
    const after = given(...running, ...fail, ...fail, ...fail, ended('disk'), rang('forgiven'));
    expect([after.state, after.invoked]).to.deep.equal(['starting', ['measure']]);
  });

  it('whose encoder does not keep up says by how much its pictures come late, once, and when they do no more', () => {
    const late = (late_ms: number, at: number) => ({ type: 'ladder.late', late_ms, at });
    const heard = [...running, late(1_600, 20_000), late(4_850, 25_000)];
    const behind = given(...heard);
    expect(behind.said.filter((type) => type === 'rendition.late')).to.have.length(1);
    expect(behind.last).to.include({ state: 'running', late_ms: 1_600 });
    expect(behind.last.why).to.include({ trigger: 'ladder.late', reason: 'late' });
    expect(behind.last.why.text).to.match(/^its pictures come 1\.6 s late: the processor is too small/);
    expect([latelyMs(behind.context.late, 84_999), latelyMs(behind.context.late, 85_000)]).to.deep.equal([
      4_850,
      undefined,
    ]);
    expect(lateNowMs(behind.context.late, 26_000)).to.equal(4_850);
    const after = given(...heard, { type: 'ladder.caught-up', at: 40_000 });
    expect(after.said.at(-1)).to.equal('rendition.caught-up');
    expect(lateNowMs(after.context.late, 40_000)).to.equal(undefined);
    expect(latelyMs(after.context.late, 40_000), 'it would soon be as late again').to.equal(4_850);
  });

  it('that begins anew is not late, and is not trusted for a while either', () => {
    const late = { type: 'ladder.late', late_ms: 3_000, at: 20_000 };
    const again = [{ ...ended(), at: 21_000 }, rang('again'), measured, { ...flowing, at: 23_000 }];
    const anew = given(...running, late, ...again);
    expect(lateNowMs(anew.context.late, 23_000)).to.equal(undefined);
    expect(latelyMs(anew.context.late, 23_000)).to.equal(3_000);
    expect(given(...running, late, ...again, { ...late, at: 30_000 }).said.at(-1)).to.equal('rendition.late');
  });

  it('that is kept warm runs without viewers', () => {
    expect(given(configured('warm'), watchable, measured, flowing).state).to.equal('running');
    expect(given(...running, left(), configured('warm')).state).to.equal('running');
  });

  it('makes other rungs when the settings name others', () => {
    const changed = given(...running, configured('on-demand', ['360p']));
    expect(changed.invoked).to.deep.equal(['measure']);
    const again = given(...running, configured('on-demand', ['360p']), measured);
    expect(again.context.rungs).to.have.length(1);
    expect(given(...running, configured()).invoked).to.deep.equal(['ladder']);
  });
});

import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { recordingMachine } from '../../machines/recording.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(recordingMachine, 'gate', ...heard);
const configured = { type: 'recording.configured', zone: 'hcm/test', wanted: true, keep_ms: 604_800_000 };
const unwanted = { ...configured, wanted: false };
const watchable = (source = '0') => ({ type: 'camera.watchable', source });
const dark = { type: 'camera.dark', detail: 'refused' };
const growing = { type: 'recorder.growing', elapsed_ms: 900 };
const silent = { type: 'recorder.silent', silent_ms: 3_000, detail: 'no file has been begun' };
const full = { type: 'recorder.full', free_bytes: 1_000 };
const demanded = (holder: string) => ({ type: 'recording.demanded', holder });
const released = (holder: string) => ({ type: 'recording.released', holder });

describe('a recording', () => {
  it('waits for a picture, then counts as running only when its file grows', () => {
    expect(given(configured).state).to.equal('waiting');
    const begun = given(configured, watchable());
    expect(begun.state).to.equal('starting');
    expect(begun.invoked).to.deep.equal(['record']);
    const runs = given(configured, watchable(), growing);
    expect(runs.said).to.deep.equal(['recording.waiting', 'recording.starting', 'recording.recording']);
    expect(runs.tags).to.have.members(['wanted', 'recording']);
  });

  it('follows the camera to its backup, and is off the slate', () => {
    const moved = given(configured, watchable(), growing, watchable('1'));
    expect(moved.state).to.equal('starting');
    expect(moved.last.source).to.equal('1');
    const lost = given(configured, watchable(), growing, dark);
    expect(lost.state).to.equal('waiting');
    expect(lost.invoked).to.deep.equal([]);
    expect(lost.last.why.text).to.contain('refused');
  });

  it('goes on in a new file when the picture has another size: a file holds pictures of one', () => {
    const resized = { type: 'camera.resized', width: 640, height: 360 };
    const anew = given(configured, watchable(), growing, resized);
    expect([anew.state, anew.invoked]).to.deep.equal(['starting', ['record']]);
    expect(anew.last.why).to.deep.include({ reason: 'resized', guard: { width: 640, height: 360 } });
    expect(given(configured, watchable(), growing, resized, growing).state).to.equal('recording');
    expect(given(configured, watchable(), growing, dark, resized).state).to.equal('waiting');
  });

  it('says loudly that nothing is written, and that the disk is full, and goes on when it can', () => {
    const failing = given(configured, watchable(), growing, silent);
    expect(failing.last).to.deep.include({ state: 'failing', from: 'recording' });
    expect(failing.last.why).to.deep.include({ reason: 'silent', text: 'no file has been begun' });
    expect(given(configured, watchable(), silent, growing).state).to.equal('recording');
    const filled = given(configured, watchable(), growing, full, silent);
    expect(filled.state).to.equal('full');
    expect(filled.last.why.reason).to.equal('disk-full');
    expect(given(configured, watchable(), growing, full, growing).state).to.equal('recording');
  });

  it('runs as long as any incident demands it, and keeps what was recorded meanwhile', () => {
    const one = given(unwanted, watchable(), demanded('inc_1'), demanded('inc_2'), released('inc_1'));
    expect(one.state).to.equal('starting');
    const none = given(unwanted, watchable(), { ...demanded('inc_1'), at: 5_000 }, { ...released('inc_1'), at: 9_000 });
    expect(none.state).to.equal('off');
    expect(none.context.protections).to.deep.equal([{ holder: 'inc_1', from: 5_000, to: 9_000 }]);
  });

  const mark = { type: 'recording.protected', holder: 'mark_1', from: 1, to: 2 };
  it('keeps a bookmark until it is taken away', () => {
    expect(given(configured, mark).context.protections).to.have.length(1);
    expect(
      given(configured, mark, { type: 'recording.unprotected', holder: 'mark_1' }).context.protections,
    ).to.deep.equal([]);
  });

  it('tells who keeps what under which name, and who no longer does', () => {
    const named = { ...mark, name: 'Theft at the gate', by: 'hoa' };
    const kept = given(configured, watchable(), growing, named);
    const protection = { holder: 'mark_1', from: 1, to: 2, name: 'Theft at the gate', by: 'hoa' };
    expect(kept.state).to.equal('recording');
    expect(kept.context.protections).to.deep.equal([protection]);
    expect(kept.said.at(-1)).to.equal('recording.protected');
    expect(kept.last).to.deep.include({ state: 'recording', from: 'recording', protection });
    expect(kept.last.why.text).to.equal('hoa keeps "Theft at the gate" from retention');
    expect(kept.last.why.guard).to.deep.equal({ by: 'hoa' });
    const gone = given(configured, named, { type: 'recording.unprotected', holder: 'mark_1', by: 'ada' });
    expect(gone.context.protections).to.deep.equal([]);
    expect(gone.said.at(-1)).to.equal('recording.unprotected');
    expect(gone.last).to.deep.include({ protection });
    expect(gone.last.why.text).to.equal('ada no longer keeps "Theft at the gate" from retention');
  });

  it('says nothing of what no person keeps, nor of what nobody had kept', () => {
    const taken = { type: 'recording.unprotected', holder: 'mark_1' };
    expect(given(configured, mark, taken).said).to.deep.equal(['recording.waiting']);
    expect(given(configured, { ...taken, by: 'ada' }).said).to.deep.equal(['recording.waiting']);
  });

  it('tells of each file that is complete', () => {
    const segment = { type: 'recorder.segment', source: '0', begun_at: 7, bytes: 3_000 };
    const told = given(configured, watchable(), growing, segment);
    expect(told.state).to.equal('recording');
    expect(told.last).to.deep.include({ begun_at: 7, bytes: 3_000, source: '0' });
  });
});

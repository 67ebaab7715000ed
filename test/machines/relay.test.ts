import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { relayMachine } from '../../machines/relay.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(relayMachine, 'relay-1', ...heard);

const configured = { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 3 };
const answering = (instance = 'A') => ({ type: 'relay.answering', instance });
const provisioned = (instance = 'A') => ({ type: 'paths.provisioned', instance, paths: 3, elapsed_ms: 12 });
const serving = [configured, answering(), provisioned()];

describe('a relay', () => {
  it('serves once it answers and has its paths', () => {
    const relay = given(...serving);
    expect(relay.said).to.deep.equal(['relay.starting', 'relay.starting', 'relay.serving']);
    expect(relay.tags).to.deep.equal(['serving', 'placeable']);
  });

  it('that started anew gets its paths before it serves', () => {
    const relay = given(...serving, answering('B'));
    expect(relay.state).to.equal('starting');
    expect(relay.invoked).to.include('provision');
    expect(given(...serving, answering('B'), provisioned('A')).state).to.equal('starting');
    expect(given(...serving, answering('B'), provisioned('B')).state).to.equal('serving');
  });

  it('whose process ends is dead at once, and tells how long it was away', () => {
    const exited = { type: 'relay.exited', detail: 'SIGKILL', at: 5_000 };
    expect(given(...serving, exited).state).to.equal('dead');
    const back = given(...serving, exited, answering('B'), { ...provisioned('B'), at: 5_300 });
    expect(back.last).to.include({ recover_ms: 300 });
  });

  it('that does not answer is suspect, then dead, and serves again when it answers as the same process', () => {
    const missed = { type: 'relay.missed', silent_ms: 320, detail: 'timeout' };
    expect(given(...serving, missed).state).to.equal('suspect');
    expect(given(...serving, missed).tags).to.deep.equal(['serving']);
    const dead = given(...serving, missed, { type: 'alarm.rang', name: 'dead' });
    expect(dead.state).to.equal('dead');
    expect(given(...serving, missed, answering()).state).to.equal('serving');
    expect(given(...serving, missed, { type: 'alarm.rang', name: 'dead' }, answering()).state).to.equal('serving');
  });

  it('that pulls programs tells from where, and why, once for each change, and forgets it when it pulls no more', () => {
    const pulls = { ...configured, pull: [] };
    const why = (text: string) => ({ trigger: 'upstream', text });
    const from = (upstream: string | undefined, text: string) => ({
      ...{ type: 'relay.upstream', ...(upstream ? { upstream } : {}) },
      why: why(text),
    });
    const events = [pulls, answering(), from('relay-1', 'one'), provisioned(), from('relay-1', 'again')];
    const relay = given(...events);
    expect(relay.said.filter((fact) => fact === 'relay.upstream')).to.have.length(1);
    expect(relay.state).to.equal('serving');
    const moved = given(...events, from(undefined, 'none'), from('relay-2', 'two'));
    expect(moved.lastOf('relay.upstream')).to.deep.include({ state: 'serving', upstream: 'relay-2', why: why('two') });
    expect(moved.lastOf('relay.upstream'), 'there was none before').not.to.have.property('from_upstream');
    expect(given(...events, from('relay-2', 'two')).last).to.include({ from_upstream: 'relay-1' });
    expect(given(...events, configured).context).to.include({ upstream: undefined, pull: undefined });
    expect(given(...serving, from('relay-1', 'it is fed')).said).not.to.include('relay.upstream');
  });

  it('that refuses its paths is offered them again', () => {
    const refused = given(configured, answering(), { type: 'paths.refused', detail: 'timeout' });
    expect(refused.invoked).to.include('again');
    expect(
      given(configured, answering(), { type: 'paths.refused', detail: 'x' }, { type: 'alarm.rang', name: 'again' })
        .invoked,
    ).to.include('provision');
  });

  const beating = { type: 'pulse.beating', round_trip_ms: 1 };
  const still = { type: 'pulse.missed', silent_ms: 310, detail: 'nothing came back' };
  const unanswered = { type: 'relay.missed', silent_ms: 320, detail: 'timeout' };
  const rang = { type: 'alarm.rang', name: 'dead' };

  it('that answers its API but moves no media is suspect, then dead, until packets go through it again', () => {
    const suspect = given(...serving, beating, still);
    expect(suspect.state).to.equal('suspect');
    expect(suspect.last).to.include({ detect_ms: 310 });
    expect(given(...serving, beating, still, answering()).state).to.equal('suspect');
    const dead = given(...serving, beating, still, rang, answering());
    expect(dead.state).to.equal('dead');
    expect(dead.invoked).to.include('pulse');
    expect(given(...serving, beating, still, rang, beating).state).to.equal('serving');
  });

  it('whose API alone hangs keeps its viewers and takes no new ones, and says so', () => {
    const hung = given(...serving, beating, unanswered);
    expect(hung.state).to.equal('degraded');
    expect(hung.tags).to.deep.equal(['serving']);
    expect(hung.last.why.text).to.match(/packets go through it/);
    expect(given(...serving, beating, unanswered, answering()).state).to.equal('serving');
    expect(given(...serving, beating, unanswered, still).state).to.equal('suspect');
  });

  it('that only its viewers see is left alone, takes no new ones and says so, until they see it no more', () => {
    const seen = { type: 'media.seen', session: 'ses_1' };
    const cut = [...serving, beating, still, unanswered, seen];
    expect(given(...cut).state).to.equal('degraded');
    expect(given(...cut).tags).to.deep.equal(['serving']);
    expect(given(...cut).last.why).to.include({ reason: 'cut-off' });
    expect(given(...cut, seen).said.filter((fact) => fact === 'relay.degraded')).to.have.length(1);
    expect(given(...cut, rang).state).to.equal('dead');
    expect(given(...cut, beating).last.why.reason, 'its API is still missed').to.equal('api-silent');
    expect(given(...cut, answering()).state, 'no packet goes through it').to.equal('degraded');
    expect(given(...cut, answering(), beating).state).to.equal('serving');
    expect(given(...serving, beating, seen).state, 'nobody doubts it').to.equal('serving');
  });

  it('that hung as a whole serves again only when it answers and carries media', () => {
    const hung = [...serving, beating, still, unanswered, rang];
    expect(given(...hung, answering()).state).to.equal('dead');
    expect(given(...hung, beating).state).to.equal('dead');
    expect(given(...hung, beating, answering()).state).to.equal('serving');
    expect(given(...hung, answering(), beating).state).to.equal('serving');
  });

  it('that never carries a packet is not taken for one that serves', () => {
    const relay = given(configured, answering(), still, provisioned());
    expect(relay.state).to.equal('suspect');
    expect(relay.invoked).to.include('dead');
  });

  it('that is drained takes no new viewers, keeps those it has, and is drained when the last has left', () => {
    const draining = given(...serving, beating, { type: 'relay.drain', by: 'hoa' });
    expect(draining.state).to.equal('draining');
    expect(draining.tags).to.deep.equal(['serving', 'draining']);
    expect(draining.last).to.include({ by: 'hoa' });
    const drained = given(...serving, beating, { type: 'relay.drain', by: 'hoa' }, { type: 'relay.emptied' });
    expect(drained.state).to.equal('drained');
    expect(drained.tags).to.deep.equal(['draining']);
  });

  it('stays drained over a restart and over a hang, and serves again when that is undone', () => {
    const drained = [...serving, beating, { type: 'relay.drain', by: 'hoa' }, { type: 'relay.emptied' }];
    const restarted = [...drained, { type: 'relay.exited', detail: 'SIGKILL' }, answering('B'), provisioned('B')];
    expect(given(...restarted).state).to.equal('drained');
    expect(given(...drained, still).state).to.equal('suspect');
    expect(given(...drained, still, beating).state).to.equal('drained');
    const resumed = given(...restarted, { type: 'relay.resume', by: 'hoa' });
    expect(resumed.state).to.equal('serving');
    expect(resumed.context.drain).to.equal(undefined);
  });

  it('can be drained while it is away, before it comes back', () => {
    const away = given(configured, { type: 'relay.drain', by: 'hoa' });
    expect(away.state).to.equal('starting');
    expect(given(configured, { type: 'relay.drain', by: 'hoa' }, answering(), provisioned()).state).to.equal(
      'draining',
    );
  });

  const drain = { type: 'relay.drain', by: 'hoa' };
  const out = { type: 'relay.removed', runs: true };
  const emptied = { type: 'relay.emptied' };

  it('that is taken out of the configuration is left by its viewers first, and then removed', () => {
    const leaving = given(...serving, beating, out);
    expect(leaving.state).to.equal('draining');
    expect(leaving.tags).to.deep.equal(['serving', 'draining']);
    expect(leaving.last.why).to.include({ reason: 'taken-out' });
    const removed = given(...serving, beating, out, emptied);
    expect(removed.said.slice(-2)).to.deep.equal(['relay.draining', 'relay.removed']);
    expect(removed.tags).to.deep.equal(['over']);
    expect(removed.invoked, 'nobody asks after it any more').to.deep.equal([]);
    expect(removed.last.why.text).to.match(/taken out of the configuration, and nobody is on it any more/);
    expect(given(...serving, beating, drain, out, emptied).state, 'one that was being drained').to.equal('removed');
  });

  it('that carries nobody when it is taken out is removed at once', () => {
    const gone = [...serving, { type: 'relay.exited', detail: 'SIGKILL' }];
    const refused = { type: 'paths.refused', detail: 'timeout' };
    const empty: AnyEventObject[][] = [
      [configured],
      [configured, answering()],
      [configured, answering(), refused],
      [...serving, beating, drain, emptied],
      [...serving, beating, still, rang],
      gone,
    ];
    for (const heard of empty) expect(given(...heard, out).state, JSON.stringify(heard)).to.equal('removed');
    const strange = { type: 'relay.removed', runs: false };
    for (const heard of [serving, [...serving, beating, still], [...serving, beating, drain], [...serving, out]]) {
      const removed = given(...heard, strange);
      expect(removed.state, 'nothing of it can run').to.equal('removed');
      expect(removed.last.why.text).to.match(/nothing of it runs/);
    }
  });

  it('that is lost before it was empty is removed then, and not waited for', () => {
    const leaving = [...serving, beating, out];
    expect(given(...leaving, { type: 'relay.exited', detail: 'SIGKILL' }).state).to.equal('removed');
    expect(given(...leaving, still, rang).state).to.equal('removed');
    expect(given(...leaving, answering('B')).state, 'another process has nobody').to.equal('removed');
    expect(given(...leaving, still, answering('B')).state).to.equal('removed');
    expect(given(...leaving, still, beating).state, 'it is there after all').to.equal('draining');
    expect(given(...serving, beating, still, out).state, 'it is in doubt').to.equal('suspect');
    expect(given(...serving, beating, still, out, beating).last.why).to.include({ reason: 'taken-out' });
    expect(given(...serving, beating, still, out, rang).state).to.equal('removed');
  });

  it('that is taken out waits for those who can not be told to leave, and no longer than it is given', () => {
    const for2s = { ...out, grace_ms: 2_000, at: 10_000 };
    const leaving = given(...serving, beating, for2s);
    expect(leaving.last.why.text).to.match(/waits until the last one has left, 2 s at most/);
    expect(leaving.invoked).to.include('leave');
    const over = { type: 'alarm.rang', name: 'leave', at: 12_000 };
    const removed = given(...serving, beating, for2s, over);
    expect(removed.state).to.equal('removed');
    expect(removed.last.why).to.include({ reason: 'taken-out' });
    expect(removed.last.why.text).to.match(/whoever had not left it after 2 s is cut/);
    const doubted = given(...serving, beating, still, for2s, beating);
    expect([doubted.state, doubted.invoked.includes('leave')], 'its doubt is over').to.deep.equal(['draining', true]);
    const drained = given(...serving, beating, { type: 'relay.drain', by: 'hoa' });
    expect(drained.invoked, 'nobody hurries a drain').not.to.include('leave');
    expect(given(...serving, beating, for2s, configured).context.graceMs).to.equal(undefined);
  });

  it('that is written into the configuration again before it was empty serves again, and is drained no more', () => {
    const back = given(...serving, beating, drain, out, configured);
    expect(back.state).to.equal('serving');
    expect(back.context.drain).to.equal(undefined);
    expect(back.last.why.text).to.match(/lists it again/);
    expect(given(...serving, beating, out, unanswered, configured).state, 'its API hangs').to.equal('degraded');
    expect(given(...serving, beating, still, out, configured, beating).state).to.equal('serving');
    expect(
      given(...serving, beating, out, { type: 'relay.resume', by: 'hoa' }).state,
      'nobody else brings it back',
    ).to.equal('draining');
  });
});

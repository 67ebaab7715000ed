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
    expect(relay.tags).to.deep.equal(['serving']);
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

  it('that refuses its paths is offered them again', () => {
    const refused = given(configured, answering(), { type: 'paths.refused', detail: 'timeout' });
    expect(refused.invoked).to.include('again');
    expect(
      given(configured, answering(), { type: 'paths.refused', detail: 'x' }, { type: 'alarm.rang', name: 'again' })
        .invoked,
    ).to.include('provision');
  });
});

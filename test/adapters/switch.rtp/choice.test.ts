import { expect } from 'chai';
import { type Candidate, returning, successor } from '../../../adapters/switch.rtp/choice.ts';

const candidate = (id: string, changes: Partial<Candidate> = {}): Candidate => ({
  id,
  ready: true,
  fits: true,
  long: false,
  fresh: true,
  stalledMs: 0,
  ended: false,
  ...changes,
});
const choice = { wanted: 'a', armed: ['b', 'c'] };
const ended = { id: 'a', trigger: 'ended' as const };
const silent = { id: 'a', trigger: 'silent' as const };

describe('who takes over', () => {
  it('is the first of the armed sources that can', () => {
    expect(
      successor(
        choice,
        ended,
        ['a', 'b', 'c'].map((id) => candidate(id)),
      ),
    ).to.equal('b');
    expect(successor(choice, ended, [candidate('a'), candidate('b', { ready: false }), candidate('c')])).to.equal('c');
    expect(successor(choice, ended, [candidate('a'), candidate('b', { fits: false }), candidate('c')])).to.equal('c');
  });

  it('is never one that nobody armed', () => {
    expect(successor({ wanted: 'a', armed: [] }, ended, [candidate('a'), candidate('b')])).to.equal(undefined);
  });

  it('is nobody for a late source when the others are late too: then it is the network', () => {
    const sources = [candidate('a'), candidate('b', { fresh: false }), candidate('c', { fresh: false })];
    expect(successor(choice, silent, sources)).to.equal(undefined);
    expect(successor(choice, ended, sources), 'but for one that ended').to.equal('b');
  });

  it('is the wanted source again when the one that stood in for it is lost', () => {
    expect(successor(choice, { id: 'b', trigger: 'ended' }, [candidate('a'), candidate('b'), candidate('c')])).to.equal(
      'a',
    );
  });
});

describe('who feeds a program that has no source', () => {
  it('is the wanted one at first, which is waited for until it is known not to be there', () => {
    const waiting = [candidate('a', { ready: false }), candidate('b')];
    expect(returning(choice, waiting, undefined)).to.equal(undefined);
    expect(returning(choice, [candidate('a', { ready: false, ended: true }), candidate('b')], undefined)).to.equal('b');
    expect(returning(choice, [candidate('a'), candidate('b')], undefined)).to.equal('a');
  });

  it('is whoever is back first after an outage', () => {
    expect(returning(choice, [candidate('a', { ready: false }), candidate('b')], 10)).to.equal('b');
  });

  it('is one whose key frames are far apart, as soon as one of them comes, though nobody has armed it', () => {
    const rare = (ready: boolean) => [
      candidate('a', { ready: false, ended: true }),
      candidate('b', { ready: false }),
      candidate('d', { ready, long: true }),
    ];
    expect(returning(choice, rare(true), 10)).to.equal('d');
    expect(returning(choice, rare(false), 10)).to.equal(undefined);
    expect(returning(choice, [...rare(true), candidate('c')], 10), 'not instead of one that is armed').to.equal('c');
  });

  it('is one of another codec only when nothing else comes, for its readers have to come anew', () => {
    const unlike = [candidate('a', { ready: false }), candidate('b', { fits: false })];
    expect(returning(choice, unlike, 100)).to.equal(undefined);
    expect(returning(choice, unlike, 3_000)).to.equal('b');
    expect(returning(choice, [candidate('a', { fits: false }), candidate('c')], 100)).to.equal('c');
    expect(returning(choice, [candidate('a', { fits: false }), candidate('b', { ready: false })], 100)).to.equal('a');
  });
});

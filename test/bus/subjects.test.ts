import { expect } from 'chai';
import fc from 'fast-check';
import { BadId, type Id, id, isId } from '../../bus/identity.ts';
import * as subjects from '../../bus/subjects.ts';

const anyId = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/).filter(isId);
const anyAddress = fc.record({ kind: fc.constantFrom(...subjects.KINDS), id: anyId });

/** Whether NATS delivers a subject to who subscribed to a pattern. */
const delivers = (pattern: string, subject: string): boolean => {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  return (
    wanted.every((token, index) => {
      if (token === '>') return tokens.length > index;
      return token === '*' ? tokens[index] !== undefined : token === tokens[index];
    }) &&
    (wanted.at(-1) === '>' || wanted.length === tokens.length)
  );
};

describe('a subject', () => {
  it('leads back to the cell and the tail that it was made from', () => {
    fc.assert(
      fc.property(anyAddress, anyId, (address, tail) => {
        expect(subjects.parseSubject(subjects.askSubject(address, tail))).to.deep.equal({
          family: 'ask',
          address,
          tail,
        });
        expect(subjects.parseSubject(subjects.factSubject(address, tail))).to.deep.equal({
          family: 'fact',
          address,
          tail,
        });
        expect(subjects.parseSubject(subjects.journalSubject(address))).to.deep.equal({ family: 'journal', address });
      }),
    );
  });

  it('reaches exactly who asked for its cell, its kind or all', () => {
    fc.assert(
      fc.property(anyAddress, anyAddress, anyId, (address, other, tail) => {
        const fact = subjects.factSubject(address, tail);
        const sameCell = address.kind === other.kind && address.id === other.id;
        expect(delivers(subjects.factsOf(other), fact)).to.equal(sameCell);
        expect(delivers(subjects.factsOfKind(other.kind), fact)).to.equal(address.kind === other.kind);
        expect(delivers(subjects.EVERY_FACT, fact)).to.equal(true);
        expect(delivers(subjects.EVERY_JOURNAL, fact)).to.equal(false);
        const again = fact.replace('.fact.', '.told.');
        expect(delivers(subjects.toldOf(other), again)).to.equal(sameCell);
        expect([delivers(subjects.EVERY_TOLD, again), delivers(subjects.EVERY_FACT, again)]).to.deep.equal([
          true,
          false,
        ]);
        const journal = subjects.journalSubject(address);
        expect(delivers(subjects.journalsOfKind(other.kind), journal)).to.equal(address.kind === other.kind);
        expect(delivers(subjects.EVERY_JOURNAL, journal)).to.equal(true);
        expect(delivers(subjects.everyAsk(other.kind), subjects.askSubject(address, tail))).to.equal(
          address.kind === other.kind,
        );
      }),
    );
  });

  it('of a reader names that reader', () => {
    fc.assert(
      fc.property(anyId, (reader) => {
        expect(subjects.readerOfSubject(subjects.resumeSubject(reader))).to.equal(reader);
        expect(delivers(subjects.EVERY_RESUME, subjects.resumeSubject(reader))).to.equal(true);
      }),
    );
  });

  it('is never made from a name that is not an id, even one that got past the types', () => {
    for (const name of ['*', '>', 'a.b', '', '$KV', '__proto__', 'a b', 'a\r\nPUB x'] as Id[]) {
      const address = { kind: 'camera' as const, id: name };
      expect(() => subjects.journalSubject(address)).to.throw(BadId);
      expect(() => subjects.factsOf(address)).to.throw(BadId);
      expect(() => subjects.askSubject(address, 'view')).to.throw(BadId);
      for (const make of [subjects.resumeSubject, subjects.inboxOf]) expect(() => make(name)).to.throw(BadId);
      expect(() => subjects.toldOf(address)).to.throw(BadId);
      expect(() => subjects.factSubject({ kind: 'camera', id: id('a') }, name)).to.throw(BadId);
      expect(() => subjects.leaseKey(name === 'a.b' ? 'a..b' : name)).to.throw(BadId);
    }
  });

  it('of somebody else is told apart, whatever it looks like', () => {
    const foreign = [
      '',
      'sbx.v1',
      'sbx.v1.fact.camera.cam_a',
      'sbx.v1.fact.camera.cam_a.live.more',
      'sbx.v1.journal.camera.cam_a.more',
      'sbx.v1.fact.planet.mars.live',
      'sbx.v1.fact.camera.*.live',
      'sbx.v1.fact.camera.CAM.live',
      'sbx.v2.fact.camera.cam_a.live',
      'sbx.v1.gossip.camera.cam_a.live',
      '$JS.API.STREAM.INFO.X',
    ];
    for (const subject of foreign) expect(subjects.parseSubject(subject), subject).to.equal(undefined);
    fc.assert(fc.property(fc.string(), (text) => void subjects.parseSubject(text)));
  });
});

describe("a fact's type and subject", () => {
  it('name the cell and the event', () => {
    expect(subjects.parseFactType({ subject: 'camera/cam_a', type: 'signalbox.camera.live' })).to.deep.equal({
      address: { kind: 'camera', id: 'cam_a' },
      event: 'live',
    });
  });

  it('are refused when they are not a cell of ours speaking for itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (subject, type) => {
        expect(() => subjects.parseFactType({ subject, type })).to.throw(TypeError);
      }),
    );
    expect(() => subjects.parseFactType({ subject: 'camera/cam_a', type: 'signalbox.relay.dead' })).to.throw(TypeError);
    expect(() => subjects.parseFactType({ subject: 'camera/a/b', type: 'signalbox.camera.live' })).to.throw(TypeError);
    expect(() => subjects.parseFactType({ subject: 'camera/a', type: 'signalbox.camera.a.b' })).to.throw(TypeError);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { envelope, wrap } from '../../bus/envelope.ts';
import { id, isId } from '../../bus/identity.ts';
import { factSubject, KINDS, parseFactType } from '../../bus/subjects.ts';

const anyId = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/).filter(isId);

describe('a fact in its envelope', () => {
  it('is a CloudEvents 1.0 event, through JSON and back', () => {
    const anyFact = fc.record({
      at: fc.integer({ min: 0, max: 4_102_444_800_000 }),
      id: fc.string({ minLength: 1 }),
      data: fc.dictionary(fc.string(), fc.jsonValue()),
      cause: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(anyFact, fc.constantFrom(...KINDS), anyId, anyId, ({ cause, ...fact }, kind, name, event) => {
        const said = { ...fact, type: `${kind}.${event}`, ...(cause ? { cause } : {}) };
        const wrapped = wrap(said, { kind, id: name }, 'gateway-1', 3);
        const back = envelope.parse(JSON.parse(JSON.stringify(wrapped)));
        expect(JSON.stringify(back)).to.equal(JSON.stringify(wrapped));
        expect(wrapped).to.include({ specversion: '1.0', source: '/gateways/gateway-1', subject: `${kind}/${name}` });
        expect(Date.parse(wrapped.time)).to.equal(fact.at);
        expect(wrapped.causeid).to.equal(cause);
        const { address, event: found } = parseFactType(wrapped);
        expect(factSubject(address, found)).to.equal(factSubject({ kind, id: name }, event));
      }),
    );
  });

  it('leaves out a cause that there is none of', () => {
    const wrapped = wrap(
      { id: 'f', type: 'camera.live', at: 0, data: {} },
      { kind: 'camera', id: id('cam_a') },
      'n',
      1,
    );
    expect(wrapped).not.to.have.property('causeid');
  });
});

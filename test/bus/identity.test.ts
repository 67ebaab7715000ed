import { expect } from 'chai';
import fc from 'fast-check';
import { BadId, ID_PATTERN, id, isId, newId } from '../../bus/identity.ts';

const idCharacters = 'abcdefghijklmnopqrstuvwxyz0123456789_-';
const inherited = Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase());
const anyId = fc
  .string({ unit: fc.constantFrom(...idCharacters), minLength: 1, maxLength: 64 })
  .filter((text) => /^[a-z0-9]/.test(text));

describe('an id', () => {
  it('is any text of the grammar, unchanged', () => {
    fc.assert(
      fc.property(anyId, (text) => {
        fc.pre(!inherited.includes(text));
        expect(id(text)).to.equal(text);
      }),
    );
  });

  it('is nothing else, whatever is sent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything()), (value) => {
        const fits = typeof value === 'string' && new RegExp(ID_PATTERN).test(value);
        if (!fits) {
          expect(isId(value)).to.equal(false);
          expect(() => id(value)).to.throw(BadId);
        }
      }),
    );
  });

  it('can never be an address, a path, a command or something that objects inherit', () => {
    const hostile = [
      '*',
      '>',
      'a.b',
      'a b',
      '../x',
      'a/b',
      '',
      '-a',
      '_a',
      'A',
      'ä',
      'a\n',
      '\ra',
      'a:b',
      'x'.repeat(65),
    ];
    const inherited = ['__proto__', 'constructor', 'toString', 'tostring', 'hasownproperty', 'valueof'];
    for (const text of [...hostile, ...inherited]) expect(isId(text), JSON.stringify(text)).to.equal(false);
  });

  it('is refused with what to use instead, and without repeating a huge text', () => {
    expect(() => id('a.b')).to.throw('"a.b" is not an id: use 1 to 64 of a-z, 0-9, _ and -');
    expect(() => id('x'.repeat(1_000_000)))
      .to.throw(BadId)
      .with.property('message')
      .with.length.below(300);
  });

  it('is checked in no time, however long the text', () => {
    const before = performance.now();
    isId(`${'a'.repeat(100_000)}!`);
    expect(performance.now() - before).to.be.lessThan(50);
  });

  it('made anew is valid, keeps its prefix and never comes twice', () => {
    const made = new Set(Array.from({ length: 2_000 }, () => newId('v')));
    expect(made.size).to.equal(2_000);
    for (const one of made) expect(one).to.match(/^v_[a-z2-7]{26}$/);
    expect(() => newId('V')).to.throw(BadId);
  });
});

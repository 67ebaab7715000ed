import { expect } from 'chai';
import fc from 'fast-check';
import Type from 'typebox';
import { cameraHeard } from '../../bus/events/camera.ts';
import { relayHeard } from '../../bus/events/relay.ts';
import { viewerHeard } from '../../bus/events/viewer.ts';
import { IdSchema } from '../../bus/identity.ts';
import { ShapeError, shape } from '../../bus/shape.ts';

const bread = shape(
  'loaf of bread',
  Type.Object({ id: IdSchema, slices: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
);

describe('a shape', () => {
  it('gives back the very value that fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (slices) => {
        const value = { id: 'rye', slices };
        expect(bread.parse(value)).to.equal(value);
        expect(bread.check(value)).to.equal(true);
      }),
    );
  });

  it('tells where a value does not fit, and what was expected there', () => {
    let fault: ShapeError | undefined;
    try {
      bread.parse({ id: 'rye', slices: 0 });
    } catch (error) {
      fault = error as ShapeError;
    }
    expect(fault).to.be.instanceOf(ShapeError);
    expect(fault?.message).to.match(/^not a valid loaf of bread: \/slices must be >= 1/);
    expect(fault?.faults).to.have.length(1);
  });

  it('refuses what has more than it should, or is nothing of the kind', () => {
    for (const value of [
      { id: 'rye', slices: 1, poison: true },
      {},
      [],
      null,
      undefined,
      'rye',
      7,
      { id: '*', slices: 1 },
    ]) {
      expect(bread.check(value)).to.equal(false);
      expect(() => bread.parse(value)).to.throw(ShapeError);
    }
  });

  it('never throws anything but its own error, whatever arrives at any door', () => {
    const shapes = [bread, ...Object.values(cameraHeard), ...Object.values(viewerHeard), ...Object.values(relayHeard)];
    fc.assert(
      fc.property(fc.constantFrom(...shapes), fc.anything({ withNullPrototype: true }), (one, value) => {
        try {
          one.parse(value);
        } catch (error) {
          expect(error).to.be.instanceOf(ShapeError);
        }
      }),
      { numRuns: 500 },
    );
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });
});

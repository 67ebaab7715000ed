import { expect } from 'chai';
import fc from 'fast-check';
import { type IntakeStanding, pullBy } from '../../../machines/policy/intake.ts';

const intake = (id: string, more: Partial<IntakeStanding> = {}): IntakeStanding => ({
  ...{ id, weight: 1, state: 'serving', serving: true, placeable: true, draining: false, expected: false },
  ...more,
});
const dead = { state: 'dead', serving: false, placeable: false };
const cameras = Array.from({ length: 800 }, (_, n) => `cam_${n}`);
const home = (camera: string, intakes: IntakeStanding[]) => pullBy(camera, intakes).intake ?? '';

describe('which intake pulls a camera', () => {
  it('shares cameras out by weight: about 3, 3 and 2 of every 8', () => {
    const intakes = [intake('a', { weight: 3 }), intake('b', { weight: 3 }), intake('c', { weight: 2 })];
    const counts = { a: 0, b: 0, c: 0 };
    for (const camera of cameras) counts[home(camera, intakes) as keyof typeof counts] += 1;
    expect(counts.a).to.be.within(260, 340);
    expect(counts.b).to.be.within(260, 340);
    expect(counts.c).to.be.within(160, 240);
  });

  it('moves only the cameras of an intake that is lost, and spreads them over the others', () => {
    const intakes = [intake('a'), intake('b'), intake('c')];
    const gone = [intake('a', dead), intake('b'), intake('c')];
    const moved = cameras.filter((camera) => home(camera, intakes) !== home(camera, gone));
    expect(moved.every((camera) => home(camera, intakes) === 'a')).to.equal(true);
    const taken = moved.filter((camera) => home(camera, gone) === 'b').length;
    expect(taken).to.be.within(moved.length * 0.35, moved.length * 0.65);
  });

  it('is none that was taken out of the configuration, while there is any other', () => {
    const gone = intake('a', { ...dead, state: 'removed', gone: true });
    for (const camera of cameras.slice(0, 50)) {
      const { intake: chosen, why } = pullBy(camera, [gone, intake('b', dead)], { present: 'a', lost: 'b' });
      expect(chosen).to.equal('b');
      expect(why.rejected).to.deep.equal([{ option: 'a', because: 'it was taken out of the configuration' }]);
    }
  });

  it('leaves a camera where it is while that intake carries media, even when another one is its own', () => {
    const intakes = [intake('a'), intake('b')];
    for (const camera of cameras.slice(0, 20)) {
      expect(pullBy(camera, intakes, { present: 'a' }).intake).to.equal('a');
      expect(
        pullBy(camera, [intake('a', { state: 'suspect', placeable: false }), intake('b')], { present: 'a' }).intake,
      ).to.equal('a');
      expect(pullBy(camera, [intake('a', { draining: true }), intake('b')], { present: 'a' }).intake).to.equal('b');
      const anew = intake('a', { state: 'starting', serving: false, placeable: false, expected: true });
      expect(pullBy(camera, [anew, intake('b')], { present: 'a', lost: 'a' }).intake).to.equal('b');
      const both = [intake('a', { draining: true }), intake('b', { draining: true })];
      expect(pullBy(camera, both, { present: 'a', lost: 'a' }).intake).to.equal('a');
      expect(pullBy(camera, [intake('a', dead), intake('b', { draining: true })], { present: 'a' }).intake).to.equal(
        'b',
      );
    }
  });

  it('takes one on the host of the camera’s gateway, another host’s only when that is the only sound one', () => {
    const intakes = [intake('a', { far: true }), intake('b')];
    for (const camera of cameras.slice(0, 20)) {
      expect(home(camera, intakes)).to.equal('b');
      expect(pullBy(camera, intakes, { present: 'a' }).intake, 'out of no running picture').to.equal('a');
      expect(home(camera, [intake('a', { far: true }), intake('b', dead)])).to.equal('a');
    }
    expect(pullBy('cam_001', intakes).why.rejected).to.deep.equal([
      { option: 'a', because: 'it is on another host than the gateway of this camera' },
    ]);
  });

  it('tells why each other one was not taken', () => {
    const intakes = [intake('a', dead), intake('b'), intake('c', { draining: true }), intake('d', { weight: 0 })];
    const { intake: chosen, why } = pullBy('cam_001', intakes, { present: 'a', lost: 'a' });
    expect(chosen).to.equal('b');
    expect(why).to.include({ trigger: 'intake', text: 'b takes cam_001' });
    expect(why.rejected).to.have.deep.members([
      { option: 'a', because: 'it was just lost' },
      { option: 'c', because: 'it is being drained' },
      { option: 'd', because: 'its weight is 0' },
    ]);
  });

  it('always finds one when there is one, the same in whatever order they are listed, and none that is worse', () => {
    const standing = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      weight: fc.integer({ min: 0, max: 3 }),
      state: fc.constantFrom('serving', 'suspect', 'dead', 'drained', 'starting'),
    });
    const pool = fc.uniqueArray(standing, { selector: ({ id }) => id, maxLength: 4 }).map((all) =>
      all.map((one) => ({
        ...one,
        serving: ['serving', 'suspect'].includes(one.state),
        placeable: one.state === 'serving',
        draining: one.state === 'drained',
        expected: one.state === 'starting',
      })),
    );
    fc.assert(
      fc.property(pool, fc.string(), fc.option(fc.constantFrom('a', 'b')), (intakes, camera, present) => {
        const { intake: chosen } = pullBy(camera, intakes, { present: present ?? undefined });
        expect(chosen === undefined).to.equal(intakes.length === 0);
        expect(pullBy(camera, [...intakes].reverse(), { present: present ?? undefined }).intake).to.equal(chosen);
        const found = intakes.find(({ id }) => id === chosen);
        const usable = (one: IntakeStanding) => one.weight > 0 && !one.draining && (one.serving || one.expected);
        if (intakes.some(usable)) expect(found && usable(found)).to.equal(true);
      }),
    );
  });
});

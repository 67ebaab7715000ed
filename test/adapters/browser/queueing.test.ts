import { expect } from 'chai';
import fc from 'fast-check';
import { createQueueMeter } from '../../../adapters/browser/player/queueing.ts';

/** What the meter tells of pictures sent each 40 ms, by how late each came. */
function told(...lateMs: number[]): (number | undefined)[] {
  const meter = createQueueMeter();
  return lateMs.map((late, n) => {
    const queueMs = meter.frame(5_000 + n * 40 + late, (0xffff_f000 + n * 3_600) % 2 ** 32);
    return queueMs === undefined ? undefined : Math.round(queueMs);
  });
}
/** A line that carries half of what is sent, with room for so many ms. */
const halved = (roomMs: number): number[] =>
  Array.from({ length: 12 }, (_, n) => (n < 4 ? 0 : Math.min(roomMs, (n - 3) * 40)));

describe('a queue before a player', () => {
  it('is told within four pictures of a line that carries only half, and as it grows', () => {
    const seen = told(...halved(400));
    expect(seen.slice(0, 6)).to.deep.equal([...Array(6)]);
    expect(seen.slice(6, 10)).to.deep.equal([40, 80, 120, 160]);
  });

  it('is told until it has been full for half a second: by then packets are missing', () => {
    const seen = told(...halved(150), ...Array(20).fill(150));
    expect(seen.slice(6, 10)).to.deep.equal([40, 80, 80, 120]);
    expect(seen.at(-1)).to.equal(undefined);
  });

  it('is none where a network stalls for a moment, and all comes at once', () => {
    const stall = Array.from({ length: 20 }, (_, n) => (n >= 8 && n < 13 ? 200 - (n - 8) * 40 : 0));
    expect(told(...stall).every((one) => one === undefined)).to.equal(true);
  });

  it('is none where one picture is large, or another way takes longer', () => {
    expect(told(0, 0, 120, 80, 40, 0, 0, 150, 90, 20, 0).every((one) => one === undefined)).to.equal(true);
    expect(told(0, 0, 0, ...Array(20).fill(120)).every((one) => one === undefined)).to.equal(true);
  });

  it('is none where pictures come irregularly, up to 60 ms late', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 20, maxLength: 100 }), (lateMs) => {
        // A network hands on in order.
        const inOrder: number[] = [];
        for (const [n, late] of lateMs.entries()) inOrder.push(Math.max(late, (inOrder[n - 1] ?? 0) - 40));
        expect(told(...inOrder).every((queueMs) => (queueMs ?? 0) < 60)).to.equal(true);
      }),
    );
  });

  it('counts anew for another stream', () => {
    const meter = createQueueMeter();
    for (let n = 0; n < 10; n++) meter.frame(n * 40, n * 3_600);
    for (let n = 0; n < 10; n++) expect(meter.frame(400 + n * 40, 1_000_000_000 + n * 3_600)).to.equal(undefined);
  });
});

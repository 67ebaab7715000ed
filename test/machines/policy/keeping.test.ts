import { expect } from 'chai';
import fc from 'fast-check';
import { deletedBecause, spent } from '../../../machines/policy/keeping.ts';

const HOUR_MS = 3_600_000;
const hours = (...from: number[]) => from.map((n) => ({ from: n * HOUR_MS, to: (n + 1) * HOUR_MS, bytes: 100 }));
const gone = (found: { file: { from: number }; because: string }[]) =>
  found.map(({ file, because }) => `${file.from / HOUR_MS} ${because}`);

describe('keeping recordings', () => {
  it('lets go of what is older than it is kept, never of the newest file', () => {
    const rules = { keepMs: 2 * HOUR_MS, protections: [] };
    expect(gone(spent(hours(0, 1, 2, 3), rules, 4.5 * HOUR_MS))).to.deep.equal(['0 age', '1 age']);
    expect(spent(hours(0), rules, 100 * HOUR_MS)).to.deep.equal([]);
  });

  it('lets the oldest go first when it takes too much', () => {
    const rules = { keepMs: 100 * HOUR_MS, maxBytes: 250, protections: [] };
    expect(gone(spent(hours(3, 1, 0, 2), rules, 4 * HOUR_MS))).to.deep.equal(['0 size', '1 size']);
  });

  it('never touches what is protected, however old and large', () => {
    const protections = [{ holder: 'inc_1', from: 1.5 * HOUR_MS, to: 2.5 * HOUR_MS }];
    const rules = { keepMs: 0, maxBytes: 1, protections };
    expect(gone(spent(hours(0, 1, 2, 3, 4), rules, 50 * HOUR_MS))).to.deep.equal(['0 age', '3 age']);
    const running = { ...rules, protections: [{ holder: 'inc_1', from: 2.5 * HOUR_MS }] };
    expect(gone(spent(hours(0, 1, 2, 3, 4), running, 50 * HOUR_MS))).to.deep.equal(['0 age', '1 age']);
  });

  it('explains what is missing by its age, or by what was younger and made room, and by nothing else', () => {
    const [kept, gap] = hours(0, 1);
    const protections = [{ holder: 'inc_1', from: 0, to: HOUR_MS }];
    const because = (rules: object, before = [kept], at = 10 * HOUR_MS) =>
      deletedBecause(gap as never, before as never, { keepMs: 100 * HOUR_MS, protections, ...rules }, at)?.reason;
    expect(because({ keepMs: 8 * HOUR_MS })).to.equal('age');
    expect(because({ keepMs: 8.5 * HOUR_MS }), 'part of it is young enough').to.equal(undefined);
    expect(because({ maxBytes: 100 })).to.equal('size');
    expect(because({ maxBytes: 100, protections: [] }), 'the older would have gone first').to.equal(undefined);
    expect(because({ maxBytes: 100 }, [])).to.equal(undefined);
    expect(because({})).to.equal(undefined);
  });

  it('stops as soon as the rest fits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 30 }),
        fc.nat(20_000),
        (sizes, maxBytes) => {
          const files = sizes.map((bytes, n) => ({ from: n, to: n + 1, bytes }));
          const deleted = spent(files, { keepMs: 1e9, maxBytes, protections: [] }, 50);
          const left =
            sizes.reduce((sum, bytes) => sum + bytes, 0) - deleted.reduce((sum, { file }) => sum + file.bytes, 0);
          const last = deleted.at(-1)?.file.bytes ?? 0;
          return (
            (left <= maxBytes || deleted.length === files.length - 1) &&
            (deleted.length === 0 || left + last > maxBytes)
          );
        },
      ),
    );
  });
});

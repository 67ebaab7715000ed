import { expect } from 'chai';
import fc from 'fast-check';
import { arrange } from '../../../adapters/browser/dashboard/layout.ts';
import { layoutOf, movedTo, pagesOf, wishOf } from '../../../adapters/browser/dashboard/layouts/layout.ts';
import { startTour, tourAfter } from '../../../adapters/browser/dashboard/layouts/tour.ts';
import { cameraOf } from '../../../adapters/browser/dashboard/model.ts';

const cameras = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => cameraOf({ id, name: id.toUpperCase() }));
const layout = (more: object) => layoutOf({ id: 'lay_1', name: 'Gates', cameras: ['a', 'b', 'c', 'd'], ...more });
const shown = (...of: Parameters<typeof pagesOf>) =>
  pagesOf(...of).map((page) => `${page.title}: ${page.cameras.map(({ id }) => id).join('')}`);

describe('a wall that is kept', () => {
  it('shows its cameras in its order, without holes for those that are gone or not for the looker', () => {
    expect(shown(layout({ cameras: ['d', 'gone', 'b'] }), [], cameras)).to.deep.equal(['Gates: db']);
    expect(shown(layout({ cameras: ['gone'] }), [], cameras)).to.deep.equal([]);
  });

  it('has pages of its columns and rows; a big tile takes the places of four', () => {
    expect(shown(layout({ columns: 2, rows: 1 }), [], cameras)).to.deep.equal(['Gates: ab', 'Gates: cd']);
    const big = layout({ cameras: 'abcdef'.split(''), columns: 2, rows: 3, big: true });
    expect(shown(big, [], cameras)).to.deep.equal(['Gates: abc', 'Gates: def']);
    expect(shown(layout({ columns: 2 }), [], cameras), 'without rows, one page').to.deep.equal(['Gates: abcd']);
  });

  it('tours through its own pages, then through those of the others that it names', () => {
    const hall = layoutOf({ id: 'lay_2', name: 'Hall', cameras: ['e', 'f'], columns: 1, rows: 1 });
    const tour = layout({ tour: { every_s: 5, layouts: ['lay_2', 'lay_gone', 'lay_1'] } });
    expect(shown(tour, [tour, hall], cameras)).to.deep.equal(['Gates: abcd', 'Hall: e', 'Hall: f']);
  });

  it('puts a camera at another place, and the others close up', () => {
    expect(movedTo(['a', 'b', 'c'], 'a', 2)).to.deep.equal(['b', 'c', 'a']);
    expect(movedTo(['a', 'b', 'c'], 'c', 0)).to.deep.equal(['c', 'a', 'b']);
    expect(movedTo(['a', 'b', 'c'], 'b', 99)).to.deep.equal(['a', 'c', 'b']);
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer(), (ids, place) => {
        const [first] = ids;
        if (first !== undefined) expect(movedTo(ids, first, place)).to.have.members(ids);
      }),
    );
  });

  it('is told to the gateway as it was read from it, and only an administrator says who has it', () => {
    const said = {
      name: 'Gates',
      cameras: ['a'],
      big: true,
      columns: 3,
      rows: 2,
      tour: { every_s: 9, layouts: ['x'] },
    };
    const read = layoutOf({ ...said, id: 'lay_1', shared_with: 'viewer' });
    expect(wishOf(read, false)).to.deep.equal(said);
    expect(wishOf(read, true)).to.deep.equal({ ...said, shared_with: 'viewer' });
    expect(wishOf(layoutOf({ id: 'lay_1', name: ' Gates ', cameras: [], big: false }), false)).to.deep.equal({
      ...{ name: 'Gates', cameras: [], big: false, columns: null, rows: null, tour: null },
    });
  });

  it('divides the screen as it says, and a big tile never makes it need more room than there is', () => {
    const area = { width: 1_424, height: 840 };
    expect(arrange(4, area, 8, 46, { columns: 4, big: false })).to.include({ columns: 4, rows: 1 });
    expect(arrange(2, area, 8, 46, { columns: 3, rows: 3, big: false })).to.include({ columns: 3, rows: 3 });
    expect(arrange(6, area, 8, 46, { big: true })).to.include({ columns: 3, rows: 3 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.option(fc.integer({ min: 1, max: 8 })), (count, some) => {
        const columns = some ?? undefined;
        const found = arrange(count, area, 8, 46, { columns, big: true });
        expect(found.columns * found.rows).to.be.at.least(count === 1 ? 1 : count + 3);
        expect(found.columns * found.tileWidth + (found.columns - 1) * 8).to.be.at.most(area.width);
      }),
    );
  });
});

describe('a tour', () => {
  const step = (by: number, now: number) => ({ type: 'step', by, pages: 3, everyMs: 5_000, now }) as const;

  it('goes round, in both directions', () => {
    const first = startTour(5_000, 0);
    expect(tourAfter(first, step(-1, 10)).page).to.equal(2);
    expect([step(1, 1), step(1, 2), step(1, 3)].reduce(tourAfter, first).page).to.equal(0);
  });

  it('goes on where it was held, and gives a page that was stepped to by hand its whole time', () => {
    const held = tourAfter(startTour(5_000, 0), { type: 'hold', now: 2_000 });
    expect(held).to.deep.equal({ page: 0, leftMs: 3_000, since: undefined });
    expect(tourAfter(held, { type: 'hold', now: 9_000 })).to.equal(held);
    expect(tourAfter(held, { type: 'go', now: 60_000 })).to.deep.equal({ page: 0, leftMs: 3_000, since: 60_000 });
    expect(tourAfter(held, step(1, 60_000)), 'and stays held').to.deep.equal({
      ...{ page: 1, leftMs: 5_000, since: undefined },
    });
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import type { History } from '../../../bus/events/history.ts';
import type { Rights } from '../../../machines/policy/access.ts';
import { type HistoryLimits, lookBack, settled } from '../../../machines/policy/history.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;
const TWO = NOW - 2 * HOUR_MS;
const gate = { camera: 'gate', zone: 'hcm/airport' };

const viewer = (history?: History, granted?: Rights['granted']): Rights => ({
  ...{ role: 'viewer' as const, cameras: [], zones: ['hcm/*'] },
  ...(history ? { history } : {}),
  ...(granted ? { granted } : {}),
});
const guest = (...grants: (History | undefined)[]): Rights => ({
  ...{ role: 'viewer' as const, cameras: [], zones: [] },
  granted: grants.map((history) => ({ camera: 'gate', ...(history ? { history } : {}) })),
});
const hour = { last_ms: HOUR_MS };

describe('how far back somebody may look', () => {
  const table: [string, Rights, HistoryLimits, number, RegExp][] = [
    ['as far as there is anything, where nothing is said', viewer(), {}, 0, /hcm\/airport lies within hcm\/\*/],
    ['an hour only', viewer(hour), {}, NOW - HOUR_MS, /the right .* within the last 1 h/],
    ['since the grant only', viewer({ since: TWO }), {}, TWO, /the right .* since 2027-01-15T06:00:00.000Z/],
    ['no further than the role', viewer({ since: TWO }), { viewer: HOUR_MS }, NOW - HOUR_MS, /the role .* last 1 h/],
    ['no further than the right', viewer(hour), { viewer: 24 * HOUR_MS }, NOW - HOUR_MS, /the right .* last 1 h/],
    ['not by the limit of another role', viewer(), { operator: 1_000 }, 0, /lies within/],
    ['a guest: since the declaration', guest({ since: TWO }), {}, TWO, /a running incident .* since/],
    ['a guest: not by the limit of a role', guest({ since: TWO }), { viewer: 1_000 }, TWO, /a running incident/],
    [
      'a guest of two incidents: as the wider says',
      guest(hour, undefined, { since: TWO }),
      {},
      TWO,
      /incident .* since/,
    ],
    [
      'a viewer whom an incident gives more',
      viewer(hour, [{ camera: 'gate', history: { since: TWO } }]),
      {},
      TWO,
      /incident/,
    ],
    [
      'a viewer whom an incident gives less',
      viewer({ since: TWO }, [{ camera: 'gate', history: hour }]),
      {},
      TWO,
      /right/,
    ],
    [
      'not by what an incident opens of another camera',
      viewer(hour, [{ camera: 'hall', history: { since: 1 } }]),
      {},
      NOW - HOUR_MS,
      /right/,
    ],
    ['an administrator, as their token says', { ...viewer(hour), role: 'admin' }, {}, NOW - HOUR_MS, /the right/],
  ];
  for (const [title, rights, limits, from, text] of table) {
    it(title, () => {
      const horizon = lookBack(rights, gate, NOW, limits);
      expect([horizon.allowed, horizon.from]).to.deep.equal([true, from]);
      expect(horizon.why.text).to.match(text);
    });
  }

  it('not at all where an incident opens the present alone, or nothing does', () => {
    for (const [rights, reason] of [
      [guest(undefined), 'granted-live'],
      [{ ...viewer(), zones: [] }, 'not-yours'],
    ] as [Rights, string][]) {
      const horizon = lookBack(rights, gate, NOW);
      expect([horizon.allowed, horizon.why.reason]).to.deep.equal([false, reason]);
      expect(NOW).to.be.lessThan(horizon.from);
    }
  });

  it('moves on with the clock, unless it is a moment', () => {
    const moved = (rights: Rights) => lookBack(rights, gate, NOW + 60_000).from - lookBack(rights, gate, NOW).from;
    expect([moved(viewer(hour)), moved(viewer({ since: TWO }))]).to.deep.equal([60_000, 0]);
    expect(lookBack(viewer(hour), gate, NOW).lastMs).to.equal(HOUR_MS);
    expect(lookBack(viewer({ since: TWO }), gate, NOW)).to.not.have.property('lastMs');
  });

  it('is counted from the moment of the grant where somebody says so', () => {
    expect(settled('since_grant', NOW)).to.deep.equal({ since: NOW });
    expect(settled(hour, NOW)).to.deep.equal(hour);
  });

  it('never reaches further by a bound, and never less far by an incident', () => {
    const history = fc.option(
      fc.oneof(
        fc.record({ last_ms: fc.integer({ min: 1, max: NOW }) }),
        fc.record({ since: fc.integer({ min: 0, max: NOW }) }),
      ),
      { nil: undefined },
    );
    const limit = fc.option(fc.integer({ min: 1, max: NOW }), { nil: undefined });
    fc.assert(
      fc.property(history, fc.array(history, { maxLength: 3 }), limit, (own, grants, role) => {
        const granted = guest(...grants).granted;
        const limits = role === undefined ? {} : { viewer: role };
        const with_ = lookBack(viewer(own, granted), gate, NOW, limits).from;
        const free = lookBack(viewer(undefined, granted), gate, NOW).from;
        const alone = lookBack(viewer(own), gate, NOW, limits).from;
        expect(with_).to.be.at.least(free);
        expect(with_).to.be.at.most(alone);
      }),
    );
  });
});

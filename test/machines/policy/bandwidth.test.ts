import { expect } from 'chai';
import fc from 'fast-check';
import { shareOutBandwidth, type Taker } from '../../../machines/policy/bandwidth.ts';

const LADDER = [
  { name: '720p', bitrate_bps: 2_000_000 },
  { name: '480p', bitrate_bps: 1_000_000 },
  { name: '360p', bitrate_bps: 500_000 },
];
const viewer = (id: string, more: Partial<Taker> = {}): Taker => ({
  ...{ id, kind: 'viewer', urgent: false, steps: LADDER, present: '720p' },
  ...more,
});
const push = (id: string, more: Partial<Taker> = {}): Taker => ({
  ...{ id, kind: 'broadcast', urgent: false, steps: [{ name: 'push', bitrate_bps: 2_000_000 }], present: 'push' },
  ...more,
});
const shared = (takers: Taker[], limitBps: number) =>
  Object.fromEntries([...shareOutBandwidth(takers, limitBps)].map(([id, { step }]) => [id, step?.name ?? 'waits']));

describe('the bandwidth of a relay', () => {
  const cases: [string, Taker[], number, Record<string, string>][] = [
    ['leaves everybody alone while there is enough', [viewer('a'), push('b')], 4_000_000, { a: '720p', b: 'push' }],
    [
      'is kept by cameras in an emergency, while others step down',
      [viewer('a'), viewer('b'), viewer('fire', { urgent: true })],
      4_000_000,
      { a: '480p', b: '480p', fire: '720p' },
    ],
    [
      'has everybody step down before anybody waits',
      [viewer('a'), viewer('b'), viewer('c')],
      1_600_000,
      { a: '360p', b: '360p', c: '360p' },
    ],
    [
      'has those wait for whom not even the lowest is left',
      [viewer('a'), viewer('b'), viewer('fire', { urgent: true })],
      2_600_000,
      { a: '360p', b: 'waits', fire: '720p' },
    ],
    [
      'has a push of another camera wait where it does not fit',
      [push('b'), viewer('fire', { urgent: true })],
      3_000_000,
      { b: 'waits', fire: '720p' },
    ],
    [
      'gives cameras in an emergency their best even where that is too much',
      [viewer('a'), push('fire', { urgent: true }), push('smoke', { urgent: true, steps: LADDER.slice(0, 1) })],
      1_000_000,
      { a: 'waits', fire: 'push', smoke: '720p' },
    ],
    [
      'is given back only with something to spare',
      [viewer('a', { present: '480p' }), push('b', { steps: LADDER.slice(2), present: undefined as never })],
      2_100_000,
      { a: '480p', b: '360p' },
    ],
    ['is given back when there is enough', [viewer('a', { present: '360p' })], 2_400_000, { a: '720p' }],
  ];
  for (const [what, takers, limitBps, expected] of cases) {
    it(what, () => expect(shared(takers, limitBps)).to.deep.equal(expected));
  }

  it('tells who has less why, and for whom', () => {
    const given = shareOutBandwidth([viewer('a'), viewer('fire', { urgent: true })], 3_000_000);
    expect(given.get('a')?.why?.text).to.equal(
      'a lower quality, to save bandwidth: its relay may send 3 Mb/s, and cameras in an emergency need 2 Mb/s of that',
    );
    expect(given.get('fire')?.why).to.equal(undefined);
    const waits = shareOutBandwidth([push('b')], 1_000_000).get('b');
    expect(waits?.why).to.include({ reason: 'no-bandwidth' });
  });

  it('is never given twice, whatever is asked for, and what was decided stays', () => {
    const taker = fc.record({
      urgent: fc.boolean(),
      kind: fc.constantFrom('viewer' as const, 'broadcast' as const),
      from: fc.integer({ min: 0, max: 2 }),
      present: fc.option(fc.integer({ min: 0, max: 2 })),
    });
    const asked = fc.tuple(fc.array(taker, { maxLength: 12 }), fc.integer({ min: 100_000, max: 20_000_000 }));
    fc.assert(
      fc.property(asked, ([wishes, limitBps]) => {
        const takers = wishes.map(({ urgent, kind, from, present }, index): Taker => {
          const steps = LADDER.slice(from);
          const now = present === null ? undefined : steps[present]?.name;
          return { id: `t${index}`, kind, urgent, steps, ...(now === undefined ? {} : { present: now }) };
        });
        const given = shareOutBandwidth(takers, limitBps);
        const sum = (some: Taker[]) => some.reduce((bps, { id }) => bps + (given.get(id)?.step?.bitrate_bps ?? 0), 0);
        const urgentBps = sum(takers.filter(({ urgent }) => urgent));
        expect(sum(takers)).to.be.at.most(Math.max(limitBps, urgentBps));
        const after = takers.map(({ present: _before, ...one }) => {
          const step = given.get(one.id)?.step;
          return { ...one, ...(step ? { present: step.name } : {}) };
        });
        const again = shareOutBandwidth(after, limitBps);
        // Whoever waits may come in where others stepped down since; nobody loses what was just given.
        for (const { id } of after) {
          const [one, other] = [given.get(id)?.step?.bitrate_bps ?? 0, again.get(id)?.step?.bitrate_bps ?? 0];
          expect(other, id).to.be.at.least(one === 0 ? 0 : 1);
        }
      }),
    );
  });
});

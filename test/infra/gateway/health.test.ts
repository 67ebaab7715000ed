import { expect } from 'chai';
import { type HealthParts, judgeHealth } from '../../../infra/gateway/health.ts';

type Changes = {
  full?: boolean;
  spooled?: number;
  isUp?: boolean;
  lost?: string[];
  givenUp?: string[];
  relays?: number;
  removed?: number;
};

/** The health of a gateway that is well but for some things. */
function judged({ full = false, spooled = 0, isUp = true, lost = [], givenUp = [], relays = 1, removed = 0 }: Changes) {
  const relay = { id: 'relay-1', state: 'serving', tags: ['serving', 'placeable'], context: { role: 'delivery' } };
  const gone = { ...relay, id: 'relay-2', state: 'removed', tags: ['over'] };
  return judgeHealth({
    carriers: {
      spool: { state: () => ({ spooled, bytes: spooled * 100, full }) },
      natsIsUp: () => isUp,
      sessions: { ready: () => true },
      witness: { troubles: () => lost },
    },
    cells: { list: () => [...Array(relays).fill(relay), ...Array(removed).fill(gone)] },
    launcher: { isUp: () => true },
    eventLog: { troubles: () => [] },
    givenUp: new Set(givenUp),
    isLeaving: () => false,
  } as unknown as HealthParts);
}

describe('the health of a gateway', () => {
  it('is whole when everything is', () => {
    expect(judged({})).to.deep.equal([]);
  });

  it('is degraded, not down, while its log is full, away, was cut off or can’t be understood: viewing goes on', () => {
    const troubles: [Changes, RegExp][] = [
      [{ full: true, spooled: 3 }, /NATS has no room left: viewing and admission go on; free disk space.*3 records/],
      [{ isUp: false }, /NATS is away: viewing and admission go on/],
      [{ lost: ['the journal had come to sequence 10 and went back to 6'] }, /sequence 10 and went back to 6/],
      [{ givenUp: ['camera cam_001'] }, /its last record can’t be understood/],
    ];
    for (const [changes, text] of troubles) {
      const reasons = judged(changes);
      expect(new Set(reasons.map(({ state }) => state))).to.deep.equal(new Set(['degraded']));
      expect(reasons.map((reason) => reason.text).join(' ')).to.match(text);
    }
  });

  it('is whole without a relay that was taken out of the configuration', () => {
    expect(judged({ removed: 1 })).to.deep.equal([]);
  });

  it('is down when no relay can show anything', () => {
    expect(judged({ relays: 0 }).map(({ part, state }) => [part, state])).to.deep.equal([['relays', 'down']]);
  });
});

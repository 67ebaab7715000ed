import { expect } from 'chai';
import { memoryStore } from '../../../../bus/carriers/memory.ts';
import { id } from '../../../../bus/identity.ts';
import { explain, gapsBetween } from '../../../../infra/http/recordings/gaps.ts';

const stretch = (from: number, to: number, source = '0') => ({ from, to, source });

describe('what is missing of a recording', () => {
  it('is what lies between and behind what there is, of whatever source', () => {
    const there = [stretch(0, 10_000), stretch(10_400, 20_000, '1'), stretch(30_000, 40_000)];
    expect(gapsBetween(there, 0, 50_000)).to.deep.equal([
      { from: 20_000, to: 30_000 },
      { from: 40_000, to: 50_000 },
    ]);
    expect(gapsBetween([stretch(0, 10_000), stretch(2_000, 50_000, '1')], 0, 50_000)).to.deep.equal([]);
  });

  it('is explained by what the recording itself said about then, and left unexplained otherwise', async () => {
    let now = 0;
    const { facts } = memoryStore(() => now);
    const told = (event: string, at: number, text: string) => ({
      ...{ specversion: '1.0' as const, id: `f${at}`, source: '/gateways/gw-1', type: `signalbox.recording.${event}` },
      ...{ subject: 'recording/gate', time: new Date(at).toISOString(), datacontenttype: 'application/json' as const },
      ...{ causeid: 'c', version: 1, data: { why: { trigger: event, text } } },
    });
    for (const fact of [
      told('recording', 1_000, 'its file grows'),
      told('waiting', 21_000, 'refused'),
      told('protected', 22_000, 'hoa keeps what is before it'),
    ]) {
      now = Date.parse(fact.time);
      await facts.tell(fact);
    }
    const gaps = [
      { from: 20_000, to: 30_000 },
      { from: 80_000, to: 90_000 },
    ];
    const so = { ranges: [stretch(0, 20_000), stretch(30_000, 80_000)], now: 100_000 };
    const rules = { keepMs: 50_000, protections: [] };
    const [first, second] = await explain(facts, id('gate'), gaps, { ...so, rules });
    expect(first?.why?.text, 'what was never recorded was not deleted').to.equal('refused');
    expect(second).to.deep.equal({ from: 80_000, to: 90_000 });
  });
});

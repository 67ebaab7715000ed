import { expect } from 'chai';
import { memoryStore } from '../../../../bus/carriers/memory.ts';
import { id } from '../../../../bus/identity.ts';
import { explain, gapsBetween, losses, wordsOf } from '../../../../infra/http/recordings/gaps.ts';

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
    const so = { ranges: [stretch(0, 20_000), stretch(30_000, 80_000)], lost: [], now: 100_000 };
    const rules = { keepMs: 50_000, protections: [] };
    const [first, second] = explain(await wordsOf(facts, id('gate'), { from: 0, to: 100_000 }), gaps, { ...so, rules });
    expect(first?.why?.text, 'what was never recorded was not deleted').to.equal('refused');
    expect(second).to.deep.equal({ from: 80_000, to: 90_000 });
  });

  it('may lie within a file while its recorder could not write: from its own word on, or the beginning', async () => {
    let now = 0;
    const { facts } = memoryStore(() => now);
    const window = { from: 1_000, to: 100_000 };
    const words = () => wordsOf(facts, id('gate'), window);
    const lost = async () => losses(await words(), window);
    const goes = async (from: string, state: string, at: number, camera = 'gate') => {
      now = at;
      await facts.tell({
        ...{ specversion: '1.0', id: `f${at}`, source: '/gateways/gw-1', type: `signalbox.recording.${state}` },
        ...{ subject: `recording/${camera}`, time: new Date(at).toISOString(), datacontenttype: 'application/json' },
        ...{ causeid: 'c', version: 1, data: { from, state, why: { trigger: state, text: state } } },
      });
    };
    expect(await lost()).to.deep.equal([]);
    await goes('failing', 'recording', 9_000);
    await goes('recording', 'failing', 20_000, 'yard');
    await goes('recording', 'failing', 30_000);
    await goes('failing', 'full', 35_000);
    await goes('full', 'recording', 90_000);
    await goes('recording', 'full', 95_000);
    const [first, second, third, ...others] = await lost();
    expect(first).to.deep.equal({ from: 1_000, to: 9_000 });
    expect(second).to.deep.include({ from: 30_000, to: 90_000 });
    expect(third).to.deep.include({ from: 95_000, to: 100_000 });
    expect(others).to.deep.equal([]);
    const rest = { ranges: [], rules: { keepMs: 1_000_000, protections: [] }, now: 100_000 };
    const hole = { from: 50_000, to: 70_000 };
    const [gap] = explain(await words(), [hole], { ...rest, lost: await lost() });
    expect(gap?.why?.text, 'its own trouble, long before it lost something').to.equal('full');
  });
});

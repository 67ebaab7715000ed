import { expect } from 'chai';
import { type Heard, orderFor, relaysOf, reportNews } from '../../../adapters/program.switcher/heard.ts';
import type { OutputTold } from '../../../adapters/switch.rtp/talk.ts';
import type { ProgramReport } from '../../../machines/slots.ts';

describe('what a gateway knows of a camera that is carried', () => {
  const output = (relay: string, state: OutputTold['state'] = 'up'): [string, OutputTold] => [
    relay,
    { type: 'output', camera: 'cam_1', relay, state },
  ];
  const heardOf = (reports: ProgramReport[], ...outputs: [string, OutputTold][]): Heard => ({
    input: { camera: 'cam_1', name: 'North gate', sources: ['0'], silentMs: 900 },
    report: (report) => void reports.push(report),
    relays: outputs.map(([relay]) => relay),
    outputs: new Map(outputs),
    sources: new Map(),
    toldSources: new Map(),
  });

  it('is at no relay for which it is not ordered any more, so that nobody is sent to a path there', () => {
    const heard = heardOf([], output('ours'), output('theirs'));
    expect(relaysOf(orderFor(heard, ['ours', 'theirs']))).to.deep.equal(['ours', 'theirs']);
    expect(relaysOf(orderFor(heard, ['ours']))).to.deep.equal(['ours']);
  });

  it('is not lost with a relay that was taken out while it was down', () => {
    const reports: ProgramReport[] = [];
    const heard = heardOf(reports, output('ours'), output('theirs', 'down'));
    orderFor(heard, ['ours']);
    heard.outputs.delete('ours');
    reportNews(heard);
    expect(reports).to.deep.equal([]);
  });

  it('is told anew what the program loses with a source, when that changes, and once', () => {
    const reports: ProgramReport[] = [];
    const heard = heardOf(reports, output('ours'));
    const told = (detail?: string) => {
      const flowing = { type: 'source', camera: 'cam_1', source: '0', state: 'flowing', codec: 'H264' } as const;
      heard.sources.set('0', { ...flowing, ...(detail === undefined ? {} : { detail }) });
      reportNews(heard);
    };
    told();
    told('it has no sound');
    told('it has no sound');
    told();
    expect(reports.map((report) => 'detail' in report && report.detail)).to.deep.equal([
      false,
      'it has no sound',
      false,
    ]);
  });
});

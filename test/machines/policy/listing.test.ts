import { expect } from 'chai';
import { judgeListing, type Listed } from '../../../machines/policy/listing.ts';

const alive = { over: false, leaving: false };
const over = { over: true, leaving: false };
const act = (change: Partial<Listed>) =>
  judgeListing({ listed: true, runs: true, replaced: true, cell: alive, ...change }).act;

describe('what becomes of a relay by the file', () => {
  it('is that it is configured while it is listed and runs, whatever it was before', () => {
    for (const cell of [undefined, alive, over, { over: false, leaving: true }])
      expect(act({ cell })).to.equal('configure');
    expect(act({ runs: false, cell: undefined }), 'it is started later').to.equal('leave');
    expect(act({ runs: false, cell: over })).to.equal('leave');
  });

  it('is that it is removed when it is not listed any more, once', () => {
    expect(act({ listed: false })).to.equal('remove');
    expect(act({ listed: false, runs: false, replaced: false })).to.equal('remove');
    expect(act({ listed: false, cell: over })).to.equal('leave');
    expect(act({ listed: false, cell: undefined })).to.equal('leave');
    const leaving = { over: false, leaving: true };
    expect(act({ listed: false, cell: leaving }), 'it is being emptied').to.equal('leave');
    expect(act({ listed: false, runs: false, cell: leaving }), 'nothing of it is left to empty').to.equal('remove');
  });

  it('is that it stays while nothing else of its role runs', () => {
    const { act: done, because } = judgeListing({ listed: false, runs: true, replaced: false, cell: alive });
    expect(done).to.equal('leave');
    expect(because).to.match(/at the next start/);
  });

  it('is what the file says that was saved last, where each machine has its own', () => {
    const known = (savedAt: number, more = alive) => ({ cell: { ...more, savedAt } });
    expect(act({ listed: false, savedAt: 100, ...known(200) }), 'added since').to.equal('leave');
    expect(act({ listed: false, savedAt: 200, ...known(100) })).to.equal('remove');
    expect(act({ savedAt: 100, ...known(200, over) }), 'removed since').to.equal('leave');
    expect(act({ savedAt: 200, ...known(200, over) }), 'written into the same file').to.equal('configure');
    expect(act({ listed: false, savedAt: 100 }), 'nobody knows when it was said').to.equal('remove');
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openProcessLog } from '../../infra/launcher/process-log.ts';
import { type Supervised, supervise } from '../../infra/launcher/supervise.ts';
import { until } from '../fixtures/process.ts';

describe('a program that the launcher keeps running', () => {
  let folder: string;
  let kept: Supervised;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-kept-'));
    const ready = async () => true;
    const program = { name: 'kept', file: '/bin/cat', args: [], env: {}, purpose: 'decisions' as const, ready };
    const undertaker = { add() {}, remove() {}, dismiss: async () => {} };
    const watch = { started() {}, exited() {} };
    kept = supervise(program, openProcessLog(path.join(folder, 'kept.log')), undertaker, watch);
    await kept.start();
  });
  after(async () => {
    await kept.stop(0);
    rmSync(folder, { recursive: true, force: true });
  });

  /** It crashes, and runs again. */
  const crash = async (signal: NodeJS.Signals) => {
    const { pid, restarts } = kept.state();
    process.kill(pid ?? 0, signal);
    await until('it to run again', () => kept.state().state === 'running' && kept.state().restarts === restarts + 1);
    return kept.state();
  };

  it('tells of the last time that it ended, and how often it was started again', async () => {
    const { last_exit: first, restarts } = await crash('SIGSEGV');
    expect(first?.text).to.equal('crashed (SIGSEGV)');
    expect(restarts).to.equal(1);
    const at = Date.now();
    const second = await crash('SIGABRT');
    expect(second.last_exit?.text).to.equal('crashed (SIGABRT)');
    expect(second.last_exit?.at).to.be.within(at, Date.now());
    expect(second.restarts).to.equal(2);
  });

  it('lets pictures go first at its start and at each one after, as it only decides', async () => {
    const isBehind = async ({ pid = 0 }: ReturnType<Supervised['state']>) => {
      await until('it to go behind', () => getPriority(pid) === getPriority() + 5);
      const session = `/proc/${pid}/autogroup`;
      if (!existsSync(session)) return;
      await until('its session to go behind', () => / nice 5$/m.test(readFileSync(session, 'utf8')));
    };
    await isBehind(kept.state());
    await isBehind(await crash('SIGKILL'));
  });
});

import { expect } from 'chai';
import { createHold, type Speeds, speedsOf } from '../../../adapters/browser/dashboard/ptz-hold.ts';
import { until } from '../../fixtures/process.ts';

const RIGHT: Speeds = { pan: 1, tilt: 0, zoom: 0 };
const LEFT: Speeds = { pan: -1, tilt: 0, zoom: 0 };

/** A gateway that answers when it is let, and time that passes when it is let. */
function bench() {
  const asked: (Speeds | 'stop')[] = [];
  const failures: string[] = [];
  let answer: { resolve: () => void; reject: (error: Error) => void } | undefined;
  let tick: (() => void) | undefined;
  const ask = (what: Speeds | 'stop') =>
    new Promise<void>((resolve, reject) => {
      asked.push(what);
      answer = { resolve, reject };
    });
  const hold = createHold({
    move: ask,
    stop: () => ask('stop'),
    failed: (error) => failures.push((error as Error).message),
    later(_ms, run) {
      tick = run;
      return () => {
        tick = undefined;
      };
    },
  });
  return {
    hold,
    asked,
    failures,
    async answers(error?: Error) {
      const waiting = await until('a question', () => answer);
      answer = undefined;
      if (error) waiting.reject(error);
      else waiting.resolve();
    },
    async passes() {
      (await until('a pause', () => tick))();
      tick = undefined;
    },
    isPaused: () => tick !== undefined,
  };
}

describe('a camera that is moved by holding', () => {
  it('goes slantwise where two directions are held, and nowhere where they are opposite', () => {
    expect(speedsOf(['right', 'up'], 0.5)).to.deep.equal({ pan: 0.5, tilt: 0.5, zoom: 0 });
    expect(speedsOf(['in', 'left', 'right'], 1)).to.deep.equal({ pan: 0, tilt: 0, zoom: 1 });
    expect(speedsOf(['left', 'right'], 1)).to.equal(undefined);
    expect(speedsOf([], 1)).to.equal(undefined);
  });

  it('is told again while it is held, and to stop when it is let go', async () => {
    const { hold, asked, answers, passes } = bench();
    hold(RIGHT);
    await answers();
    await passes();
    await answers();
    hold(LEFT);
    await answers();
    hold(undefined);
    await answers();
    expect(asked).to.deep.equal([RIGHT, RIGHT, LEFT, 'stop']);
  });

  it('is never told to stop before the move that was under way has been taken', async () => {
    const { hold, asked, answers } = bench();
    hold(RIGHT);
    hold(undefined);
    expect(asked).to.deep.equal([RIGHT]);
    await answers();
    await answers();
    expect(asked).to.deep.equal([RIGHT, 'stop']);
  });

  it('is not asked again when it was refused, nor told to stop for others, until it is held anew', async () => {
    const { hold, asked, failures, answers, isPaused } = bench();
    hold(RIGHT);
    await answers(new Error('minh moves it'));
    await until('the refusal', () => failures.length > 0);
    expect(isPaused()).to.equal(false);
    hold(undefined);
    expect(asked).to.deep.equal([RIGHT]);
    hold(LEFT);
    await answers();
    expect(asked).to.deep.equal([RIGHT, LEFT]);
    expect(failures).to.deep.equal(['minh moves it']);
  });
});

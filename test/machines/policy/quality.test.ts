import { expect } from 'chai';
import {
  type Crossing,
  freshPath,
  type PathQuality,
  QUALITY,
  type Sample,
  takeSample,
} from '../../../machines/policy/quality.ts';

/** What is told of a path, where that is a verdict. */
function verdictOf(path: PathQuality, sample: Sample): Crossing | undefined {
  const told = takeSample(path, sample);
  return told?.type === 'path.excused' ? undefined : told;
}

/** Four samples a second; tells at which of them something was told. */
function told(...samples: Omit<Sample, 'at'>[]): string[] {
  const path = freshPath();
  return samples.flatMap((sample, index) => {
    const crossing = verdictOf(path, { ...sample, at: 1_000 + index * 250 });
    return crossing ? [`${index}: ${crossing.type}${crossing.collapsed ? ', collapsed' : ''}`] : [];
  });
}

const good = { fps: 30, loss: 0, freezes: 0, kbps: 2_000 };
const lossy = { ...good, loss: 0.1 };
const broken = { ...good, loss: 0.6, kbps: 700 };
const between = { ...good, loss: 0.03 };
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

describe('the verdict on a viewer’s network', () => {
  it('is bad only when it has been bad for a second', () => {
    expect(told(...times(4, between), ...times(4, lossy))).to.deep.equal([]);
    expect(told(...times(4, between), ...times(5, lossy))).to.deep.equal(['8: path.degraded']);
  });

  it('is collapsed after two samples that lose every fifth packet, and is told though it was bad before', () => {
    expect(told(between, broken, broken)).to.deep.equal(['2: path.degraded, collapsed']);
    expect(told(...times(5, lossy), broken, broken)).to.deep.equal(['4: path.degraded', '6: path.degraded, collapsed']);
    expect(told(...times(3, broken), ...times(5, lossy)), 'not told twice').to.have.length(1);
  });

  it('does not swing: one bad moment among good ones says nothing', () => {
    const swinging = times(20, [lossy, lossy, good]).flat();
    expect(told(...swinging)).to.deep.equal([]);
  });

  it('is good after two good seconds, which prove head-room too', () => {
    const up = QUALITY.forMs.good / 250;
    expect(told(...times(5, lossy), ...times(up + 1, good))).to.deep.equal([
      '4: path.degraded',
      `${5 + up}: path.recovered`,
    ]);
  });

  it('is told again while it lasts: what could not be done may be possible later', () => {
    const again = QUALITY.againMs / 250;
    expect(told(...times(5 + again, lossy))).to.deep.equal(['4: path.degraded', `${4 + again}: path.degraded`]);
  });

  it('counts a frame rate of less than half the camera’s own as bad, though no packet is missing', () => {
    expect(told(...times(4, good), ...times(12, { ...good, fps: 8 })).at(-1)).to.match(/path.degraded$/);
  });

  it('is collapsed at once where a queue grows and the first packets are missing, or where it is longer than jitter', () => {
    expect(told(...times(4, good), { ...good, loss: 0.01, queueMs: 90 })).to.deep.equal([
      '4: path.degraded, collapsed',
    ]);
    expect(told(...times(4, good), { ...good, queueMs: 260 })).to.deep.equal(['4: path.degraded, collapsed']);
    expect(told(...times(4, good), { ...good, queueMs: 200 }, good), 'nothing is missing').to.deep.equal([]);
    expect(told(...times(4, good), { ...good, loss: 0.01, queueMs: 40 }, good), 'a short one').to.deep.equal([]);
  });

  it('tells what came whole of a picture that is shown too slowly, unless packets were missing lately', () => {
    const path = freshPath();
    const slow = { ...good, fps: 8, receivedFps: 30 };
    const samples = [...times(4, { ...good, receivedFps: 30 }), ...times(12, slow)];
    const crossings = samples.map((sample, index) => verdictOf(path, { ...sample, at: 100_000 + index * 250 }));
    const told = crossings.find((one) => one?.type === 'path.degraded');
    expect(told?.received_fps).to.be.closeTo(30, 0.1);
    expect(told?.fps).to.be.below(15);
    const lost = freshPath();
    takeSample(lost, { ...good, loss: 0.01, at: 100_000 });
    const after = samples.map((sample, index) => verdictOf(lost, { ...sample, at: 101_000 + index * 250 }));
    const bad = after.find((one) => one?.type === 'path.degraded');
    expect(bad, 'its decoder may wait for a key frame').to.not.equal(undefined);
    expect(bad).to.not.have.property('received_fps');
  });

  it('tells the queue that it is known by, and none where loss tells it', () => {
    const path = freshPath();
    expect(takeSample(path, { at: 1_000, ...good, loss: 0.01, queueMs: 90 })).to.include({ queue_ms: 90 });
    const other = freshPath();
    takeSample(other, { at: 1_000, ...broken });
    expect(takeSample(other, { at: 1_250, ...broken }))
      .to.include({ collapsed: true })
      .and.not.have.property('queue_ms');
  });

  it('takes a slow camera for what it is', () => {
    const slow = times(
      20,
      [4, 8, 4, 0].map((fps) => ({ ...good, fps })),
    ).flat();
    expect(told(...slow).filter((one) => one.includes('degraded'))).to.deep.equal([]);
  });

  it('is none of a path on which nothing has come yet, however long', () => {
    expect(told(...times(40, { fps: 0, loss: 0, kbps: 0 }))).to.deep.equal([]);
    expect(told(...times(12, { fps: 0, kbps: 0 }), ...times(12, good)), 'before the first picture').to.have.length(1);
  });

  it('is not bad where the camera itself sends fewer pictures, and not good until it sends them all again', () => {
    const half = { ...good, fps: 12, receivedFps: 12 };
    const seen = [...times(12, good), ...times(24, { ...half, cameraFps: 12 })];
    expect(told(...seen).filter((one) => one.includes('degraded'))).to.deep.equal([]);
    expect(told(...seen.slice(3)).length, 'not told to be good once more').to.equal(1);
    expect(told(...times(12, good), ...times(24, { ...half, cameraFps: 30 })).at(-1)).to.match(/path.degraded$/);
  });

  it('is bad of a starved host only where it shows less than comes, and for long', () => {
    const busy = { ...good, fps: 8, busyMs: 300 };
    const long = QUALITY.starved.steadyMs / 250 + 6;
    const seen = told(...times(12, good), ...times(long, { ...busy, receivedFps: 30 }));
    expect(seen).to.have.length(2);
    expect(Number.parseInt(String(seen[1]), 10) * 250).to.be.above(3_000 + QUALITY.starved.steadyMs);
    expect(told(...times(12, good), ...times(long, { ...busy, receivedFps: 8 }))).to.have.length(1);
    expect(told(...times(12, good), ...times(8, { ...busy, receivedFps: 30 }), ...times(8, good))).to.have.length(1);
  });

  it('is never good while something bad has another cause: better pictures would be worse', () => {
    expect(told(...times(12, { ...lossy, busyMs: 300 }))).to.deep.equal([]);
    expect(told(...times(12, { ...good, queueMs: 400, cameraLateMs: 400 }))).to.deep.equal([]);
  });
});

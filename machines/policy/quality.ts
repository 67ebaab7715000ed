import { attribute, starvedMs } from './attribution.ts';

/** What a player measured of one leg at one moment, and what else is known of that moment. */
export interface Sample {
  /** Epoch ms. */
  at: number;
  fps?: number;
  /** Frames that came whole, shown or not, per second. */
  receivedFps?: number;
  /** Share of packets lost since the sample before, 0 to 1. */
  loss?: number;
  /** Freezes since the leg began. */
  freezes?: number;
  /** What arrived since the sample before. */
  kbps?: number;
  /** By how much every picture of the last moment was late (ms), where a queue before its player grows. */
  queueMs?: number;
  /** By how much its page or browser came to run late, at most (ms). */
  busyMs?: number;
  /** By how much its camera's pictures came late to us (ms). */
  cameraLateMs?: number;
  /** What its camera sends a second just now. */
  cameraFps?: number;
}

/** A path as the samples show it: fine, losing too much, or leaving hardly anything of the picture. */
export type Verdict = 'good' | 'strained' | 'collapsed';

/** How a leg has been doing: what is remembered from one sample to the next. */
export interface PathQuality {
  /** Undefined until the samples have spoken for one. */
  verdict: Verdict | undefined;
  /** When it was told last (epoch ms). */
  toldAt: number;
  /** Since when the samples have spoken for each without a break (epoch ms); 0 while they don't. */
  since: Record<Verdict, number>;
  freezes: number;
  /** Frame and bit rates, smoothed over about a second: a sample may hold a frame more or less. */
  fps: number;
  receivedFps: number;
  kbps: number;
  /** When the network lost packets last (epoch ms); 0: never. */
  lostAt: number;
  /** When its host was starved last (epoch ms); 0: never. */
  starvedAt: number;
  /** When it was told last that figures say nothing of the network (epoch ms); 0: never. */
  excusedAt: number;
  /** The highest frame rate seen: a camera's own. */
  bestFps: number;
}

/** A verdict; everything else stays a measurement. */
export interface Crossing {
  type: 'path.degraded' | 'path.recovered';
  /** For how long the samples had spoken for it. */
  after_ms: number;
  loss: number;
  fps: number;
  kbps: number;
  /** Of a degraded path: hardly anything of the picture is left, or will be in a moment. */
  collapsed?: true;
  /** That is known by a queue, which has the picture so late. */
  queue_ms?: number;
  /** Of a strained path that has lost nothing lately: the frames that came whole, of which `fps` were shown. */
  received_fps?: number;
}

/** Figures that would speak of a bad path, but that something else than the network has caused. */
export interface Excused {
  type: 'path.excused';
  loss: number;
  fps: number;
  kbps: number;
  queue_ms?: number;
  busy_ms?: number;
  camera_late_ms?: number;
}

/**
 * Down fast, up slowly; between the two losses nothing changes. Where every fifth packet is lost nothing can be seen
 * any more, so that is told after two samples. A queue that grows is one that overflows: it is told at once where the
 * first packets are missing, and otherwise where it is longer than any jitter.
 */
export const QUALITY = {
  ...{ badLoss: 0.05, goodLoss: 0.02, collapsedLoss: 0.2, leastFpsShare: 0.5 },
  queueMs: { lossy: 60, whole: 250 },
  /** After a loss a decoder may wait for so long for the next key frame. */
  wholeAfterMs: 10_000,
  forMs: { good: 2_000, strained: 1_000, collapsed: 200 } satisfies Record<Verdict, number>,
  /** A verdict that lasts is told again: what could not be done about it may be possible now. */
  againMs: 5_000,
  /**
   * A starved host shows too little, or loses, for a moment; one that does so for this long can't keep up. Rates are
   * smoothed, so that a moment counts for a while.
   */
  starved: { steadyMs: 5_000, forMs: 2_000, shownShare: 0.85 },
  /** That figures say nothing of the network is told this often while it lasts. */
  excusedAgainMs: 30_000,
};

/** How much of a rate the newest sample makes. */
const NEWEST_SHARE = 0.4;

/** A leg of which nothing is known yet. */
export const freshPath = (): PathQuality => ({
  verdict: undefined,
  toldAt: 0,
  since: { good: 0, strained: 0, collapsed: 0 },
  freezes: 0,
  fps: 0,
  receivedFps: 0,
  kbps: 0,
  lostAt: 0,
  starvedAt: 0,
  excusedAt: 0,
  bestFps: 0,
});

const smoothed = (before: number, now: number | undefined): number => {
  if (now === undefined || before === 0) return now ?? before;
  return before + (now - before) * NEWEST_SHARE;
};

/** Whether a queue overflows, or is about to. */
const overflows = (loss: number, queueMs: number): boolean =>
  queueMs >= (loss > 0 ? QUALITY.queueMs.lossy : QUALITY.queueMs.whole);

/** The worst first. */
const VERDICTS = ['collapsed', 'strained', 'good'] as const;

/**
 * Which verdicts one sample speaks for. Of a starved host, pictures that stand or come slowly speak for nothing but that
 * it can't keep up, where more comes than it shows.
 */
function speaksFor(path: PathQuality, loss: number, froze: boolean, narrow: boolean, sample: Sample) {
  const slow = path.fps < path.bestFps * QUALITY.leastFpsShare;
  // A camera that sends less itself is slow on every path.
  const slower = slow && path.fps < (sample.cameraFps ?? path.bestFps) * QUALITY.leastFpsShare;
  const starved = isStarved(path, sample.at);
  const halting = starved
    ? slower && path.fps < path.receivedFps * QUALITY.starved.shownShare
    : slower || (froze && !sample.cameraLateMs);
  // Where nothing has come yet, nothing is known; nor is anything good where something bad has another cause.
  const comes = path.bestFps > 0 || sample.fps === undefined;
  const { loss: measured = 0, queueMs = 0 } = sample;
  return {
    good: comes && measured < QUALITY.goodLoss && !slow && !froze && !overflows(measured, queueMs),
    strained: measured > QUALITY.badLoss || halting || narrow,
    collapsed: loss >= QUALITY.collapsedLoss || narrow,
  } satisfies Record<Verdict, boolean>;
}

/** Whether its host was starved a moment ago. */
const isStarved = ({ starvedAt }: PathQuality, at: number): boolean =>
  starvedAt > 0 && at - starvedAt < QUALITY.starved.forMs;

/** The worst verdict that has been spoken for long enough; a queue needs no time. */
function sureVerdict(path: PathQuality, at: number, loss: number, narrow: boolean): Verdict | undefined {
  for (const verdict of VERDICTS) {
    const sinceMs = path.since[verdict];
    const steady = verdict === 'strained' && loss <= QUALITY.badLoss && isStarved(path, at);
    const forMs = steady ? QUALITY.starved.steadyMs : QUALITY.forMs[verdict];
    const lasts = at - sinceMs >= forMs || (narrow && verdict === 'collapsed');
    if (sinceMs > 0 && lasts) return verdict;
  }
  return undefined;
}

/** Whether there is anything to tell: another verdict, or the same for long; from collapsed, strained is no news. */
function isNews(path: PathQuality, verdict: Verdict, at: number): boolean {
  const same = path.verdict === verdict || (path.verdict === 'collapsed' && verdict === 'strained');
  return !same || at - path.toldAt >= QUALITY.againMs;
}

/** What there is to tell of figures that would have spoken for a bad path by themselves; seldom. */
function excused(path: PathQuality, sample: Sample, loss: number, narrow: boolean): Excused | undefined {
  const { at, loss: measured = 0, queueMs = 0, busyMs = 0, cameraLateMs = 0 } = sample;
  const looksBad = measured > QUALITY.badLoss || overflows(measured, queueMs);
  if (!looksBad || narrow || loss > QUALITY.badLoss) return undefined;
  if (path.excusedAt > 0 && at - path.excusedAt < QUALITY.excusedAgainMs) return undefined;
  path.excusedAt = at;
  return {
    ...{ type: 'path.excused', loss: measured, fps: path.fps, kbps: Math.round(path.kbps) },
    ...(queueMs > 0 ? { queue_ms: queueMs } : {}),
    ...(busyMs > 0 ? { busy_ms: busyMs } : {}),
    ...(cameraLateMs > 0 ? { camera_late_ms: cameraLateMs } : {}),
  };
}

/**
 * Takes one sample in. Measurements come four times a second from every player, so this is plain code beside the
 * machines: it changes `path` in place, and only a verdict is worth an event, or that there is none for a reason.
 */
export function takeSample(path: PathQuality, sample: Sample): Crossing | Excused | undefined {
  const { at, freezes = path.freezes, busyMs = 0, cameraLateMs = 0 } = sample;
  const measured = { loss: sample.loss ?? 0, queueMs: sample.queueMs ?? 0, busyMs, cameraLateMs };
  const { loss, queueMs } = attribute(measured);
  const narrow = overflows(loss, queueMs);
  path.fps = smoothed(path.fps, sample.fps);
  path.receivedFps = smoothed(path.receivedFps, sample.receivedFps);
  path.kbps = smoothed(path.kbps, sample.kbps);
  if (loss > 0) path.lostAt = at;
  if (starvedMs(busyMs) > 0) path.starvedAt = at;
  path.bestFps = Math.max(path.bestFps, path.fps);
  const speaks = speaksFor(path, loss, freezes > path.freezes, narrow, sample);
  path.freezes = freezes;
  for (const verdict of VERDICTS) path.since[verdict] = speaks[verdict] ? path.since[verdict] || at : 0;
  const verdict = sureVerdict(path, at, loss, narrow);
  if (verdict === undefined || !isNews(path, verdict, at)) return excused(path, sample, loss, narrow);
  path.verdict = verdict;
  path.toldAt = at;
  const after_ms = at - path.since[verdict];
  const figures = { after_ms, loss: measured.loss, fps: path.fps, kbps: Math.round(path.kbps) };
  if (verdict === 'good') return { type: 'path.recovered', ...figures };
  const queue = narrow ? { queue_ms: measured.queueMs } : {};
  if (verdict === 'collapsed') return { type: 'path.degraded', ...figures, collapsed: true, ...queue };
  const loses = measured.loss > QUALITY.badLoss || at - path.lostAt < QUALITY.wholeAfterMs;
  const isWhole = path.receivedFps > 0 && !loses;
  return { type: 'path.degraded', ...figures, ...(isWhole ? { received_fps: path.receivedFps } : {}) };
}

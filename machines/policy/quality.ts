/** What a player measured of one leg at one moment. */
export interface Sample {
  /** Epoch ms. */
  at: number;
  fps?: number;
  /** Share of packets lost since the sample before, 0 to 1. */
  loss?: number;
  /** Freezes since the leg began. */
  freezes?: number;
}

/** How a leg has been doing: what is remembered from one sample to the next. */
export interface PathQuality {
  degraded: boolean;
  /** Since when the samples speak for the other verdict (epoch ms); 0 while they agree with the present one. */
  doubtedAt: number;
  freezes: number;
  /** The highest frame rate seen: a camera's own. */
  bestFps: number;
}

/** A verdict changed; everything else stays a measurement. */
export interface Crossing {
  type: 'path.degraded' | 'path.recovered';
  /** For how long the samples had spoken for it. */
  after_ms: number;
  loss: number;
  fps: number;
}

/** Down fast, up slowly; between the two losses nothing changes. */
export const QUALITY = { badLoss: 0.05, goodLoss: 0.02, leastFpsShare: 0.5, badForMs: 1_000, goodForMs: 5_000 };

/** A leg of which nothing is known yet. */
export const freshPath = (): PathQuality => ({ degraded: false, doubtedAt: 0, freezes: 0, bestFps: 0 });

/**
 * Takes one sample in. Measurements come four times a second from every player, so this is plain code beside the
 * machines: it changes `path` in place, and only a changed verdict is worth an event.
 */
export function takeSample(path: PathQuality, sample: Sample): Crossing | undefined {
  const loss = sample.loss ?? 0;
  const fps = sample.fps ?? path.bestFps;
  const freezes = sample.freezes ?? path.freezes;
  const froze = freezes > path.freezes;
  path.freezes = freezes;
  if (fps > path.bestFps) path.bestFps = fps;
  const slow = fps < path.bestFps * QUALITY.leastFpsShare;
  const doubts = path.degraded ? loss < QUALITY.goodLoss && !slow && !froze : loss > QUALITY.badLoss || slow || froze;
  if (!doubts) {
    path.doubtedAt = 0;
    return undefined;
  }
  if (path.doubtedAt === 0) path.doubtedAt = sample.at;
  const after_ms = sample.at - path.doubtedAt;
  if (after_ms < (path.degraded ? QUALITY.goodForMs : QUALITY.badForMs)) return undefined;
  path.degraded = !path.degraded;
  path.doubtedAt = 0;
  return { type: path.degraded ? 'path.degraded' : 'path.recovered', after_ms, loss, fps };
}

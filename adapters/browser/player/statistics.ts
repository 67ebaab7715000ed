/** Figures of one peer connection, over the time since the ones before. */
export interface Figures {
  atMs: number;
  fps: number;
  /** Frames that have come whole, shown or not; undefined where the browser does not count them. */
  receivedFps: number | undefined;
  /** Part of the video packets that were lost, 0 to 1. */
  loss: number;
  jitterMs: number;
  rttMs: number | undefined;
  kbps: number;
  freezes: number;
  framesDecoded: number;
  width: number;
  height: number;
  /** Without a clock in the picture: half a round trip, the jitter buffer and decoding. Capture is not in it. */
  estimateMs: number | undefined;
  totals: Totals;
}

interface Totals {
  bytes: number;
  frames: number;
  received: number;
  lost: number;
  bufferSeconds: number;
  buffered: number;
  decodeSeconds: number;
}

type Entry = Record<string, unknown>;
const number = (entry: Entry | undefined, field: string): number => {
  const value = entry?.[field];
  return typeof value === 'number' ? value : 0;
};

/**
 * Reduces what `getStats` reports to the figures that matter.
 * @param report the values of an `RTCStatsReport`
 * @param before the figures of the report before, for rates
 */
export function figuresOf(report: Iterable<unknown>, atMs: number, before: Figures | undefined): Figures {
  const entries = [...report] as Entry[];
  const video = entries.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'video');
  const pair = entries.find(
    (entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded',
  );
  const totals: Totals = {
    bytes: number(video, 'bytesReceived'),
    frames: number(video, 'framesReceived'),
    received: number(video, 'packetsReceived'),
    lost: number(video, 'packetsLost'),
    bufferSeconds: number(video, 'jitterBufferDelay'),
    buffered: number(video, 'jitterBufferEmittedCount'),
    decodeSeconds: number(video, 'totalDecodeTime'),
  };
  const framesDecoded = number(video, 'framesDecoded');
  const seconds = before ? (atMs - before.atMs) / 1_000 : 0;
  const since = (field: keyof Totals): number => totals[field] - (before?.totals[field] ?? 0);
  const frames = framesDecoded - (before?.framesDecoded ?? 0);
  const expected = since('received') + since('lost');
  const rttMs = pair ? number(pair, 'currentRoundTripTime') * 1_000 : undefined;
  const buffered = since('buffered');
  return {
    atMs,
    fps: seconds > 0 ? Math.max(0, frames / seconds) : 0,
    receivedFps: seconds > 0 && video?.framesReceived !== undefined ? since('frames') / seconds : undefined,
    loss: expected > 0 ? Math.max(0, since('lost') / expected) : 0,
    jitterMs: number(video, 'jitter') * 1_000,
    rttMs,
    kbps: seconds > 0 ? Math.max(0, (since('bytes') * 8) / 1_000 / seconds) : 0,
    freezes: number(video, 'freezeCount'),
    framesDecoded,
    width: number(video, 'frameWidth'),
    height: number(video, 'frameHeight'),
    estimateMs:
      rttMs === undefined || buffered <= 0 || frames <= 0
        ? undefined
        : rttMs / 2 + (since('bufferSeconds') / buffered) * 1_000 + (since('decodeSeconds') / frames) * 1_000,
    totals,
  };
}

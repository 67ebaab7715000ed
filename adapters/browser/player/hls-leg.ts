import { type Door, keepRenewed, knock, refusalOf, tellStale } from './admission.ts';
import { createFrames } from './frames.ts';
import { type Playback, playHls } from './hls-playback.ts';
import type { Leg, LegHears } from './leg.ts';
import type { Stale } from './stale-playlist.ts';

/** One segment that is being played, and half of another against stalls. */
const BEHIND_LIVE_S = 3;
/** A ladder that starts cold needs about eight seconds for its first segment. */
const FIRST_FRAME_MS = 25_000;

/** What is asked for besides the camera. */
export interface HlsWish {
  camera: string;
  /** The one rung that somebody chose. */
  quality?: string | undefined;
  /** The rung that the gateway thinks right: the player begins there, and goes no higher. */
  maxQuality?: string | undefined;
  /** Parts of segments, too. */
  low: boolean;
}

/** A picture over HLS, in the place of a peer connection: seconds behind, and through everything that lets HTTP through. */
export interface HlsLeg extends Leg {
  /** What the network has carried of late, as hls.js measured it. */
  networkKbps(): number | undefined;
}

/** What a peer connection would report of the same picture. */
function reportOf(video: HTMLVideoElement, bytesReceived: number): RTCStatsReport {
  const inbound = {
    ...{ type: 'inbound-rtp', kind: 'video', bytesReceived },
    framesDecoded: video.getVideoPlaybackQuality().totalVideoFrames,
    ...{ frameWidth: video.videoWidth, frameHeight: video.videoHeight },
  };
  return new Map([['video', inbound]]) as unknown as RTCStatsReport;
}

/** Opens such a leg; it asks for a session of its own, and ends it when it is closed. */
export function openHlsLeg(name: string, video: HTMLVideoElement, door: Door, wish: HlsWish, hears: LegHears): HlsLeg {
  let open = true;
  let playback: Playback | undefined;
  let stopRenewal = (): void => {};
  const frames = createFrames(video, () => open, hears.frame);
  const lost = (why: string): void => {
    if (open) hears.lost(why);
  };

  const begin = async (): Promise<void> => {
    const query = new URLSearchParams({
      ...(wish.quality ? { quality: wish.quality } : {}),
      ...(wish.maxQuality ? { max_quality: wish.maxQuality } : {}),
      ...(wish.low ? { latency: 'low' } : {}),
    });
    const response = await knock(door, `/live/${encodeURIComponent(wish.camera)}/hls?${query}`);
    if (!response.ok) return lost((await refusalOf(response)).text);
    const { session_id: sessionId, hls_url: url, expires_in: seconds } = await response.json();
    if (!open) return;
    stopRenewal = keepRenewed(door, { sessionId, expiresInMs: seconds * 1_000 });
    frames.watch();
    const stale = (what: Stale): void => void tellStale(door, sessionId, what);
    playback = playHls(video, url, { liveSyncDuration: BEHIND_LIVE_S, backBufferLength: 10 }, { lost, stale });
  };

  return {
    ...{ name, video, signalled: false, patienceMs: FIRST_FRAME_MS, beganMs: performance.now() },
    async begin() {
      begin().catch(() => lost('The gateway does not answer.'));
      return undefined;
    },
    async answer() {},
    candidate() {},
    report: async () => reportOf(video, playback?.bytesReceived() ?? 0),
    sounds: () => true,
    decoded: frames.decoded,
    toLive() {
      const position = playback?.player()?.liveSyncPosition;
      if (position) video.currentTime = position;
    },
    networkKbps() {
      const player = playback?.player();
      return player && playback?.bytesReceived() ? Math.round(player.bandwidthEstimate / 1_000) : undefined;
    },
    runOut() {},
    close() {
      open = false;
      stopRenewal();
      playback?.close();
    },
  };
}

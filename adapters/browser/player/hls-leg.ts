import type Hls from 'hls.js';
import { type Door, keepRenewed, knock, refusalOf } from './admission.ts';
import { createFrames } from './frames.ts';
import type { Leg, LegHears } from './leg.ts';

/** One segment that is being played, and half of another against stalls. */
const BEHIND_LIVE_S = 3;
/** What hls.js can't mend by itself it may mend this often. */
const MENDINGS = 2;
/** A ladder that starts cold needs about eight seconds for its first segment. */
const FIRST_FRAME_MS = 25_000;

/** What is asked for besides the camera. */
export interface HlsWish {
  camera: string;
  quality?: string;
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
  let bytes = 0;
  let mended = 0;
  let player: Hls | undefined;
  let stopRenewal = (): void => {};
  const frames = createFrames(video, () => open, hears.frame);
  const lost = (why: string): void => {
    if (open) hears.lost(why);
  };

  /** Browsers without Media Source Extensions, as on iPhones, play the address themselves. */
  const playNatively = (url: string): void => {
    video.src = url;
    video.onerror = () => lost('This browser can’t play the stream.');
  };
  const play = async (url: string): Promise<void> => {
    const { default: Player } = await import('hls.js');
    if (!open) return;
    if (!Player.isSupported()) return playNatively(url);
    // Its worker would be a script that no file of ours holds.
    const hls = new Player({ enableWorker: false, liveSyncDuration: BEHIND_LIVE_S, backBufferLength: 10 });
    player = hls;
    hls.on(Player.Events.FRAG_LOADED, (_event, { frag }) => {
      bytes += frag.stats.loaded;
    });
    hls.on(Player.Events.ERROR, (_event, { fatal, type, details, response }) => {
      if (!fatal) return;
      if (type === Player.ErrorTypes.MEDIA_ERROR && mended++ < MENDINGS) return hls.recoverMediaError();
      lost(`The stream over HLS ended: ${details}${response ? ` (${response.code})` : ''}.`);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  };
  const begin = async (): Promise<void> => {
    const query = wish.quality ? `?quality=${encodeURIComponent(wish.quality)}` : '';
    const response = await knock(door, `/live/${encodeURIComponent(wish.camera)}/hls${query}`);
    if (!response.ok) return lost((await refusalOf(response)).text);
    const { session_id: sessionId, hls_url: url, expires_in: seconds } = await response.json();
    if (!open) return;
    stopRenewal = keepRenewed(door, { sessionId, expiresInMs: seconds * 1_000 });
    frames.watch();
    await play(url);
    video.play().catch(() => {});
  };

  return {
    ...{ name, video, signalled: false, patienceMs: FIRST_FRAME_MS, beganMs: performance.now() },
    async begin() {
      begin().catch(() => lost('The gateway does not answer.'));
      return undefined;
    },
    async answer() {},
    candidate() {},
    report: async () => reportOf(video, bytes),
    decoded: frames.decoded,
    toLive() {
      if (player?.liveSyncPosition) video.currentTime = player.liveSyncPosition;
    },
    networkKbps: () => (player && bytes > 0 ? Math.round(player.bandwidthEstimate / 1_000) : undefined),
    hush() {},
    close() {
      open = false;
      stopRenewal();
      player?.destroy();
      video.removeAttribute('src');
      video.load();
    },
  };
}

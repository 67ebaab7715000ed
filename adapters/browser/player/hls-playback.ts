import type Hls from 'hls.js';
import type { Fragment, HlsConfig, LevelLoadedData } from 'hls.js';
import { type Stale, watchPlaylists } from './stale-playlist.ts';

/** What hls.js can't mend by itself it may mend this often. */
const MENDINGS = 2;

/** What a playback tells. */
export interface PlaybackHears {
  /**
   * It is over, and does not come back by itself.
   * @param status of the answer that ended it, where one did
   */
  lost(why: string, status?: number): void;
  /** Its playlist is there, with something in it. */
  listed?(pieces: readonly Fragment[]): void;
  /** A cache on the way keeps its playlist for too long. */
  stale?(stale: Stale): void;
  /** Its playlist has nothing in it. */
  empty?(): void;
  /** A piece has come. @param init what stands before it */
  came?(piece: Fragment, init: Uint8Array | undefined, bytes: ArrayBuffer): void;
  /** It can be shown now. */
  buffered?(piece: Fragment): void;
}

/** An address that is played over HLS on a video. */
export interface Playback {
  /** Once it has been loaded, and where the browser has Media Source Extensions. */
  player(): Hls | undefined;
  bytesReceived(): number;
  close(): void;
}

/** When the gateway made a playlist, as its answer says. */
function stampOf(answer: LevelLoadedData['networkDetails']): string | null {
  if (answer instanceof XMLHttpRequest) return answer.getResponseHeader('x-signalbox-at');
  return answer instanceof Response ? answer.headers.get('x-signalbox-at') : null;
}

/** Browsers without Media Source Extensions, as on iPhones, play the address themselves. */
function playNatively(video: HTMLVideoElement, url: string, { lost }: PlaybackHears): void {
  video.src = url;
  video.onerror = () => lost('This browser can’t play the stream.');
}

/** Fetches what plays HLS, so that the first playback need not wait for it. */
export const fetchHls = (): void => void import('hls.js').catch(() => {});

/** Plays an HLS address (RFC 8216), of live or of the past. */
export function playHls(
  video: HTMLVideoElement,
  url: string,
  settings: Partial<HlsConfig>,
  hears: PlaybackHears,
): Playback {
  let open = true;
  let bytes = 0;
  let mended = 0;
  let listed = false;
  let player: Hls | undefined;
  const begin = async (): Promise<void> => {
    const { default: Player } = await import('hls.js');
    if (!open) return;
    if (!Player.isSupported()) return playNatively(video, url, hears);
    // Its worker would be a script that no file of ours holds.
    const hls = new Player({ enableWorker: false, ...settings });
    player = hls;
    hls.on(Player.Events.FRAG_LOADED, (_event, { frag, payload }) => {
      bytes += frag.stats.loaded;
      if (frag.sn !== 'initSegment') hears.came?.(frag, frag.initSegment?.data, payload);
    });
    hls.on(Player.Events.FRAG_BUFFERED, (_event, { frag }) => hears.buffered?.(frag));
    const judge = watchPlaylists();
    hls.on(Player.Events.LEVEL_LOADED, (_event, { details, networkDetails, stats: { loading } }) => {
      const stamp = stampOf(networkDetails);
      const times = { askedMs: loading.start, answeredMs: loading.end };
      const stale = judge({ url: details.url, stamp, ...times, targetS: details.targetduration });
      if (stale) hears.stale?.(stale);
      if (listed) return;
      listed = true;
      hears.listed?.(details.fragments);
    });
    hls.on(Player.Events.ERROR, (_event, { fatal, type, details, response }) => {
      if (details === Player.ErrorDetails.LEVEL_EMPTY_ERROR) hears.empty?.();
      if (!fatal || !open) return;
      if (type === Player.ErrorTypes.MEDIA_ERROR && mended++ < MENDINGS) return hls.recoverMediaError();
      hears.lost(`The stream over HLS ended: ${details}${response ? ` (${response.code})` : ''}.`, response?.code);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  };
  begin().catch(() => open && hears.lost('The player for HLS could not be loaded.'));
  video.play().catch(() => {});
  return {
    player: () => player,
    bytesReceived: () => bytes,
    close() {
      open = false;
      player?.destroy();
      video.onerror = null;
      video.removeAttribute('src');
      video.load();
    },
  };
}

import { openLeg } from '../../../adapters/browser/player/leg.ts';
import { keepResources } from '../../../adapters/browser/player/resources.ts';
import { serversOf } from './ice-servers.ts';
import { Refused } from './refused.ts';

/** What may be said of a picture that is being watched. */
export interface WatchHears {
  /** A rung, as `480p` or `adaptive`; absent: the best. */
  quality?: string;
  /** A picture is on the screen. */
  playing?(): void;
  /** The connection is gone: watch anew, after a while. */
  lost?(why: string): void;
}

/** A camera that is being watched. */
export interface Watching {
  /** Leaves. */
  close(): void;
}

interface WhepPlace {
  url: string;
  bearer(): Promise<string>;
  send: typeof fetch;
}

/**
 * Shows a camera over WHEP (draft-ietf-wish-whep) in a video element. One connection, one relay: the player at
 * `/watch/CAMERA` also moves between relays and qualities.
 * @throws Refused
 */
export async function watch(at: WhepPlace, video: HTMLVideoElement, hears: WatchHears): Promise<Watching> {
  const authorization = await at.bearer();
  const asked = await at.send(at.url, { method: 'OPTIONS', headers: { authorization } });
  const servers = serversOf(asked.headers.get('link') ?? '');
  return new Promise((resolve, reject) => {
    let shown = false;
    const resources = keepResources({
      answer(_name, sdp) {
        leg.answer(sdp).then(() => resolve({ close }), failed);
      },
      failed(_name, response) {
        if (response) void Refused.from(response).then(failed);
        else failed(new Error(`${at.url} does not answer`));
      },
    });
    const leg = openLeg('watch', video, {
      candidate: (candidate) => resources.candidate('watch', candidate),
      frame() {
        if (!shown) hears.playing?.();
        shown = true;
      },
      lost(why) {
        close();
        hears.lost?.(why);
      },
    });
    const close = (): void => {
      leg.close();
      resources.closeAll();
    };
    const failed = (error: unknown): void => {
      close();
      reject(error);
    };
    const url = hears.quality === undefined ? at.url : `${at.url}?quality=${encodeURIComponent(hears.quality)}`;
    const token = authorization.slice('Bearer '.length);
    leg.begin(servers).then((sdp) => resources.offer('watch', sdp ?? '', { url, token }), failed);
  });
}

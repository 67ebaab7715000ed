/** Which small picture is wanted: of a camera, at a moment (epoch ms). */
export interface ThumbnailWish {
  camera: string;
  at: number;
}

/** Small pictures of moments, for whoever moves along a line of time: one question at a time, the newest wish next. */
export interface Thumbnails {
  want(wish: ThumbnailWish): void;
  /** Nobody looks any more: what is asked for is cancelled. */
  leave(): void;
  close(): void;
}

/** @returns an address of the picture, or undefined where there is none */
export type AskThumbnail = (wish: ThumbnailWish, signal: AbortSignal) => Promise<string | undefined>;

/** Somebody who moves on passes many moments; a picture is of a key frame anyway. */
const PER_PICTURE_MS = 1_000;
const PAUSE_MS = 80;
const KEPT = 60;

/**
 * @param told what there is to show now; `url` is undefined while it is on its way, and where there is none
 * @param drop an address that is not kept any more
 */
export function openThumbnails(
  ask: AskThumbnail,
  told: (wish: ThumbnailWish, url: string | undefined) => void,
  drop: (url: string) => void,
  pauseMs = PAUSE_MS,
): Thumbnails {
  const kept = new Map<string, string>();
  let wanted: ThumbnailWish | undefined;
  let asking: { key: string; camera: string; stop: AbortController } | undefined;
  const keyOf = ({ camera, at }: ThumbnailWish): string => `${camera} ${Math.floor(at / PER_PICTURE_MS)}`;
  const keep = (key: string, url: string): void => {
    kept.set(key, url);
    const oldest = kept.entries().next().value;
    if (kept.size <= KEPT || !oldest) return;
    kept.delete(oldest[0]);
    drop(oldest[1]);
  };
  const go = async (): Promise<void> => {
    const wish = wanted;
    if (!wish || asking || kept.has(keyOf(wish))) return;
    const mine = { key: keyOf(wish), camera: wish.camera, stop: new AbortController() };
    asking = mine;
    const url = await ask(wish, mine.stop.signal).catch(() => undefined);
    if (url !== undefined) keep(mine.key, url);
    if (wanted && keyOf(wanted) === mine.key) {
      told(wanted, url);
      // What can't be had is asked for again when somebody comes back to it.
      if (url === undefined) wanted = undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    asking = undefined;
    void go();
  };
  const leave = (): void => {
    wanted = undefined;
    asking?.stop.abort();
  };
  return {
    want(wish) {
      wanted = wish;
      told(wish, kept.get(keyOf(wish)));
      // Another camera's picture is of no use any more; an earlier one of this camera will be on the way back.
      if (asking && asking.camera !== wish.camera) asking.stop.abort();
      void go();
    },
    leave,
    close() {
      leave();
      for (const url of kept.values()) drop(url);
      kept.clear();
    },
  };
}

import type { Browser, Page } from 'playwright-core';
import { openPage } from '../../fixtures/chromium.ts';
import { bundleClock } from '../../fixtures/whep-page.ts';

/** What a page showed, times in ms since its navigation began. */
export interface Shown {
  /** Epoch ms of that beginning. */
  origin: number;
  frames: { at: number; latencyMs?: number }[];
  /** When the first still picture of the camera was on screen. */
  posterAt?: number;
  /** When the first peer connection stood: from then on it is the wait for a key frame. */
  connectedAt?: number;
  /** Mean time that a frame waited in the receiver's jitter buffer, and took from its first packet to decoded. */
  jitterBufferMs?: number;
  processingMs?: number;
}

/** Notes every frame that a page shows, whosever page it is, and keeps its peer connections at hand. */
const NOTE = `
  window.shown = { frames: [], peers: [] };
  const reader = Clock.createClockReader();
  const seen = new WeakSet();
  // A player of ours may have a second leg waiting behind the one that is seen.
  const behind = ({ classList }) => classList.contains('sbx-video') && !classList.contains('sbx-front');
  const note = (video) => {
    seen.add(video);
    const show = (expectedDisplayTime) => {
      if (behind(video)) return;
      const at = performance.timeOrigin + expectedDisplayTime;
      const painted = reader.read(video, at);
      shown.frames.push({ at: expectedDisplayTime, ...(painted === undefined ? {} : { latencyMs: at - painted }) });
    };
    const tick = (_now, { expectedDisplayTime }) => {
      video.requestVideoFrameCallback(tick);
      // The player may bring it to the front with this very frame, which then is on screen: painting comes after this.
      if (behind(video)) requestAnimationFrame(() => show(expectedDisplayTime));
      else show(expectedDisplayTime);
    };
    video.requestVideoFrameCallback(tick);
  };
  const look = () => document.querySelectorAll('video').forEach((video) => seen.has(video) || note(video));
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  document.addEventListener('load', ({ target }) => {
    if (target instanceof HTMLImageElement && target.naturalWidth > 64) shown.posterAt ??= performance.now();
  }, true);
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      shown.peers.push(this);
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') shown.connectedAt ??= performance.now();
      });
    }
  };
  // With epoch ms, those after an instant.
  window.framesAfter = (after) => shown.frames
    .map(({ at, ...more }) => ({ at: performance.timeOrigin + at, ...more }))
    .filter(({ at }) => at > after);
  window.tellShown = async () => {
    const inbound = [];
    for (const peer of shown.peers) {
      if (peer.connectionState === 'closed') continue;
      for (const one of (await peer.getStats()).values()) {
        if (one.type === 'inbound-rtp' && one.kind === 'video' && one.framesDecoded > 0) inbound.push(one);
      }
    }
    const [video] = inbound;
    const mean = (total, count) => (count > 0 ? (total / count) * 1000 : undefined);
    return {
      origin: performance.timeOrigin,
      frames: shown.frames,
      posterAt: shown.posterAt,
      connectedAt: shown.connectedAt,
      ...(video ? {
        jitterBufferMs: mean(video.jitterBufferDelay, video.jitterBufferEmittedCount),
        processingMs: mean(video.totalProcessingDelay, video.framesDecoded),
      } : {}),
    };
  };
`;

/** Opens a page in a context of its own, with the notes running before any of its scripts. @param before a script before these */
export async function openWatched(
  browser: Browser,
  url: string,
  cookie?: { name: string; value: string },
  before = '',
): Promise<Page> {
  const { page } = await openPage(browser, { width: 1280, height: 760 });
  if (cookie) await page.context().addCookies([{ ...cookie, url: new URL(url).origin }]);
  // Playwright's own scripts are not bound by a page's policy.
  await page.addInitScript(`${before};${await bundleClock()};${NOTE}`);
  await page.goto(url, { waitUntil: 'commit' });
  return page;
}

/** What the page has shown so far. */
export const shownBy = (page: Page): Promise<Shown> => page.evaluate('tellShown()');

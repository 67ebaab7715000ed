import type { Browser, Page } from 'playwright-core';
import { openPage } from '../../fixtures/chromium.ts';
import type { StubGateway } from './stub-gateway.ts';

/** What a player page noted. */
export interface Seen {
  states: { name: string; at: number; firstFrameMs?: number; reason?: string }[];
  frames: { at: number; latency_ms: number }[];
  /** When each frame was presented, on either video. */
  presented: number[];
  /** The same on a video that is not in front. */
  unseen: number[];
  moves: { relay: string; reason: string; gapMs: number }[];
}

/** Notes in the page what the player tells, and each frame that any video presents. */
const NOTE = `
  window.seen = { states: [], frames: [], presented: [], unseen: [], moves: [] };
  document.addEventListener('signalbox:state', ({ detail }) => seen.states.push({ ...detail, at: Date.now() }));
  document.addEventListener('signalbox:frame', ({ detail }) => seen.frames.push(detail));
  document.addEventListener('signalbox:moved', ({ detail }) => seen.moves.push(detail));
  const watched = new WeakSet();
  const watch = (video) => {
    watched.add(video);
    const tick = () => {
      (video.classList.contains('sbx-front') ? seen.presented : seen.unseen).push(performance.now());
      video.requestVideoFrameCallback(tick);
    };
    video.requestVideoFrameCallback(tick);
  };
  setInterval(() => document.querySelectorAll('video').forEach((video) => watched.has(video) || watch(video)), 5);
`;

/** What the page noted so far. */
export const seenOn = (page: Page): Promise<Seen> => page.evaluate('seen');

/** Opens the player page of cam_001. */
export async function watchOn(browser: Browser, gateway: StubGateway, query: string) {
  const opened = await openPage(browser, { width: 800, height: 500 });
  await opened.page.addInitScript(NOTE);
  await opened.page.goto(`${gateway.url}/watch/cam_001${query}`);
  return opened;
}

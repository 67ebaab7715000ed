import type { Door } from './admission.ts';
import { askWay, measuredKbps, measureOnce } from './delivery.ts';
import { createFallback } from './fallback.ts';
import { type HlsLeg, openHlsLeg } from './hls-leg.ts';
import { type Leg, openLeg } from './leg.ts';
import type { Opening, OpenLeg } from './legs.ts';
import type { Moved } from './moved.ts';
import type { PlayerOptions } from './options.ts';

/** What the player does when its way changes. */
export interface WaysHear {
  /** Leaves its session over WebRTC; what is on screen stays. */
  leave(): void;
  open(opening: Opening): void;
  /** Asks for a session over WebRTC again, behind the picture over HLS. */
  climb(): void;
  /** The picture comes by another way now. @param gapMs since the last frame of the one before */
  moved(moved: Pick<Moved, 'relay' | 'over' | 'reason'>, gapMs: number): void;
}

/** The ways by which one player's picture comes: WebRTC, or HLS in its place. */
export interface Ways {
  /** Makes legs of either kind. */
  openLeg: OpenLeg;
  /** Whether HLS is in place of WebRTC, or is on its way. */
  fallen(): boolean;
  /** Whether the picture in front comes over HLS. */
  buffers(): boolean;
  /** This leg is in front now. */
  inFront(leg: Leg, gapMs: number | undefined): void;
  /** A frame was seen, or none can be expected. */
  seen(): void;
  /** Looks whether the way must change. @param reaches whether the gateway can be talked to */
  check(atMs: number, reaches: boolean): void;
  /** WebRTC was tried again, in vain. */
  climbFailed(): void;
  /** The picture over HLS is gone. */
  hlsFailed(): void;
  close(): void;
}

/** Begins by asking the gateway how this device should watch. */
export function createWays(door: Door, options: PlayerOptions, hears: WaysHear): Ways {
  const { camera, protocol } = options;
  let hls: HlsLeg | undefined;
  let front: 'webrtc' | 'hls' | undefined;
  let seenMs = performance.now();
  let maxQuality: string | undefined;
  let low = false;
  let fellFor = '';

  const fallback = createFallback({
    ask: () =>
      askWay(door, camera, {
        ...{ protocol, quality: options.quality, networkKbps: hls?.networkKbps() ?? measuredKbps() },
      }),
    fall(why, way) {
      fellFor = why;
      maxQuality = way?.quality;
      low = way?.low ?? false;
      hears.leave();
      hears.open({ purpose: 'replace', name: 'hls', over: 'hls' });
    },
    climb: hears.climb,
  });
  void measureOnce(door.server).then((isKnown) => {
    // A picture that is there measures by itself what its network carries.
    if (isKnown && front === undefined) fallback.askAgain();
  });

  return {
    openLeg(name, video, heard, { over }) {
      if (over !== 'hls') return openLeg(name, video, heard);
      hls = openHlsLeg(name, video, door, { camera, low, quality: options.quality, maxQuality }, heard);
      return hls;
    },
    fallen: fallback.fallen,
    buffers: () => front === 'hls',
    inFront({ signalled }, gapMs) {
      const before = front;
      front = signalled ? 'webrtc' : 'hls';
      if (signalled) fallback.climbed();
      if (before === undefined || before === front) return;
      hears.moved({ relay: '', over: front, reason: signalled ? 'climbed' : fellFor }, gapMs ?? 0);
    },
    seen() {
      seenMs = performance.now();
    },
    check: (atMs, reaches) => fallback.check(atMs, atMs - seenMs, reaches),
    climbFailed: () => fallback.climbFailed(performance.now()),
    hlsFailed() {
      seenMs = performance.now();
      fallback.failed();
    },
    close: fallback.close,
  };
}

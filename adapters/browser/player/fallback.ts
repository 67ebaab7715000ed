/** How the gateway would have this device watch. */
export interface Way {
  protocol: 'webrtc' | 'hls';
  quality: string;
  /** Of HLS: whether parts of segments are given out, too. */
  low?: boolean;
  /** A sentence. */
  why: string;
}

/** When WebRTC is given up for HLS, and when it is tried again. */
export const FALLBACK = {
  /** WebRTC that shows nothing for this long, where a picture is to be had. */
  patienceMs: 5_000,
  /** HLS comes from the gateway as well; but its WebSocket may be all that is blocked. */
  unheardPatienceMs: 15_000,
  /** The first return is tried after this long, further ones later and later. */
  climbMs: 15_000,
  longestClimbMs: 120_000,
};

/** What the player does about it. */
export interface FallbackHears {
  /** Asks the gateway how this device should watch. */
  ask(): Promise<Way | undefined>;
  /** Opens the picture over HLS. @param way as the gateway says it, where it does */
  fall(why: string, way: Pick<Way, 'quality' | 'low'> | undefined): void;
  /** Tries WebRTC again, behind the picture over HLS. */
  climb(): void;
}

/** Which way a player watches: WebRTC, or, where that shows nothing or does not suit, HLS, until WebRTC is back. */
export interface Fallback {
  /** Whether it is on HLS, or on its way there. */
  fallen(): boolean;
  /**
   * Looks whether a step is due.
   * @param waitedMs for how long WebRTC has shown nothing that it should; else undefined
   * @param reaches whether the gateway can be talked to, as far as is known
   */
  check(atMs: number, waitedMs: number | undefined, reaches?: boolean): void;
  /** More is known of the device than when it was asked first. */
  askAgain(): void;
  /** A try at WebRTC has failed; HLS goes on. */
  climbFailed(atMs: number): void;
  /** WebRTC shows its picture. */
  climbed(): void;
  /** HLS fails as well: WebRTC is asked first again. */
  failed(): void;
  close(): void;
}

/** Decides for one player; begins by asking. */
export function createFallback(hears: FallbackHears): Fallback {
  let fallen = false;
  let climbAtMs: number | undefined;
  let climbs = 0;
  let closed = false;

  const fall = (why: string, way?: Way): void => {
    if (fallen || closed) return;
    fallen = true;
    plan(performance.now());
    hears.fall(why, way);
  };
  const plan = (atMs: number): void => {
    climbAtMs = atMs + Math.min(FALLBACK.climbMs * 2 ** climbs++, FALLBACK.longestClimbMs);
  };
  const forget = (): void => {
    fallen = false;
    climbAtMs = undefined;
  };
  const begin = async (): Promise<void> => {
    const way = await hears.ask();
    if (way?.protocol === 'hls') fall(way.why, way);
  };
  /** The gateway may still think that HLS suits this device better: then it is asked again later. */
  const climb = async (): Promise<void> => {
    climbAtMs = undefined;
    const way = await hears.ask();
    if (!fallen || closed) return;
    if (way?.protocol === 'webrtc') hears.climb();
    else plan(performance.now());
  };

  void begin();
  return {
    fallen: () => fallen,
    check(atMs, waitedMs, reaches = true) {
      const patienceMs = reaches ? FALLBACK.patienceMs : FALLBACK.unheardPatienceMs;
      if (!fallen && waitedMs !== undefined && waitedMs >= patienceMs) {
        fall(`WebRTC has shown nothing for ${Math.round(waitedMs / 1_000)} s`);
      } else if (fallen && climbAtMs !== undefined && atMs >= climbAtMs) void climb();
    },
    askAgain: () => void begin(),
    climbFailed: plan,
    climbed: forget,
    failed: forget,
    close() {
      closed = true;
    },
  };
}

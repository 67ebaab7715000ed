import { type Frame, type Leg, openLeg } from './leg.ts';
import type { Stage } from './stage.ts';

// A camera may send a key frame only every ten seconds.
const FIRST_FRAME_MS = 12_000;

/** What the legs tell the player. */
export interface LegsHear {
  offer(leg: string, sdp: string): void;
  candidate(leg: string, candidate: RTCIceCandidate): void;
  /** A frame of the leg in front. */
  frame(frame: Frame): void;
  /** This leg's first frame is on screen; it is in front now. */
  swapped(leg: Leg): void;
  /** This leg was closed by us. */
  closed(leg: string): void;
  /** A leg that was opened shows nothing, or the one in front is gone. */
  failed(why: string): void;
}

/** The leg in front, and the one that is to replace it. */
export interface Legs {
  front(): Leg | undefined;
  coming(): Leg | undefined;
  /**
   * Prepares a leg. It replaces the one in front at its first frame.
   * @param purpose `repair`: when the picture in front moves again by itself, the new leg is given up;
   *   `replace`: it is not
   * @param name by default the free one of a and b
   */
  open(purpose: 'repair' | 'replace', name?: string): void;
  /** Sends the prepared leg's offer. */
  begin(iceServers: RTCIceServer[]): void;
  find(name: string): Leg | undefined;
  /** Gives up a leg that has not shown a frame. */
  giveUp(name?: string): void;
  close(): void;
}

/** Keeps the legs of one player. */
export function createLegs(stage: Stage, hears: LegsHear): Legs {
  let front: Leg | undefined;
  let coming: { leg: Leg; purpose: 'repair' | 'replace'; deadline: number } | undefined;

  const giveUp = (name?: string): void => {
    if (!coming || (name !== undefined && coming.leg.name !== name)) return;
    const { leg, deadline } = coming;
    coming = undefined;
    window.clearTimeout(deadline);
    leg.close();
    hears.closed(leg.name);
  };
  const swap = (leg: Leg): void => {
    window.clearTimeout(coming?.deadline);
    coming = undefined;
    const old = front;
    front = leg;
    stage.show(leg.video);
    old?.close();
    if (old && old.name !== leg.name) hears.closed(old.name);
    hears.swapped(leg);
  };
  const frameOf = (leg: Leg, frame: Frame): void => {
    if (coming?.leg === leg) swap(leg);
    if (front !== leg) return;
    if (coming?.purpose === 'repair') giveUp();
    hears.frame(frame);
  };

  return {
    front: () => front,
    coming: () => coming?.leg,
    open(purpose, name = front?.name === 'a' ? 'b' : 'a') {
      giveUp();
      const leg = openLeg(name, stage.spare(), {
        candidate: (candidate) => hears.candidate(name, candidate),
        frame: (frame) => frameOf(leg, frame),
        lost(why) {
          giveUp(name);
          hears.failed(why);
        },
      });
      const late = (): void => {
        giveUp(name);
        hears.failed('No picture arrived.');
      };
      coming = { leg, purpose, deadline: window.setTimeout(late, FIRST_FRAME_MS) };
    },
    begin(iceServers) {
      const leg = coming?.leg;
      leg?.begin(iceServers).then(
        (sdp) => hears.offer(leg.name, sdp),
        (error) => {
          if (coming?.leg !== leg) return;
          giveUp();
          hears.failed(`This browser can't make an offer: ${error}`);
        },
      );
    },
    find: (name) => (coming?.leg.name === name ? coming.leg : front?.name === name ? front : undefined),
    giveUp,
    close() {
      giveUp();
      const last = front;
      front = undefined;
      last?.close();
      if (last) hears.closed(last.name);
    },
  };
}

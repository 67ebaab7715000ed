import type { Frame } from './frames.ts';
import { createLead, type Lead } from './lead.ts';
import type { Leg, LegHears } from './leg.ts';
import type { WhepAt } from './resources.ts';
import type { Stage } from './stage.ts';
import { succeeds } from './succession.ts';

/** A relay that was to help is given up after this long: the gateway is asked for another. */
const HELP_MS = 4_000;
/** A ready leg whose last frame is older does not flow. */
const FLOWING_MS = 500;
/** Why another leg is opened while the picture in front is well; with a network that is short two are too many. */
const CALM: ReadonlySet<string | undefined> = new Set(['departure', 'draining', 'rebalance', 'recovered']);

/**
 * What a leg is opened for. `replace`: it takes the place of the one in front at its first frame. `repair`: the same,
 * unless the one in front moves again first. `hop`: the picture is there, it only goes on on another path.
 * `ready`: it flows unseen, for when the one in front is lost.
 */
export type Purpose = 'replace' | 'repair' | 'hop' | 'ready';

/** Where a leg goes, and why. */
export interface Goal {
  relay: string;
  reason: string;
  /** The rung that it shows, when that is why it is opened. */
  quality?: string;
  /** Lets it in there without the gateway deciding. */
  token?: string;
  /** Where that relay takes the offer itself, while no gateway answers. */
  direct?: WhepAt | undefined;
  /** No frame had come for so long. */
  silentMs?: number;
  /** It flows beside the picture in front for so long first: a network that bears both has room for it. */
  proveMs?: number;
}

/** How to open a leg. */
export interface Opening {
  purpose: Purpose;
  /** By default a free one. */
  name?: string;
  goal?: Goal;
  /** By which way the picture comes; by default over a peer connection. */
  over?: 'hls';
}

/** Opens a leg of the kind that is asked for. */
export type OpenLeg = (name: string, video: HTMLVideoElement, hears: LegHears, opening: Opening) => Leg;

/** What the legs tell the player. */
export interface LegsHear {
  offer(leg: string, sdp: string, goal: Goal | undefined): void;
  candidate(leg: string, candidate: RTCIceCandidate): void;
  /** A frame of the leg in front. */
  frame(frame: Frame): void;
  /**
   * This leg is in front now, with its first frame or while it flows.
   * @param gapMs since the last frame of the one before
   */
  swapped(leg: Leg, goal: Goal | undefined, gapMs: number | undefined): void;
  /** The leg that is kept ready proves that the one in front is at fault. */
  proven(): void;
  /** This leg was closed by us. @param noRoom it has not proven that the network has room for it */
  closed(leg: string, noRoom?: boolean): void;
  /** A leg that was opened to be in front shows nothing, or the one in front is gone. */
  failed(why: string, leg: Leg): void;
}

/** The leg in front, the one that is to replace it, and the one that is kept ready. */
export interface Legs {
  front(): Leg | undefined;
  coming(): { leg: Leg; purpose: Purpose; goal: Goal | undefined } | undefined;
  ready(): { relay: string; frames: number; frameMs: number } | undefined;
  /** Whether the ready leg shows that the camera sends, though the one in front stands; undefined: there is none. */
  proves(): boolean | undefined;
  /** Prepares a leg; one that was coming is given up for it. */
  open(opening: Opening): void;
  /** Sends the offer of the leg that was prepared last. */
  begin(iceServers: RTCIceServer[]): void;
  /**
   * Brings the ready leg to the front, or has it come there with its next frame.
   * @param name only if that is its name
   * @returns false when there is none
   */
  useReady(goal: Goal, name?: string): boolean;
  dropReady(): void;
  find(name: string): Leg | undefined;
  /** The gateway's answer: from now on a picture is due. @param relay from there, wherever it was asked for */
  answer(name: string, sdp: string, relay?: string): void;
  /** The gateway does not open this leg. */
  refused(name: string, why: string): void;
  /** Gives up a leg that has not shown a frame. */
  giveUp(name?: string): void;
  /** What comes does so at the cost of the picture in front. @returns whether it was to prove the contrary, and is given up */
  noRoom(): boolean;
  close(): void;
}

interface Coming {
  leg: Leg;
  purpose: Purpose;
  goal: Goal | undefined;
  deadline: number;
  /** That it has shown. */
  frames: number;
  /** When the relay began to send it, on the page's clock. */
  answeredMs?: number;
}

/** Whether it still has to prove that the network has room for it. */
const isProving = ({ goal, answeredMs }: Coming): boolean =>
  goal?.proveMs !== undefined && (answeredMs === undefined || performance.now() - answeredMs < goal.proveMs);

/** Keeps the legs of one player. */
export function createLegs(stage: Stage, openLeg: OpenLeg, hears: LegsHear): Legs {
  let front: Leg | undefined;
  let shownMs: number | undefined;
  let coming: Coming | undefined;
  /** `frameMs`: when its last frame came, on the page's clock. */
  let ready: { leg: Leg; relay: string; frames: number; lead: Lead; frameMs: number } | undefined;
  let prepared: { leg: Leg; goal: Goal | undefined } | undefined;

  /** @param successor a leg of the same name takes its place at the gateway too */
  const shut = (leg: Leg, successor?: Leg, noRoom = false): void => {
    leg.close();
    stage.free(leg.video);
    if (leg.signalled && successor?.name !== leg.name) hears.closed(leg.name, noRoom);
  };
  const giveUp = (name?: string, noRoom = false): void => {
    if (!coming || (name !== undefined && coming.leg.name !== name)) return;
    const { leg, deadline } = coming;
    coming = undefined;
    window.clearTimeout(deadline);
    shut(leg, undefined, noRoom);
  };
  /** Has the relay send no more of the picture in front; what waits in the network before us still comes. */
  const runOut = (): void => {
    if (!front) return;
    front.runOut();
    hears.closed(front.name);
  };
  const dropReady = (): void => {
    const leg = ready?.leg;
    ready = undefined;
    if (leg) shut(leg);
  };
  const swap = (leg: Leg, goal: Goal | undefined, atMs: number): void => {
    const old = front;
    front = leg;
    stage.show(leg.video);
    if (old) shut(old, leg);
    hears.swapped(leg, goal, shownMs === undefined ? undefined : atMs - shownMs);
    shownMs = atMs;
  };
  /** Counts a frame of the coming leg. @returns whether it comes to the front with it */
  const isDue = (next: Coming, { displayMs }: Frame): boolean => {
    next.frames++;
    if (isProving(next)) return false;
    const calm = CALM.has(next.goal?.reason);
    const frontAgeMs = shownMs === undefined ? undefined : displayMs - shownMs;
    return succeeds({ calm, frames: next.frames, frontAgeMs });
  };
  const frameOf = (leg: Leg, frame: Frame): void => {
    if (ready?.leg === leg) {
      ready.frames++;
      ready.frameMs = performance.now();
      ready.lead.ready(ready.frameMs);
      if (ready.lead.proves()) hears.proven();
    }
    if (coming?.leg === leg && isDue(coming, frame)) {
      const { goal, deadline } = coming;
      window.clearTimeout(deadline);
      coming = undefined;
      swap(leg, goal, frame.displayMs);
    }
    if (front !== leg) return;
    shownMs = frame.displayMs;
    ready?.lead.front(performance.now());
    if (coming?.purpose === 'repair') giveUp();
    hears.frame(frame);
  };
  const lost = (leg: Leg, why: string): void => {
    giveUp(leg.name);
    if (ready?.leg === leg) dropReady();
    else hears.failed(why, leg);
  };
  /** The first leg is `a`; the gateway names those that it orders from the alphabet's first half. */
  const free = (): string => {
    const taken = [front, coming?.leg, ready?.leg].flatMap((leg) => (leg ? [leg.name] : []));
    if (taken.length === 0) return 'a';
    return [...'nopq'].find((name) => !taken.includes(name)) ?? 'r';
  };
  /** A leg that shows nothing in time is given up; one that only hops is no loss. */
  const late = (leg: Leg, purpose: Purpose): void => {
    giveUp(leg.name);
    if (purpose !== 'hop') hears.failed('No picture arrived.', leg);
  };

  const expect = (leg: Leg, purpose: Purpose, goal: Goal | undefined, withinMs = leg.patienceMs): void => {
    window.clearTimeout(coming?.deadline);
    const deadline = window.setTimeout(() => late(leg, purpose), withinMs);
    coming = { leg, purpose, goal, deadline, frames: 0 };
  };
  // Of two of one name, what is said is meant for the newer one: it has the other's place at the gateway.
  const find = (name: string): Leg | undefined => [coming?.leg, ready?.leg, front].find((leg) => leg?.name === name);

  return {
    front: () => front,
    coming: () => coming,
    ready: () => ready,
    proves: () => (ready && ready.frames > 0 ? ready.lead.proves() : undefined),
    open(opening) {
      const { purpose, name, goal } = opening;
      if (purpose === 'ready') dropReady();
      else giveUp();
      const called = name ?? free();
      const leg: Leg = openLeg(
        called,
        stage.spare(),
        {
          candidate: (candidate) => hears.candidate(called, candidate),
          frame: (frame) => frameOf(leg, frame),
          lost: (why) => lost(leg, why),
        },
        opening,
      );
      prepared = { leg, goal };
      if (purpose === 'ready') {
        ready = { leg, relay: goal?.relay ?? '', frames: 0, lead: createLead(), frameMs: leg.beganMs };
        return;
      }
      expect(leg, purpose, goal);
    },
    begin(iceServers) {
      if (!prepared) return;
      const { leg, goal } = prepared;
      prepared = undefined;
      leg.begin(iceServers).then(
        (sdp) => sdp !== undefined && hears.offer(leg.name, sdp, goal),
        (error) => {
          if (coming?.leg === leg || ready?.leg === leg) lost(leg, `This browser can't make an offer: ${error}`);
        },
      );
    },
    useReady(goal, name) {
      if (!ready || (name !== undefined && ready.leg.name !== name)) return false;
      const { leg, relay, frames, frameMs } = ready;
      const now = performance.now();
      giveUp();
      ready = undefined;
      if (frames > 0 && now - frameMs < FLOWING_MS) swap(leg, { ...goal, relay }, now);
      else expect(leg, 'replace', { ...goal, relay });
      return true;
    },
    dropReady,
    find,
    answer(name, sdp, relay) {
      const leg = find(name);
      if (leg && relay && coming?.leg === leg && coming.goal) coming.goal = { ...coming.goal, relay };
      if (leg && coming?.leg === leg) coming.answeredMs ??= performance.now();
      if (leg && coming?.leg === leg && coming.goal?.silentMs !== undefined) {
        expect(leg, coming.purpose, coming.goal, HELP_MS);
      }
      // What more were sent of the picture in front would take the place of the one that is to come.
      if (leg && coming?.leg === leg && coming.goal?.reason === 'collapsed') runOut();
      leg?.answer(sdp).catch((error: unknown) => lost(leg, `The gateway's answer can't be used: ${error}`));
    },
    refused(name, why) {
      const leg = [coming?.leg, ready?.leg].find((one) => one?.name === name);
      if (leg) lost(leg, why);
    },
    giveUp,
    noRoom() {
      if (!coming || !isProving(coming)) return false;
      giveUp(coming.leg.name, true);
      return true;
    },
    close() {
      giveUp();
      dropReady();
      const last = front;
      front = undefined;
      if (last) shut(last);
    },
  };
}

import type { Admission, Door } from './admission.ts';
import { neededQuality, takesH265 } from './delivery.ts';
import type { Frame } from './frames.ts';
import type { Leg } from './leg.ts';
import { createLegs, type Goal, type LegsHear, type Opening } from './legs.ts';
import { createMeasure, type Measure } from './measure.ts';
import type { Moved } from './moved.ts';
import { createMover } from './mover.ts';
import type { PlayerOptions } from './options.ts';
import { hasNoPicture } from './protocol.ts';
import { createReconnection } from './reconnection.ts';
import { startReporting } from './reporting.ts';
import { createSession, type SessionHears } from './session.ts';
import type { Stage } from './stage.ts';
import { type StandingHears, watchStanding } from './standing.ts';
import { nextState, type PlayerHeard, type PlayerState } from './state.ts';
import { createWays } from './ways.ts';

/** What happens live. */
export interface LiveHears {
  /** Whether a second connection is to be kept ready at another relay. */
  hot(): boolean;
  state(state: PlayerState): void;
  /** A frame is on screen. @param read when it was there, and how old, where its clock was read */
  frame(read: ReturnType<Measure['frame']>): void;
  moved(moved: Omit<Moved, 'gapMs' | 'at'>, gapMs: number): void;
  /** It is about to end for good. */
  ending(): void;
}

/** A camera live: a session at the gateway, legs to relays, and whatever brings the picture back. */
export class Live {
  private readonly stage: Stage;
  private readonly hears: LiveHears;
  private readonly legs;
  private readonly measure;
  private readonly mover;
  private readonly ways;
  private readonly session;
  private readonly standing;
  private readonly reporting;
  private readonly reconnection;
  private beganMs = 0;
  private current: PlayerState = { name: 'connecting', since: Date.now() };
  /** What the gateway last said of the camera. */
  private camera: string | undefined;

  constructor(stage: Stage, door: Door, options: PlayerOptions, hears: LiveHears) {
    this.stage = stage;
    this.hears = hears;
    this.ways = createWays(door, options, {
      leave: () => this.leaveSession(),
      open: (opening) => this.go(opening),
      climb: () => this.join(),
      moved: hears.moved,
    });
    const taking = { quality: neededQuality() ?? options.quality, h265: takesH265() };
    this.session = createSession(door, options, taking, () => this.legs, this.sessionHears(options));
    this.legs = createLegs(stage, this.ways.openLeg, this.legsHear());
    this.mover = createMover(this.legs, (opening) => this.go(opening));
    this.measure = createMeasure(options.clock ?? 'sampled');
    this.reporting = startReporting(this.legs, stage, this.measure, {
      measured: (measured) => options.hears?.measured?.(measured),
      tell: (leg, measured, queueMs) =>
        this.session.signals()?.stats(leg.name, measured, this.standing.takeGapMs(), queueMs),
    });
    this.standing = watchStanding(this.standingHears());
    this.reconnection = createReconnection({
      ...{ legs: this.legs, session: this.session, ways: this.ways, state: () => this.current },
      moves: () => this.current.name === 'playing' && this.legs.front() !== undefined && !this.standing.isLate(),
      join: () => this.join(),
      open: (opening) => this.go(opening),
      hear: (heard) => this.hear(heard),
      finish: (reason, text) => this.finish(reason, text),
    });
  }

  /** Asks for the picture. @param beganMs when somebody wanted it, by `performance.now()` */
  begin(beganMs: number): void {
    this.beganMs = beganMs;
    this.join();
  }

  get state(): PlayerState {
    return this.current;
  }

  /** Whether a frame can be expected soon. */
  comes(): boolean {
    return this.current.name === 'playing' || this.current.name === 'connecting';
  }

  /** The leg whose picture is shown. */
  front(): Leg | undefined {
    return this.legs.front();
  }

  /** What its session was granted. */
  granted(): Admission | undefined {
    return this.session.granted();
  }

  /** Nobody saw it: what was missed meanwhile counts for nothing. */
  unseen(): void {
    this.standing.unseen();
  }

  /** Holds the picture here; the session goes on. */
  pause(): void {
    this.stage.front()?.pause();
    this.hear({ type: 'paused' });
  }

  /** Goes back to live after a pause. */
  resume(): void {
    if (this.current.name !== 'paused') return;
    this.standing.unseen();
    this.legs.front()?.toLive();
    const video = this.stage.front();
    video?.play().catch(() => {});
    this.hear({ type: 'resumed' });
    if (!this.session.signals() && !this.ways.fallen()) this.reconnection.retry();
  }

  /** The camera has a picture again: don't wait for the next attempt. */
  wake(): void {
    this.reconnection.wake();
  }

  /** Leaves the session. */
  close(): void {
    this.ways.close();
    this.legs.close();
    this.leaveSession();
    this.reporting.stop();
    this.standing.stop();
  }

  private hear(heard: PlayerHeard): void {
    const next = nextState(this.current, heard, Date.now());
    if (next === this.current) return;
    this.current = next;
    this.hears.state(next);
  }

  private join(): void {
    // The offer is made while the gateway decides.
    this.legs.open({ purpose: 'replace' });
    void this.session.ask();
  }

  /** Opens a leg and offers it. */
  private go(opening: Opening): void {
    this.legs.open(opening);
    this.legs.begin(this.session.granted()?.iceServers ?? []);
  }

  private finish(reason: string, text: string): void {
    this.hears.ending();
    this.close();
    this.stage.clear();
    this.hear({ type: 'end', reason, text });
  }

  private leaveSession(): void {
    this.reconnection.cancel();
    this.session.leave();
  }

  private legsHear(): LegsHear {
    return {
      ...this.session.brings,
      failed: (why, leg) => {
        if (!leg.signalled) this.ways.hlsFailed();
        this.reconnection.again(why);
      },
      frame: (frame) => this.hearFrame(frame),
      proven: () => this.standing.look(),
      swapped: (leg, goal, gapMs) => this.hearFirstFrame(leg, goal, gapMs),
    };
  }

  private hearFirstFrame(leg: Leg, goal: Goal | undefined, gapMs: number | undefined): void {
    const fromClick = this.current.name === 'connecting' && this.reconnection.failed() === 0;
    const firstFrameMs = performance.now() - (fromClick ? this.beganMs : leg.beganMs);
    this.reconnection.reset();
    this.standing.began();
    if (leg.signalled) this.session.signals()?.playing(leg.name, firstFrameMs, gapMs, goal?.silentMs);
    this.hear({ type: 'frame', firstFrameMs });
    this.ways.inFront(leg, gapMs);
    if (goal?.reason === 'collapsed' || goal?.reason === 'strained') this.reporting.catchesUp();
    if (!goal || goal.reason === 'departure' || gapMs === undefined) return;
    if (!goal.quality) this.mover.moved(goal.relay);
    const { relay, reason, quality } = goal;
    this.hears.moved({ relay, reason, ...(quality ? { quality } : {}) }, gapMs);
  }

  private hearFrame(frame: Frame): void {
    this.standing.frame(frame.displayMs);
    this.mover.frame();
    this.reporting.frame(frame);
    this.ways.seen();
    // What was to be repaired has repaired itself; without a session it has not.
    if (this.session.signals()) this.reconnection.cancel();
    this.hear({ type: 'frame' });
    const leg = this.legs.front();
    this.hears.frame(leg && this.measure.frame(leg, frame));
  }

  private sessionHears({ hears }: PlayerOptions): SessionHears {
    return {
      admitted: () => this.legs.begin(this.session.granted()?.iceServers ?? []),
      denied: (refusal) => this.reconnection.denied(refusal),
      move: (leg, goal) => this.mover.order(leg, goal),
      doubt: (forMs) => {
        this.reporting.often(forMs);
        this.standing.doubt(forMs);
      },
      standby: (standby) => this.mover.standby(standby),
      cameraState: (state, why) => {
        this.camera = state;
        this.mover.camera(state);
        hears?.camera?.(state, why);
        if (!hasNoPicture(state)) this.reconnection.wake();
      },
      end: (reason, text, retry) => this.reconnection.end(reason, text, retry),
      link: (up) => {
        this.reconnection.link(up);
        hears?.link?.(up);
      },
    };
  }

  private standingHears(): StandingHears {
    return {
      wanted: () => this.stage.seen() && this.current.name !== 'paused',
      dark: () => hasNoPicture(this.camera),
      buffers: () => this.ways.buffers(),
      proves: () => this.legs.proves(),
      excused: () => {
        this.ways.seen();
        if (!this.hears.hot()) this.legs.dropReady();
      },
      looked: (nowMs) => this.ways.check(nowMs, this.session.signals()?.reaches() ?? true),
      prepare: (nowMs) => this.mover.keepReady(this.hears.hot(), nowMs),
      late: (silentMs, nowMs) => this.mover.help(silentMs, nowMs),
      stands: (silentMs) => this.hear({ type: 'silence', silentMs }),
      reopen: () => {
        if (!this.legs.coming()) this.reconnection.again('The picture stopped.');
      },
    };
  }
}

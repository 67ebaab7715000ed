import type { Door } from './admission.ts';
import { createAttempts } from './attempts.ts';
import { neededQuality } from './delivery.ts';
import type { Frame } from './frames.ts';
import { houseNow } from './house-time.ts';
import type { Leg } from './leg.ts';
import { createLegs, type Goal, type LegsHear, type Opening } from './legs.ts';
import { createMeasure } from './measure.ts';
import { createMover } from './mover.ts';
import type { PlayerOptions } from './options.ts';
import { createPast, type Past, type PastHears } from './past.ts';
import { showPoster } from './poster.ts';
import { hasNoPicture } from './protocol.ts';
import { startReporting } from './reporting.ts';
import { createSession, type SessionHears } from './session.ts';
import { createSound, type Sound, type SoundWish } from './sound.ts';
import { createStage } from './stage.ts';
import { type StandingHears, watchStanding } from './standing.ts';
import { nextState, type PlayerHeard, type PlayerState } from './state.ts';
import { createTelling } from './telling.ts';
import { createWays } from './ways.ts';

const AGAIN = { firstMs: 400, longestMs: 15_000 };
/** After a camera came back, its picture usually comes back on the leg that is there. */
const WAKE_MS = 300;

/**
 * Plays a camera inside `host`, which must be positioned. Comes back by itself from everything except an end that the
 * gateway calls final. Tells what happens through `options.hears`, and through the bubbling events
 * `signalbox:state` and `signalbox:frame` (`{camera, at, latency_ms}` for each frame whose clock was read).
 */
export class Player {
  private readonly options: PlayerOptions;
  readonly door: Door;
  /** The past of its camera. */
  readonly past: Past;
  private readonly stage;
  private readonly telling;
  private readonly legs;
  private readonly measure;
  private readonly mover;
  private readonly ways;
  private readonly session;
  private readonly standing;
  private readonly sound: Sound;
  private readonly beganMs = performance.now();
  private readonly reporting;
  private current: PlayerState = { name: 'connecting', since: Date.now() };
  /** What the gateway last said of the camera. */
  private camera: string | undefined;
  private readonly attempts = createAttempts(AGAIN, () => this.retry());
  /** The gateway was heard, and is no more. */
  private linkLost = false;
  /** Whether a second connection is kept ready for it at another relay. */
  hot: boolean;
  private silent = true;

  constructor(host: HTMLElement, options: PlayerOptions) {
    this.options = options;
    this.hot = options.hot ?? false;
    this.door = { server: options.server ?? '', ...(options.token ? { token: options.token } : {}) };
    this.stage = createStage(host, () => this.standing?.unseen());
    this.telling = createTelling(this.stage.element, options);
    this.past = createPast(this.stage, this.door, options.camera, this.pastHears());
    this.ways = createWays(this.door, options, {
      leave: () => this.leaveSession(),
      open: (opening) => this.go(opening),
      climb: () => this.join(),
      moved: (moved, gapMs) => this.telling.moved(moved, gapMs),
    });
    const quality = neededQuality() ?? options.quality;
    this.session = createSession(this.door, options, quality, () => this.legs, this.sessionHears());
    this.legs = createLegs(this.stage, this.ways.openLeg, this.legsHear());
    this.mover = createMover(this.legs, (opening) => this.go(opening));
    this.measure = createMeasure(options.clock ?? 'sampled');
    this.reporting = startReporting(this.legs, this.stage, this.measure, {
      measured: (measured) => options.hears?.measured?.(measured),
      tell: (leg, { figures, latency }, queueMs) =>
        this.session.signals()?.stats(leg.name, figures, latency?.ms, this.standing.takeGapMs(), queueMs),
    });
    this.standing = watchStanding(this.standingHears());
    this.sound = createSound(
      () => this.soundWish(),
      (state) => options.hears?.sound?.(state),
    );
    showPoster(this.door, options.camera, this.stage.poster);
    this.join();
  }

  /** What the player is doing now. */
  get state(): PlayerState {
    return this.current;
  }

  get muted(): boolean {
    return this.silent;
  }

  set muted(silent: boolean) {
    this.silent = silent;
    this.stage.mute(silent);
    this.sound.look();
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
    this.stage
      .front()
      ?.play()
      .catch(() => {});
    this.hear({ type: 'resumed' });
    if (!this.session.signals() && !this.ways.fallen()) this.retry();
  }

  /** The camera has a picture again: don't wait for the next attempt. */
  wake(): void {
    if (this.current.name === 'playing' || this.current.name === 'ended' || this.current.name === 'paused') return;
    this.attempts.reset();
    if (this.legs.coming() && !this.attempts.waiting()) return;
    this.attempts.soon(WAKE_MS);
  }

  /** Leaves the session and takes the player out of the page. */
  close(): void {
    this.leave();
    this.stage.remove();
  }

  private hear(heard: PlayerHeard): void {
    const next = nextState(this.current, heard, Date.now());
    if (next === this.current) return;
    this.current = next;
    this.telling.state(next);
    if (!this.comes()) this.past.liveFrame();
  }

  private join(): void {
    // The offer is made while the gateway decides.
    this.legs.open({ purpose: 'replace' });
    void this.session.ask();
  }

  private again(why: string, leastMs?: number): void {
    if (this.current.name === 'ended') return;
    if (this.ways.fallen()) {
      this.leaveSession();
      this.ways.climbFailed();
      return;
    }
    const waitMs = this.attempts.plan(leastMs);
    // What happens behind a picture that moves is of no concern to who looks at it.
    if (waitMs === undefined || this.moves()) return;
    this.hear({ type: 'retrying', attempt: this.attempts.failed(), why, nextAt: Date.now() + waitMs });
  }

  private moves(): boolean {
    return this.current.name === 'playing' && this.legs.front() !== undefined && !this.standing.isLate();
  }

  private retry(): void {
    this.attempts.cancel();
    if (this.current.name === 'ended' || this.current.name === 'paused' || this.ways.fallen()) return;
    if (this.session.signals()) this.go({ purpose: 'repair' });
    else this.join();
  }

  /** Opens a leg and offers it. */
  private go(opening: Opening): void {
    this.legs.open(opening);
    this.legs.begin(this.session.granted()?.iceServers ?? []);
  }

  private finish(reason: string, text: string): void {
    this.leave();
    this.stage.clear();
    this.hear({ type: 'end', reason, text });
  }

  private leaveSession(): void {
    this.attempts.cancel();
    this.session.leave();
  }

  private leave(): void {
    this.past.close();
    this.sound.close();
    this.ways.close();
    this.legs.close();
    this.leaveSession();
    this.reporting.stop();
    this.standing.stop();
  }

  private legsHear(): LegsHear {
    return {
      ...this.session.brings,
      failed: (why, leg) => {
        if (!leg.signalled) this.ways.hlsFailed();
        this.again(why);
      },
      frame: (frame) => this.hearFrame(frame),
      swapped: (leg, goal, gapMs) => this.hearFirstFrame(leg, goal, gapMs),
    };
  }

  /** Whether a frame of live can be expected soon. */
  private comes(): boolean {
    return this.current.name === 'playing' || this.current.name === 'connecting';
  }

  private pastHears(): PastHears {
    return {
      state: (state) => this.telling.past(state),
      resume: () => this.resume(),
      moves: () => this.comes(),
      shownAt: () => houseNow() - (this.current.name === 'paused' ? Date.now() - this.current.since : 0),
    };
  }

  private hearFirstFrame(leg: Leg, goal: Goal | undefined, gapMs: number | undefined): void {
    const fromClick = this.current.name === 'connecting' && this.attempts.failed() === 0;
    const firstFrameMs = performance.now() - (fromClick ? this.beganMs : leg.beganMs);
    this.attempts.reset();
    this.standing.began();
    if (leg.signalled) this.session.signals()?.playing(leg.name, firstFrameMs, gapMs, goal?.silentMs);
    this.hear({ type: 'frame', firstFrameMs });
    this.ways.inFront(leg, gapMs);
    if (goal?.reason === 'collapsed' || goal?.reason === 'strained') this.reporting.catchesUp();
    if (!goal || goal.reason === 'departure' || gapMs === undefined) return;
    if (!goal.quality) this.mover.moved(goal.relay);
    const { relay, reason, quality } = goal;
    this.telling.moved({ relay, reason, ...(quality ? { quality } : {}) }, gapMs);
  }

  private hearFrame(frame: Frame): void {
    this.standing.frame(frame.displayMs);
    this.reporting.frame(frame);
    this.ways.seen();
    // What was to be repaired has repaired itself; without a session it has not.
    if (this.session.signals()) this.attempts.cancel();
    this.hear({ type: 'frame' });
    this.past.liveFrame();
    const leg = this.legs.front();
    const read = leg && this.measure.frame(leg, frame);
    if (read && !this.past.shown()) this.telling.frame(read.at, read.latencyMs);
  }

  private sessionHears(): SessionHears {
    return {
      admitted: () => this.legs.begin(this.session.granted()?.iceServers ?? []),
      denied: ({ reason, text, retry, afterMs }) => {
        this.legs.giveUp();
        if (retry) this.again(text, afterMs);
        else this.finish(reason, text);
      },
      move: (leg, goal) => this.mover.order(leg, goal),
      doubt: (forMs) => {
        this.reporting.often(forMs);
        this.standing.doubt(forMs);
      },
      standby: (standby) => this.mover.standby(standby),
      cameraState: (state, why) => {
        this.camera = state;
        this.mover.camera(state);
        this.options.hears?.camera?.(state, why);
        if (!hasNoPicture(state)) this.wake();
      },
      end: (reason, text, retry) => {
        if (!retry) return this.finish(reason, text);
        this.session.ended();
        this.legs.giveUp();
        this.attempts.cancel();
        this.again(text);
      },
      link: (up) => this.hearLink(up),
    };
  }

  /**
   * A leg that was on its way when the gateway went may never be answered: with its return it is begun anew. One by
   * which the player helps itself goes on: it needs no gateway.
   */
  private hearLink(up: boolean): void {
    const coming = this.legs.coming();
    if (up && this.linkLost && coming && coming.goal?.silentMs === undefined && !this.moves()) {
      this.legs.giveUp();
      this.retry();
    }
    this.linkLost = !up;
    this.options.hears?.link?.(up);
  }

  /** What is paused or past is not heard live. */
  private soundWish(): SoundWish {
    const front = this.legs.front();
    const wanted = !this.silent && front !== undefined && this.current.name !== 'paused' && !this.past.shown();
    return { wanted, withPicture: front?.sounds(), admission: this.session.granted() };
  }

  private standingHears(): StandingHears {
    return {
      wanted: () => this.stage.seen() && this.current.name !== 'paused',
      dark: () => hasNoPicture(this.camera),
      buffers: () => this.ways.buffers(),
      proves: () => this.legs.proves(),
      excused: () => this.ways.seen(),
      looked: (nowMs) => this.ways.check(nowMs, this.session.signals()?.reaches() ?? true),
      prepare: (nowMs) => this.mover.keepReady(this.hot, nowMs),
      late: (silentMs, nowMs) => this.mover.help(silentMs, nowMs),
      stands: (silentMs) => this.hear({ type: 'silence', silentMs }),
      reopen: () => {
        if (!this.legs.coming()) this.again('The picture stopped.');
      },
    };
  }
}

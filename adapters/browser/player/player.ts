import { type Admission, type Door, keepRenewed, requestSession } from './admission.ts';
import { createAttempts } from './attempts.ts';
import { neededQuality } from './delivery.ts';
import { createDirect } from './direct.ts';
import type { Frame } from './frames.ts';
import { createGapMeter } from './gap-meter.ts';
import { houseNow } from './house-time.ts';
import type { Leg } from './leg.ts';
import { createLegs, type Goal, type LegsHear, type Opening } from './legs.ts';
import { createMeasure } from './measure.ts';
import { createMover } from './mover.ts';
import type { Moved, PlayerOptions } from './options.ts';
import { createPast, type Past, type PastHears } from './past.ts';
import { showPoster } from './poster.ts';
import { hasNoPicture } from './protocol.ts';
import { startReporting } from './reporting.ts';
import type { Signaller, SignallerHears } from './signaller.ts';
import { openSignalling } from './signalling.ts';
import { createStage } from './stage.ts';
import { nextState, type PlayerHeard, type PlayerState } from './state.ts';
import { createWatchdog } from './watchdog.ts';
import { createWays } from './ways.ts';
import { openWhep } from './whep.ts';

const AGAIN = { firstMs: 400, longestMs: 15_000 };
const CHECK_MS = 30;
/** A check that comes this late says that this page was busy, not that the picture stood. */
const LATE_MS = 100;
/** A silence this long is told; a shorter one may be over by then. */
const STALLED_MS = 500;
/** A standing picture of a camera that should have one is asked for anew after this long. */
const REOPEN_MS = 1_200;
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
  private readonly legs;
  private readonly measure;
  private readonly mover;
  private readonly direct;
  private readonly ways;
  private readonly watchdog = createWatchdog();
  private readonly gaps = createGapMeter();
  private readonly beganMs = performance.now();
  private readonly reporting;
  private readonly checking: number;
  private current: PlayerState = { name: 'connecting', since: Date.now() };
  private admission: Admission | undefined;
  private signaller: Signaller | undefined;
  private stopRenewal = (): void => {};
  /** What the gateway last said of the camera. */
  private camera: string | undefined;
  private readonly attempts = createAttempts(AGAIN, () => this.retry());
  /** The gateway was heard, and is no more. */
  private linkLost = false;
  /** An answer to an older request for a session is dropped. */
  private joins = 0;
  private checkedMs = performance.now();
  /** Over WebRTC; undefined: what the gateway finds best. */
  private readonly quality: string | undefined;
  /** Whether a second connection is kept ready for it at another relay. */
  hot: boolean;
  private silent = true;

  constructor(host: HTMLElement, options: PlayerOptions) {
    this.options = options;
    this.quality = neededQuality() ?? options.quality;
    this.hot = options.hot ?? false;
    this.door = { server: options.server ?? '', ...(options.token ? { token: options.token } : {}) };
    this.stage = createStage(host, () => this.unseen());
    this.past = createPast(this.stage, this.door, options.camera, this.pastHears());
    this.ways = createWays(this.door, options, {
      leave: () => this.leaveSession(),
      open: (opening) => this.go(opening),
      climb: () => void this.join(),
      moved: (moved, gapMs) => this.tellMoved(moved, gapMs),
    });
    this.legs = createLegs(this.stage, this.ways.openLeg, this.legsHear());
    this.mover = createMover(this.legs, (opening) => this.go(opening));
    this.direct = createDirect({
      answer: (leg, sdp, relay, relaySession) => {
        this.signaller?.opened(leg, relay, relaySession);
        this.legs.answer(leg, sdp);
      },
      refused: (leg, text) => this.legs.refused(leg, text),
    });
    this.measure = createMeasure(options.clock ?? 'sampled');
    this.reporting = startReporting(this.legs, this.stage, this.measure, {
      measured: (measured) => options.hears?.measured?.(measured),
      tell: (leg, { figures, latency }) => this.signaller?.stats(leg.name, figures, latency?.ms, this.gaps.take()),
    });
    this.checking = window.setInterval(() => this.check(), CHECK_MS);
    showPoster(this.door, options.camera, this.stage.poster);
    void this.join();
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
  }

  /** Holds the picture here; the session goes on. */
  pause(): void {
    this.stage.front()?.pause();
    this.hear({ type: 'paused' });
  }

  /** Goes back to live after a pause. */
  resume(): void {
    if (this.current.name !== 'paused') return;
    this.unseen();
    this.legs.front()?.toLive();
    this.stage
      .front()
      ?.play()
      .catch(() => {});
    this.hear({ type: 'resumed' });
    if (!this.signaller && !this.ways.fallen()) this.retry();
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

  /** Frames that nobody was to see are not missed. */
  private unseen(): void {
    this.watchdog.reset(performance.now());
    this.gaps.reset();
  }

  private hear(heard: PlayerHeard): void {
    const next = nextState(this.current, heard, Date.now());
    if (next === this.current) return;
    this.current = next;
    this.stage.element.dataset.live = next.name;
    this.options.hears?.state?.(next);
    if (!this.comes()) this.past.liveFrame();
    this.announce('state', { ...next });
  }

  private announce(name: string, detail: Record<string, unknown>): void {
    const event = new CustomEvent(`signalbox:${name}`, {
      detail: { camera: this.options.camera, ...detail },
      bubbles: true,
    });
    this.stage.element.dispatchEvent(event);
  }

  private async join(): Promise<void> {
    const run = ++this.joins;
    // The offer is made while the gateway decides.
    this.legs.open({ purpose: 'replace' });
    const answer = await requestSession(this.door, this.options.camera, this.quality);
    if (run !== this.joins) return;
    if ('refusal' in answer) {
      const { reason, text, retry, afterMs } = answer.refusal;
      this.legs.giveUp();
      return retry ? this.again(text, afterMs) : this.finish(reason, text);
    }
    this.admission = answer.admission;
    this.stopRenewal();
    this.stopRenewal = keepRenewed(this.door, answer.admission);
    const open = this.options.via === 'whep' ? openWhep : openSignalling;
    const { quality } = this;
    this.signaller = open(answer.admission, quality ? { quality } : {}, this.signallerHears());
    this.legs.begin(answer.admission.iceServers);
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
    const standing = this.watchdog.silentMs(performance.now()) !== undefined;
    return this.current.name === 'playing' && this.legs.front() !== undefined && !standing;
  }

  private retry(): void {
    this.attempts.cancel();
    if (this.current.name === 'ended' || this.current.name === 'paused' || this.ways.fallen()) return;
    if (!this.signaller || !this.admission) return void this.join();
    this.go({ purpose: 'repair' });
  }

  /** Opens a leg and offers it. */
  private go(opening: Opening): void {
    this.legs.open(opening);
    this.legs.begin(this.admission?.iceServers ?? []);
  }

  private finish(reason: string, text: string): void {
    this.leave();
    this.stage.clear();
    this.hear({ type: 'end', reason, text });
  }

  private leaveSession(): void {
    this.joins++;
    this.attempts.cancel();
    this.stopRenewal();
    this.direct.close();
    this.signaller?.close();
    this.signaller = undefined;
  }

  private leave(): void {
    this.past.close();
    this.ways.close();
    this.legs.close();
    this.leaveSession();
    this.reporting.stop();
    window.clearInterval(this.checking);
  }

  private legsHear(): LegsHear {
    return {
      offer: (leg, sdp, goal) => {
        this.direct.offer(leg, sdp, goal, this.signaller?.reaches() ?? false);
        this.signaller?.offer(leg, sdp, goal);
      },
      candidate: (leg, candidate) => {
        this.direct.candidate(leg, candidate);
        this.signaller?.candidate(leg, candidate);
      },
      closed: (leg) => {
        this.direct.closeLeg(leg);
        this.signaller?.closeLeg(leg);
      },
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
      state: (state) => {
        this.options.hears?.past?.(state);
        this.announce('past', { ...state });
      },
      resume: () => this.resume(),
      moves: () => this.comes(),
      shownAt: () => houseNow() - (this.current.name === 'paused' ? Date.now() - this.current.since : 0),
    };
  }

  private tellMoved(moved: Omit<Moved, 'gapMs' | 'at'>, gapMs: number): void {
    const told = { ...moved, gapMs: Math.max(0, Math.round(gapMs)), at: Date.now() };
    this.options.hears?.moved?.(told);
    this.announce('moved', told);
  }

  private hearFirstFrame(leg: Leg, goal: Goal | undefined, gapMs: number | undefined): void {
    const fromClick = this.current.name === 'connecting' && this.attempts.failed() === 0;
    const firstFrameMs = performance.now() - (fromClick ? this.beganMs : leg.beganMs);
    this.attempts.reset();
    // The gap of a move says nothing of how regularly frames come.
    this.watchdog.reset(performance.now());
    if (leg.signalled) this.signaller?.playing(leg.name, firstFrameMs, gapMs, goal?.silentMs);
    this.hear({ type: 'frame', firstFrameMs });
    this.ways.inFront(leg, gapMs);
    if (!goal || goal.reason === 'departure' || gapMs === undefined) return;
    if (!goal.quality) this.mover.moved(goal.relay);
    const { relay, reason, quality } = goal;
    this.tellMoved({ relay, reason, ...(quality ? { quality } : {}) }, gapMs);
  }

  private hearFrame(frame: Frame): void {
    this.watchdog.frame(performance.now());
    this.ways.seen();
    this.gaps.frame(frame.displayMs);
    // What was to be repaired has repaired itself; without a session it has not.
    if (this.signaller) this.attempts.cancel();
    this.hear({ type: 'frame' });
    this.past.liveFrame();
    const leg = this.legs.front();
    const latencyMs = leg && this.measure.frame(leg, frame);
    if (latencyMs !== undefined && !this.past.shown())
      this.announce('frame', { at: frame.displayAt, latency_ms: latencyMs });
  }

  private signallerHears(): SignallerHears {
    return {
      answer: (leg, sdp) => {
        this.direct.answered(leg);
        this.legs.answer(leg, sdp);
      },
      candidate: (leg, candidate) => this.legs.find(leg)?.candidate(candidate),
      refused: (leg, text) => this.legs.refused(leg, text),
      move: (leg, goal) => this.mover.order(leg, goal),
      report: (forMs) => this.reporting.often(forMs),
      standby: (standby) => this.mover.standby(standby),
      cameraState: (state, why) => {
        this.camera = state;
        this.mover.camera(state);
        this.options.hears?.camera?.(state, why);
        if (!hasNoPicture(state)) this.wake();
      },
      end: (reason, text, retry) => {
        if (!retry) return this.finish(reason, text);
        this.signaller = undefined;
        this.stopRenewal();
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

  /** Segments come in bursts, and hls.js mends what it can: a picture that stands is told, and nothing more. */
  private checkBuffered(now: number): void {
    const silentMs = this.watchdog.silentMs(now);
    if (silentMs !== undefined && silentMs > REOPEN_MS) this.hear({ type: 'silence', silentMs });
  }

  private check(): void {
    const now = performance.now();
    const late = now - this.checkedMs > LATE_MS;
    this.checkedMs = now;
    const excused = late || !this.stage.seen() || this.current.name === 'paused' || hasNoPicture(this.camera);
    if (excused) this.ways.seen();
    if (late || !this.stage.seen() || this.current.name === 'paused') return;
    this.ways.check(now, this.signaller?.reaches() ?? true);
    if (this.ways.buffers()) {
      this.checkBuffered(now);
      return;
    }
    this.mover.keepReady(this.hot, now);
    const silentMs = this.watchdog.silentMs(now, this.legs.proves());
    if (silentMs === undefined) return;
    this.mover.help(silentMs, now);
    if (silentMs < STALLED_MS || this.watchdog.silentMs(now) === undefined) return;
    this.hear({ type: 'silence', silentMs });
    if (silentMs > REOPEN_MS && !hasNoPicture(this.camera) && !this.legs.coming()) this.again('The picture stopped.');
  }
}

import type { Door } from './admission.ts';
import { houseNow } from './house-time.ts';
import { Live, type LiveHears } from './live.ts';
import type { PlayerOptions } from './options.ts';
import { createPast, type Past, type PastHears } from './past.ts';
import { showPoster } from './poster.ts';
import { createSound, type Sound, type SoundWish } from './sound.ts';
import { createStage } from './stage.ts';
import type { PlayerState } from './state.ts';
import { createTelling } from './telling.ts';

/**
 * Plays a camera inside `host`, which must be positioned: live, its past over it, and its sound. Comes back by itself
 * from everything except an end that the gateway calls final. Tells what happens through `options.hears`, and through
 * the bubbling events `signalbox:state` and `signalbox:frame` (`{camera, at, latency_ms}` for each frame whose clock
 * was read).
 */
export class Player {
  readonly door: Door;
  /** The past of its camera. */
  readonly past: Past;
  private readonly stage;
  private readonly telling;
  private readonly live: Live;
  private readonly sound: Sound;
  /** Whether a second connection is kept ready for it at another relay. */
  hot: boolean;
  private silent = true;

  constructor(host: HTMLElement, options: PlayerOptions) {
    const beganMs = performance.now();
    this.hot = options.hot ?? false;
    this.door = { server: options.server ?? '', ...(options.token ? { token: options.token } : {}) };
    this.stage = createStage(host, () => this.live?.unseen());
    this.telling = createTelling(this.stage.element, options);
    this.past = createPast(this.stage, this.door, options.camera, this.pastHears());
    this.live = new Live(this.stage, this.door, options, this.liveHears());
    this.sound = createSound(
      () => this.soundWish(),
      (state) => options.hears?.sound?.(state),
    );
    showPoster(this.door, options.camera, this.stage.poster);
    this.live.begin(beganMs);
  }

  /** What the player is doing now. */
  get state(): PlayerState {
    return this.live.state;
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
    this.live.pause();
  }

  /** Goes back to live after a pause. */
  resume(): void {
    this.live.resume();
  }

  /** The camera has a picture again: don't wait for the next attempt. */
  wake(): void {
    this.live.wake();
  }

  /** Leaves the session and takes the player out of the page. */
  close(): void {
    this.closeBeside();
    this.live.close();
    this.stage.remove();
  }

  /** What is over live, or beside it. */
  private closeBeside(): void {
    this.past.close();
    this.sound.close();
  }

  private liveHears(): LiveHears {
    return {
      hot: () => this.hot,
      state: (state) => {
        this.telling.state(state);
        if (!this.live.comes()) this.past.liveFrame();
      },
      frame: (read) => {
        this.past.liveFrame();
        if (read && !this.past.shown()) this.telling.frame(read.at, read.latencyMs);
      },
      moved: (moved, gapMs) => this.telling.moved(moved, gapMs),
      ending: () => this.closeBeside(),
    };
  }

  private pastHears(): PastHears {
    return {
      state: (state) => this.telling.past(state),
      resume: () => this.resume(),
      moves: () => this.live.comes(),
      shownAt: () => houseNow() - (this.state.name === 'paused' ? Date.now() - this.state.since : 0),
    };
  }

  /** What is paused or past is not heard live. */
  private soundWish(): SoundWish {
    const front = this.live.front();
    const wanted = !this.silent && front !== undefined && this.state.name !== 'paused' && !this.past.shown();
    return { wanted, withPicture: front?.sounds(), admission: this.live.granted() };
  }
}

import type { ClockUse, Measured } from './measure.ts';
import type { Moved } from './moved.ts';
import type { PastState } from './past-state.ts';
import type { SoundState } from './sound.ts';
import type { PlayerState } from './state.ts';

/** How a player is set up. */
export interface PlayerOptions {
  camera: string;
  /** Origin of the gateway; default: where the page came from. */
  server?: string;
  /** A login token; default: the page's session cookie. */
  token?: string;
  /** How to signal. WHEP is the standard; the WebSocket also tells of moves, states and ends. */
  via?: 'websocket' | 'whep';
  quality?: string;
  /** A way that somebody chose; default: the one that the gateway says, WebRTC where it does not answer. */
  protocol?: 'webrtc' | 'hls';
  /** Important: a second connection flows unseen at another relay, so that losing one is hardly seen. */
  hot?: boolean;
  /** From which frames to read a clock that is painted into the picture; default: four a second. */
  clock?: ClockUse;
  hears?: PlayerHears;
}

/** What a player tells the page around it. */
export interface PlayerHears {
  state?(state: PlayerState): void;
  /** Four times a second while there is a connection. */
  measured?(measured: Measured): void;
  /** Whether the gateway can be talked to; the picture does not depend on it. */
  link?(up: boolean): void;
  /** Whether what was turned on can be heard, and why not. */
  sound?(state: SoundState): void;
  camera?(state: string, why: string): void;
  /** Whether live or the past is on screen; the rest goes on to tell of live. */
  past?(state: PastState): void;
  /** The picture comes from another relay, or in another rung, now. */
  moved?(moved: Moved): void;
}

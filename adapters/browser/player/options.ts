import type { ClockUse, Measured } from './measure.ts';
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
  camera?(state: string, why: string): void;
}

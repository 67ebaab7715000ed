/** What a player is doing, in one word and what belongs to it. Times are epoch ms. */
export type PlayerState =
  | { name: 'connecting'; since: number }
  | { name: 'playing'; since: number; firstFrameMs: number }
  | { name: 'stalled'; since: number; silentMs: number }
  | { name: 'reconnecting'; since: number; attempt: number; why: string; nextAt: number }
  | { name: 'paused'; since: number }
  | { name: 'ended'; since: number; reason: string; text: string };

/** What a player hears. */
export type PlayerHeard =
  | { type: 'frame'; firstFrameMs?: number }
  | { type: 'silence'; silentMs: number }
  | { type: 'retrying'; attempt: number; why: string; nextAt: number }
  | { type: 'paused' }
  | { type: 'resumed' }
  | { type: 'end'; reason: string; text: string };

/**
 * The player's machine: what it hears moves it, and nothing else does. `ended` is final; whatever moves a picture
 * again (a frame) leads back to `playing` from everywhere else except `paused`, which only the person leaves.
 */
export function nextState(state: PlayerState, heard: PlayerHeard, at: number): PlayerState {
  if (state.name === 'ended') return state;
  switch (heard.type) {
    case 'end':
      return { name: 'ended', since: at, reason: heard.reason, text: heard.text };
    case 'frame':
      if (state.name === 'paused') return state;
      if (state.name === 'playing' && heard.firstFrameMs === undefined) return state;
      return { name: 'playing', since: at, firstFrameMs: heard.firstFrameMs ?? 0 };
    case 'silence':
      return state.name === 'playing' ? { name: 'stalled', since: at, silentMs: heard.silentMs } : state;
    case 'retrying': {
      if (state.name === 'paused') return state;
      const since = state.name === 'reconnecting' ? state.since : at;
      return { name: 'reconnecting', since, attempt: heard.attempt, why: heard.why, nextAt: heard.nextAt };
    }
    case 'paused':
      return state.name === 'paused' ? state : { name: 'paused', since: at };
    case 'resumed':
      return state.name === 'paused' ? { name: 'connecting', since: at } : state;
  }
}

import type { Fact } from './model.ts';

/** How a state is shown: one word, a sign, whether there is a picture, and what happens next. */
export interface StateWords {
  word: string;
  sign: Sign;
  /** No picture comes: the tile says why instead of showing one. */
  dark: boolean;
  /** What happens next by itself, in one sentence. */
  next: string;
}

/** Signs that are told apart by their shape alone. */
export type Sign =
  | 'play'
  | 'pause'
  | 'snow'
  | 'cross'
  | 'ring'
  | 'moon'
  | 'bars'
  | 'swap'
  | 'slate'
  | 'siren'
  | 'bell'
  | 'taken'
  | 'query';

const WORDS: Record<string, StateWords> = {
  live: { word: 'Live', sign: 'play', dark: false, next: '' },
  frozen: {
    word: 'Frozen',
    sign: 'snow',
    dark: false,
    next: 'What you see is old. It turns live again as soon as the picture moves.',
  },
  stalled: { word: 'Stalled', sign: 'pause', dark: true, next: 'After 5 s of silence it counts as offline.' },
  connecting: {
    word: 'Connecting',
    sign: 'ring',
    dark: true,
    next: 'The picture follows as soon as the camera sends.',
  },
  offline: {
    word: 'Offline',
    sign: 'cross',
    dark: true,
    next: 'Asking again five times a second; comes back by itself.',
  },
  quarantined: { word: 'Quarantined', sign: 'bars', dark: true, next: 'Left alone for a while, then asked again.' },
  idle: { word: 'Idle', sign: 'moon', dark: true, next: 'Connects when somebody watches.' },
  switching: { word: 'Switching', sign: 'swap', dark: false, next: 'The other source takes over.' },
  holding: { word: 'Signal lost', sign: 'slate', dark: true, next: 'Asking its sources; any that returns is shown.' },
  serving: { word: 'Serving', sign: 'play', dark: false, next: '' },
  starting: { word: 'Starting', sign: 'ring', dark: true, next: '' },
  suspect: { word: 'Suspect', sign: 'pause', dark: false, next: '' },
  draining: { word: 'Draining', sign: 'swap', dark: false, next: '' },
  dead: { word: 'Dead', sign: 'cross', dark: true, next: '' },
  removed: { word: 'Removed', sign: 'slate', dark: true, next: '' },
};

const NEXT_BY_REASON: Record<string, string> = {
  unauthorized: 'Tries its password again once a minute. Check the password in the configuration.',
  'not-found': 'Asks again five times a second. Check the path in its address.',
  'unknown-host': 'Asks again five times a second. Check the host name in its address.',
  relay: 'The relay restarts by itself; the camera follows at once.',
};

const FACTS: Record<string, { word: string; sign: Sign }> = {
  'camera.switched': { word: 'Switched', sign: 'swap' },
  'camera.resized': { word: 'Another size', sign: 'swap' },
  'camera.misplaced': { word: 'Sent to another intake', sign: 'cross' },
};

/** The word and sign of what a camera said. */
export function wordsOfFact({ type, state, data }: Fact): { word: string; sign: Sign } {
  if (type === 'camera.publisher') {
    return data.publishing ? { word: 'Publisher came', sign: 'play' } : { word: 'Publisher gone', sign: 'cross' };
  }
  if (type !== 'camera.source') return FACTS[type] ?? wordsFor(state);
  const source = String(data.source_state);
  return {
    word: `Source ${data.source} ${source}`,
    sign: WORDS[source]?.sign ?? (source === 'flowing' ? 'play' : 'ring'),
  };
}

/** The words for a state; states that this page does not know keep their own name. */
export function wordsFor(state: string, reason?: string): StateWords {
  const known = WORDS[state] ?? { word: state || 'Unknown', sign: 'query', dark: false, next: '' };
  const next = known.dark && reason ? NEXT_BY_REASON[reason] : undefined;
  return next ? { ...known, next } : known;
}

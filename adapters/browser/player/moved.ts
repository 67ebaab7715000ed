import type { Moved } from './options.ts';

const REASONS: Record<string, string> = {
  'relay-lost': 'its relay was lost',
  'relay-restarted': 'its relay started anew',
  'relay-ended': 'its relay ended the connection',
  draining: 'its relay is being drained',
  silence: 'no frame came any more',
};

/** A move in a sentence: where to, why, and for how long the picture stood. */
export const movedText = ({ relay, reason, gapMs }: Moved): string =>
  `Moved to ${relay}: ${REASONS[reason] ?? reason}, ${gapMs} ms`;

import type { Moved } from './options.ts';

const REASONS: Record<string, string> = {
  'relay-lost': 'its relay was lost',
  'relay-restarted': 'its relay started anew',
  'relay-ended': 'its relay ended the connection',
  draining: 'its relay is being drained',
  silence: 'no frame came any more',
  'peer-lost': 'what encoded it ended',
  collapsed: 'the network carried hardly anything',
  strained: 'the network lost too much',
  bandwidth: 'its relay has not enough for all',
  recovered: 'the network is good again',
  climbed: 'it shows a picture again',
};
const WAYS = { hls: 'HLS', webrtc: 'WebRTC' };

/** A move in a sentence: where to, or to which rung, why, and for how long the picture stood. */
export const movedText = ({ relay, quality, over, reason, gapMs }: Moved): string =>
  `${over ? `Now over ${WAYS[over]}` : quality ? `Now ${quality}` : `Moved to ${relay}`}: ${REASONS[reason] ?? reason}, ${gapMs} ms`;

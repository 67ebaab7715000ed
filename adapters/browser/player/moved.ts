/** A move of a picture from one relay, or from one rung, to another. */
export interface Moved {
  relay: string;
  /** The rung that it is in now; absent: only the relay has changed. */
  quality?: string;
  /** Another way, when that is what has changed; then `reason` may be a sentence. */
  over?: 'hls' | 'webrtc';
  /** A code: `relay-lost`, `draining`, `silence`, `collapsed`, `recovered` … */
  reason: string;
  /** From the last frame before to the first one after. */
  gapMs: number;
  /** Epoch ms. */
  at: number;
}

const REASONS: Record<string, string> = {
  'relay-lost': 'its relay was lost',
  'relay-restarted': 'its relay started anew',
  'relay-removed': 'its relay was taken out of service',
  'relay-ended': 'its relay ended the connection',
  draining: 'its relay is being drained',
  rebalance: 'its relay carried more than its share',
  silence: 'no frame came any more',
  'peer-lost': 'what encoded it ended',
  collapsed: 'hardly anything came through',
  strained: 'the network lost too much',
  overloaded: 'this device can’t keep up',
  stuttered: 'it stuttered',
  bandwidth: 'its relay has not enough for all',
  recovered: 'the network is good again',
  late: 'the lower one came too late',
  climbed: 'it shows a picture again',
};
const WAYS = { hls: 'HLS', webrtc: 'WebRTC' };

/** A move in a sentence: where to, or to which rung, why, and for how long the picture stood. */
export const movedText = ({ relay, quality, over, reason, gapMs }: Moved): string =>
  `${over ? `Now over ${WAYS[over]}` : quality ? `Now ${quality}` : `Moved to ${relay}`}: ${REASONS[reason] ?? reason}, ${gapMs > 0 ? `${gapMs} ms` : 'without a gap'}`;

import type { Rung } from '../../bus/events/rendition.ts';
import type { Why } from '../../bus/events/why.ts';

/** What is known of who asks. */
export interface Device {
  userAgent: string;
  /** The browser's own word (Client Hints); the user agent is guessed from where it says nothing. */
  mobile?: boolean;
  networkKbps?: number;
  /** The browser was told to spare data. */
  savesData?: boolean;
  /** False when it can't decode H.264 in WebRTC. */
  h264?: boolean;
  /** True when it can decode H.265 in WebRTC. */
  h265?: boolean;
  /** Whether its player of HLS is the system's own; where it does not say, the user agent is guessed from. */
  native?: boolean;
  /** Low-latency HLS is wanted, whatever plays it. */
  latency?: 'low';
  /** What an operator, or the viewer, wants; it wins where it is possible. */
  protocol?: Protocol;
  quality?: string;
}
export type Protocol = 'webrtc' | 'hls';

/** The ways in which a camera can be watched. */
export interface Ways {
  /** The rung that was asked for, else the camera's own picture; its codec as RTP names it, where that is known. */
  webrtc: { quality: string; bitrateBps: number; codec?: string };
  /** The rungs of its ladder, best first. */
  hls: readonly Pick<Rung, 'name' | 'height' | 'bitrate_bps'>[];
  /** Whether a relay gives out parts of segments, too. */
  lowLatency?: boolean;
  /** Where adaptive peers are offered: whether one is to be had, else why not. */
  adaptive?: { quality: string; bitrateBps: number; room: boolean; because: string };
}

/** The way to watch, and why. */
export interface Delivery {
  protocol: Protocol;
  quality: string;
  bitrateBps: number;
  /** Of HLS: `low` gives out parts of segments. */
  latency?: 'low' | 'usual';
  why: Why;
}

/** Below this a network can't hold a rung of WebRTC; a phone starts here too. */
const SLOW_KBPS = 1_000;
const SMALL_HEIGHT = 480;
const PHONE = /\b(iPhone|iPod|Android.*Mobile|Windows Phone|Mobile Safari|Opera Mini|BlackBerry)/i;

/** Why a device is better served with small pictures that are buffered; undefined when it is not. */
function reasonForSmall({ userAgent, mobile, networkKbps, savesData }: Device): string | undefined {
  if (networkKbps !== undefined && networkKbps < SLOW_KBPS) return `a network of ${networkKbps} kb/s is too slow`;
  if (savesData) return 'the browser was told to spare data';
  if (mobile ?? PHONE.test(userAgent)) return 'a phone changes networks, and buffers over the change';
  return undefined;
}

/** Players of Apple's systems: every browser of iOS is one, and Safari on a Mac. */
const APPLE = /\b(iPhone|iPad|iPod|AppleCoreMedia)\b|\bMacintosh\b.*\bVersion\/[\d.]+ Safari\//;

/** Whether HLS is given out in parts of segments, and why, or why not where somebody could expect it. */
function lowLatency(device: Device, ways: Ways): { low: boolean; because?: string } {
  const { userAgent, native = APPLE.test(userAgent), latency, networkKbps = Number.POSITIVE_INFINITY } = device;
  if (latency === undefined && !native) return { low: false };
  if (!ways.lowLatency) return { low: false, because: 'no relay makes it for this gateway' };
  if (latency === 'low') return { low: true, because: 'it was asked for' };
  if (networkKbps < SLOW_KBPS || device.savesData) return { low: false, because: 'a slow network needs a buffer' };
  return { low: true, because: 'a player of the system’s own holds three whole segments back otherwise' };
}

/** Why WebRTC can't be had at all. */
function obstacle({ h264, h265 }: Device, { webrtc: { codec } }: Ways): string | undefined {
  if (codec === 'H265' && h265) return undefined;
  if (codec !== undefined && codec !== 'H264')
    return `the camera sends ${codec}, which this browser does not take over WebRTC, and no rung of it is made`;
  return h264 === false ? 'the browser can’t decode H.264 over WebRTC' : undefined;
}

/** Why only a picture that is encoded for this device alone, in VP8, is of use to it over WebRTC; undefined: others are. */
function reasonForAlone(
  { h264, networkKbps, quality, protocol }: Device,
  { adaptive, hls, webrtc }: Ways,
): string | undefined {
  if (protocol === 'hls') return undefined;
  if (h264 === false) return 'the browser can’t decode H.264 over WebRTC';
  if (quality !== undefined && quality === adaptive?.quality) return 'it was asked for';
  // Who chose a rung gets it, whatever we think of his network.
  if (quality !== undefined && [webrtc.quality, ...hls.map(({ name }) => name)].includes(quality)) return undefined;
  const lowest = Math.min(...hls.map(({ bitrate_bps }) => bitrate_bps));
  return networkKbps !== undefined && networkKbps * 1_000 < lowest
    ? `a network of ${networkKbps} kb/s carries no rung`
    : undefined;
}

/** The rung that was asked for, else the best that is no higher than `atMost`, else the lowest. */
function rungOf({ hls }: Ways, wanted: string | undefined, atMost: number) {
  const rung = hls.find(({ name }) => name === wanted) ?? hls.find(({ height }) => height <= atMost) ?? hls.at(-1);
  if (!rung) throw new Error('a camera without a ladder was offered over HLS');
  return rung;
}

/** What is known of a device, for the reason that is told. */
const guardOf = ({ networkKbps, mobile, userAgent }: Device, { hls }: Ways): NonNullable<Why['guard']> => ({
  ...(networkKbps === undefined ? {} : { network_kbps: networkKbps }),
  phone: mobile ?? PHONE.test(userAgent),
  rungs: hls.map(({ name }) => name),
});

/**
 * Chooses how a device watches a camera: a phone or a slow network by HLS in 480p, everybody else by WebRTC; a browser
 * without H.264, or a network that carries no rung, by a picture that is encoded for it alone, while there is room.
 */
export function deliver(device: Device, ways: Ways): Delivery {
  const { protocol: wanted, quality } = device;
  const { adaptive, webrtc } = ways;
  const alone = reasonForAlone(device, ways);
  if (alone && adaptive?.room) {
    const rejected = [
      { option: 'hls', because: 'WebRTC is seconds earlier, and follows the network' },
      { option: webrtc.quality, because: alone },
    ];
    const text = `WebRTC, ${adaptive.quality}: ${alone}`;
    const why = { trigger: 'delivery', text, guard: guardOf(device, ways), rejected };
    return { protocol: 'webrtc', quality: adaptive.quality, bitrateBps: adaptive.bitrateBps, why };
  }
  const small = reasonForSmall(device);
  const impossible = obstacle(device, ways);
  const protocol = impossible ? 'hls' : (wanted ?? (small ? 'hls' : 'webrtc'));
  const rejected: NonNullable<Why['rejected']> = [];
  if (protocol === 'hls') {
    const because = impossible ?? (wanted ? 'HLS was asked for' : small);
    rejected.push({ option: 'webrtc', because: because ?? 'HLS was asked for' });
  } else {
    const because = wanted ? 'WebRTC was asked for' : 'nothing speaks against WebRTC, which is seconds earlier';
    rejected.push({ option: 'hls', because });
  }
  if (alone && adaptive) rejected.push({ option: adaptive.quality, because: adaptive.because });
  const rung = protocol === 'hls' ? rungOf(ways, quality, small ? SMALL_HEIGHT : Number.POSITIVE_INFINITY) : undefined;
  const chosen = rung
    ? { quality: rung.name, bitrateBps: rung.bitrate_bps }
    : { quality: webrtc.quality, bitrateBps: webrtc.bitrateBps };
  if (quality !== undefined && quality !== chosen.quality) {
    rejected.push({ option: quality, because: `${protocol} of this camera has no such quality` });
  }
  const { low, because = '' } = protocol === 'hls' ? lowLatency(device, ways) : { low: false };
  if (because) rejected.push({ option: low ? 'plain hls' : 'low-latency hls', because });
  return {
    protocol,
    ...chosen,
    ...(protocol === 'hls' ? { latency: low ? 'low' : 'usual' } : {}),
    why: {
      trigger: 'delivery',
      text:
        protocol === 'hls'
          ? `${low ? 'Low-latency ' : ''}HLS in ${chosen.quality}: ${rejected[0]?.because}${low ? `; ${because}` : ''}`
          : `WebRTC in ${chosen.quality}: ${wanted || quality === chosen.quality ? 'it was asked for' : 'a fast network and no phone'}`,
      guard: guardOf(device, ways),
      rejected,
    },
  };
}

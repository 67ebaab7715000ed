import { type Door, knock } from './admission.ts';
import type { Way } from './fallback.ts';

/** Whether this browser takes H.264 over WebRTC; some builds do not, some have no WebRTC at all. */
export function takesH264(): boolean {
  if (typeof RTCPeerConnection === 'undefined') return false;
  const { codecs = [] } = RTCRtpReceiver.getCapabilities('video') ?? {};
  return codecs.some(({ mimeType }) => mimeType.toLowerCase() === 'video/h264');
}

/** The quality that this browser needs, whoever watches: without H.264, what is encoded in VP8 for it alone. */
export const neededQuality = (): string | undefined => (takesH264() ? undefined : 'adaptive');

/** Whether HLS must be played by the browser itself: its scripts can't, as on older iPhones. */
const playsNatively = (): boolean => !('MediaSource' in window || 'ManagedMediaSource' in window);

/** Less than this is a handshake, not a measurement. */
const PROBE_BYTES = 20_000;
const PROBE_MS = 3;

/**
 * What the network carried while the page's own files came, in kb/s, or what the browser says of it if that is more:
 * a connection that has just begun has not shown all it can. Undefined when neither tells.
 */
export function measuredKbps(): number | undefined {
  const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const rates = files
    .map(({ transferSize, encodedBodySize, responseStart, responseEnd }) => ({
      bytes: transferSize > 0 ? encodedBodySize : 0,
      ms: responseEnd - responseStart,
    }))
    .filter(({ bytes, ms }) => bytes >= PROBE_BYTES && ms >= PROBE_MS)
    .map(({ bytes, ms }) => (bytes * 8) / ms);
  const { connection } = navigator as Navigator & { connection?: { downlink?: number } };
  const hinted = connection?.downlink === undefined ? [] : [connection.downlink * 1_000];
  const known = [...rates, ...hinted];
  return known.length > 0 ? Math.round(Math.max(...known)) : undefined;
}

/**
 * Asks how this device should watch a camera. Undefined when nobody answers that.
 * @param networkKbps what its network carries, where that is known
 */
export async function askWay(
  door: Door,
  camera: string,
  wish: { protocol?: string | undefined; quality?: string | undefined; networkKbps?: number | undefined },
): Promise<Way | undefined> {
  const query = new URLSearchParams();
  if (!takesH264()) query.set('h264', 'false');
  query.set('native', String(playsNatively()));
  if (wish.protocol) query.set('protocol', wish.protocol);
  if (wish.quality) query.set('quality', wish.quality);
  if (wish.networkKbps !== undefined) query.set('network_kbps', String(wish.networkKbps));
  try {
    const response = await knock(door, `/live/${encodeURIComponent(camera)}?${query}`);
    if (!response.ok) return undefined;
    const { protocol, quality, latency, why } = await response.json();
    return { protocol: protocol === 'hls' ? 'hls' : 'webrtc', quality, low: latency === 'low', why: why?.text ?? '' };
  } catch {
    return undefined;
  }
}

import { type Door, knock } from './admission.ts';
import type { Way } from './fallback.ts';
import { carriedKbps, fileToMeasure, kbpsOf, knownKbps, type Loaded } from './network.ts';

function takes(mime: string): boolean {
  if (typeof RTCPeerConnection === 'undefined') return false;
  const { codecs = [] } = RTCRtpReceiver.getCapabilities('video') ?? {};
  return codecs.some(({ mimeType }) => mimeType.toLowerCase() === mime);
}
/** Whether this browser takes H.264 over WebRTC; some builds do not, some have no WebRTC at all. */
export const takesH264 = (): boolean => takes('video/h264');
/** Whether it takes H.265, too: those that can leave it to the machine's graphics do. */
export const takesH265 = (): boolean => takes('video/h265');

/** The quality that this browser needs, whoever watches: without H.264, what is encoded in VP8 for it alone. */
export const neededQuality = (): string | undefined => (takesH264() ? undefined : 'adaptive');

/** Whether HLS must be played by the browser itself: its scripts can't, as on older iPhones. */
const playsNatively = (): boolean => !('MediaSource' in window || 'ManagedMediaSource' in window);

/** Nobody waits for longer for what a network is measured with. */
const MEASURED_WITHIN_MS = 3_000;
/** What has not come whole after so long came over a slow network. */
const SLOW_MS = 1_000;

const filesOfPage = (): Loaded[] => performance.getEntriesByType('resource') as PerformanceResourceTiming[];

/** What a file that was fetched for it has shown. */
let found: number | undefined;
let measuring: Promise<boolean> | undefined;

/** What the network carries as far as is known, in kb/s. */
export function measuredKbps(): number | undefined {
  const { connection } = navigator as Navigator & { connection?: { downlink?: number } };
  return knownKbps(carriedKbps(filesOfPage()) ?? found, connection?.downlink);
}

async function fetchAnew(origin: string): Promise<boolean> {
  const file = carriedKbps(filesOfPage()) === undefined ? fileToMeasure(filesOfPage(), origin) : undefined;
  if (!file) return false;
  let answeredMs = performance.now();
  let isAnswered = false;
  try {
    const signal = AbortSignal.timeout(MEASURED_WITHIN_MS);
    const response = await fetch(file.address, { cache: 'no-store', signal });
    if (!response.ok) return false;
    isAnswered = true;
    answeredMs = performance.now();
    await response.arrayBuffer();
  } catch (error) {
    // An answer that is still on its way tells what the network carries at the most; no answer tells of the gateway.
    const isLate = isAnswered && (error as Error).name === 'TimeoutError';
    if (!isLate || performance.now() - answeredMs < SLOW_MS) return false;
  }
  found = kbpsOf(file.bytes, performance.now() - answeredMs);
  return true;
}

/**
 * Measures the network, once for a page, where its own files were at hand already, as on a second visit: one of them is
 * fetched past the browser's cache.
 * @param server origin of the gateway; empty: where the page came from
 * @returns whether more is known now
 */
export function measureOnce(server: string): Promise<boolean> {
  measuring ??= fetchAnew(server || location.origin);
  return measuring;
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
  if (takesH265()) query.set('h265', 'true');
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

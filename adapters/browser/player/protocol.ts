/** WebSocket subprotocol of the signalling. */
export const SUBPROTOCOL = 'signalbox.v1';

/** What the player says. */
export type ClientMessage =
  | { type: 'hello'; stream_token: string; leg: string; quality?: string }
  | { type: 'offer'; leg: string; sdp: string; relay?: string; standby_token?: string; silent_ms?: number }
  | { type: 'opened'; leg: string; relay: string; relay_session: string }
  | { type: 'candidate'; leg: string; candidate: string; sdpMid: string | null; sdpMLineIndex: number | null }
  | {
      type: 'stats';
      leg: string;
      fps: number;
      received_fps?: number;
      loss: number;
      jitter_ms: number;
      kbps: number;
      freezes: number;
      rtt_ms?: number;
      latency_ms?: number;
      gap_ms?: number;
      queue_ms?: number;
      busy_ms?: number;
    }
  | { type: 'playing'; leg: string; first_frame_ms: number; gap_ms?: number; silent_ms?: number }
  | { type: 'renew'; token: string }
  | { type: 'close'; leg: string; no_room?: true };

/** What the gateway says. Types that this player does not know are ignored: the protocol grows. */
export type ServerMessage =
  | { type: 'welcome'; session_id: string; camera: string }
  | { type: 'answer'; leg: string; sdp: string; relay: string | undefined }
  | { type: 'candidate'; leg: string; candidate: string; sdpMid: string | null }
  | { type: 'refused'; leg: string; text: string }
  | { type: 'move'; leg: string; quality?: string; relay: string; reason: string; why: string; prove_ms?: number }
  | { type: 'standby'; relay: string; token: string; ttl_ms: number; whep_url?: string; relay_token?: string }
  | { type: 'standby'; relay: '' }
  | { type: 'doubt'; for_ms: number }
  | { type: 'state'; camera: string; state: string; why: string }
  | { type: 'renewed'; stream_token?: string; expires_in?: number }
  | { type: 'end'; reason: string; text: string; retry: boolean };

/** Camera states in which no moving picture can be expected, so that waiting is right and asking again is not. */
const WAITING: ReadonlySet<string> = new Set(['idle', 'connecting', 'stalled', 'offline', 'quarantined', 'removed']);

/** Whether a camera in this state has no picture to give. */
export const hasNoPicture = (state: string | undefined): boolean => state !== undefined && WAITING.has(state);

/** Whether a picture that stands is the camera's own affair in this state, so that another relay would be no better. */
export const standsForAll = (state: string | undefined): boolean =>
  hasNoPicture(state) || state === 'switching' || state === 'holding';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** A reason may be a sentence or an object that carries one as `text`. */
const sentence = (value: unknown): string =>
  text(value) ?? text((value as { text?: unknown } | undefined | null)?.text) ?? '';

/** One message of the gateway; undefined when it is none that this player understands. */
export function parseServerMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== 'string') return undefined;
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (said === null || typeof said !== 'object') return undefined;
  const leg = text(said.leg) ?? 'a';
  switch (said.type) {
    case 'welcome':
      return { type: 'welcome', session_id: text(said.session_id) ?? '', camera: text(said.camera) ?? '' };
    case 'answer':
      if (text(said.sdp) === undefined) return undefined;
      return { type: 'answer', leg, sdp: String(said.sdp), relay: text(said.relay) };
    case 'candidate':
      return { type: 'candidate', leg, candidate: text(said.candidate) ?? '', sdpMid: text(said.sdpMid) ?? null };
    case 'refused':
      return { type: 'refused', leg, text: text(said.text) || text(said.error) || sentence(said.why) || 'refused' };
    case 'move':
      return {
        type: 'move',
        leg,
        ...(text(said.quality) ? { quality: String(said.quality) } : {}),
        relay: text(said.relay) ?? '',
        reason: text(said.reason) ?? '',
        why: sentence(said.why),
        ...(count(said.prove_ms) === undefined ? {} : { prove_ms: Math.min(Number(said.prove_ms), 10_000) }),
      };
    case 'doubt':
      return { type: 'doubt', for_ms: Math.min(count(said.for_ms) ?? 0, 10_000) };
    case 'standby': {
      const [relay, token] = [text(said.relay), text(said.token)];
      const [url, pass] = [text(said.whep_url), text(said.relay_token)];
      const direct = url && pass ? { whep_url: url, relay_token: pass } : {};
      if (relay === '') return { type: 'standby', relay };
      return relay && token ? { type: 'standby', relay, token, ttl_ms: count(said.ttl_ms) ?? 0, ...direct } : undefined;
    }
    case 'state':
      return {
        type: 'state',
        camera: text(said.camera) ?? '',
        state: text(said.state) ?? '',
        why: sentence(said.why),
      };
    case 'renewed': {
      const [token, seconds] = [text(said.stream_token), count(said.expires_in)];
      return {
        type: 'renewed',
        ...(token ? { stream_token: token } : {}),
        ...(seconds ? { expires_in: seconds } : {}),
      };
    }
    case 'end': {
      const reason = text(said.reason) ?? 'ended';
      return { type: 'end', reason, text: text(said.text) || sentence(said.why) || reason, retry: said.retry === true };
    }
    default:
      return undefined;
  }
}

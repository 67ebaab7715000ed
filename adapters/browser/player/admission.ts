import { noteTime } from './house-time.ts';
import type { Stale } from './stale-playlist.ts';

/** Where and as whom the player asks. */
export interface Door {
  /** Origin of the gateway, for instance `https://stream.example.com`; empty: where the page came from. */
  server: string;
  /** A login token; without one the page's session cookie speaks for the person. */
  token?: string;
}

/** What the gateway grants: a session, and where to signal for it. */
export interface Admission {
  sessionId: string;
  signallingUrl: string;
  whepUrl: string;
  iceServers: RTCIceServer[];
  streamToken: string;
  expiresInMs: number;
}

/** Why the gateway does not let the player in, and whether asking again can help. */
export interface Refusal {
  reason: string;
  text: string;
  retry: boolean;
  /** Not before this long, when the gateway says so. */
  afterMs?: number;
}

/** The answer to a request for a session. */
export type Admitted = { admission: Admission } | { refusal: Refusal };

const REFUSALS: Record<number, { reason: string; text: string }> = {
  400: { reason: 'bad-request', text: 'The gateway does not understand this camera address.' },
  401: { reason: 'sign-in', text: 'You are not signed in, or your sign-in has expired.' },
  403: { reason: 'denied', text: 'You may not watch this camera.' },
  404: { reason: 'unknown-camera', text: 'There is no such camera.' },
};

/** Reads a refusal from an HTTP answer. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const body = await response.json().catch(() => undefined);
  const known = REFUSALS[response.status];
  const afterS = Number(response.headers.get('retry-after'));
  return {
    reason: known?.reason ?? (typeof body?.reason === 'string' ? body.reason : `status-${response.status}`),
    text: known?.text ?? (typeof body?.error === 'string' ? body.error : `The gateway answered ${response.status}.`),
    retry: known === undefined,
    ...(afterS > 0 ? { afterMs: afterS * 1_000 } : {}),
  };
}

/** A request to the gateway with the right to make it. @throws TypeError when the gateway can't be reached */
export async function knock(door: Door, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (door.token) headers.set('authorization', `Bearer ${door.token}`);
  const response = await fetch(door.server + path, {
    ...init,
    headers,
    credentials: door.token ? 'omit' : 'same-origin',
  });
  noteTime(response.headers.get('date'));
  return response;
}

/** What a player wants over WebRTC, and takes. */
export interface Taking {
  /** Undefined: what the gateway finds best. */
  quality?: string | undefined;
  /** Whether it decodes H.265. */
  h265: boolean;
}

/** Asks for a session on a camera. */
export async function requestSession(door: Door, camera: string, { quality, h265 }: Taking): Promise<Admitted> {
  const query = new URLSearchParams({ ...(quality ? { quality } : {}), ...(h265 ? { h265: 'true' } : {}) });
  let response: Response;
  try {
    response = await knock(door, `/live/${encodeURIComponent(camera)}/webrtc?${query}`);
  } catch {
    return { refusal: { reason: 'unreachable', text: 'The gateway does not answer.', retry: true } };
  }
  if (!response.ok) return { refusal: await refusalOf(response) };
  const body = await response.json();
  return {
    admission: {
      sessionId: body.session_id,
      signallingUrl: body.webrtc_url,
      whepUrl: body.whep_url,
      iceServers: body.ice_servers ?? [],
      streamToken: body.stream_token,
      expiresInMs: (body.expires_in ?? 3_600) * 1_000,
    },
  };
}

/** What of a session is renewed. */
type Renewable = Pick<Admission, 'sessionId' | 'expiresInMs'> & { streamToken?: string };

/** Posts something about a session. @throws TypeError when the gateway can't be reached */
const tell = (door: Door, sessionId: string, what: 'renew' | 'stale', body: object): Promise<Response> =>
  knock(door, `/api/v1/sessions/${encodeURIComponent(sessionId)}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Tells the gateway that a cache on the way keeps playlists for too long; nobody waits for the answer. */
export const tellStale = (door: Door, sessionId: string, { heldMs, allowedMs }: Stale): Promise<unknown> =>
  tell(door, sessionId, 'stale', { held_ms: heldMs, allowed_ms: allowedMs }).catch(() => {});

/** Asks to prolong a session. Resolves to the new time left, or undefined when it was not prolonged. */
async function prolong(door: Door, admission: Renewable): Promise<number | undefined> {
  try {
    const response = await tell(door, admission.sessionId, 'renew', {});
    if (!response.ok) return undefined;
    const body = await response.json();
    if (typeof body.stream_token === 'string') admission.streamToken = body.stream_token;
    return (body.expires_in ?? admission.expiresInMs / 1_000) * 1_000;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a session alive: asks at three quarters of its time, and more often when that fails, until it is over.
 * The admission's stream token is replaced in place, so that the next `hello` carries the fresh one.
 * @returns a function that stops it
 */
export function keepRenewed(door: Door, admission: Renewable): () => void {
  let endsAt = performance.now() + admission.expiresInMs;
  let timer = 0;
  const arm = (): void => {
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return;
    // Three quarters of what is left: closer and closer to the end as long as it fails.
    timer = window.setTimeout(ask, Math.max(500, Math.min(leftMs * 0.75, 2 ** 31 - 1)));
  };
  const ask = async (): Promise<void> => {
    const leftMs = await prolong(door, admission);
    if (leftMs !== undefined) endsAt = performance.now() + leftMs;
    arm();
  };
  arm();
  return () => window.clearTimeout(timer);
}

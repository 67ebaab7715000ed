import { createHash } from 'node:crypto';
import { isPublished, NOBODY_PUBLISHES, type Track, type Unreachable } from '../bus/events/camera.ts';
import type { ProbeInput, ProbeReport, ProbeSlot } from '../machines/slots.ts';
import { authorize, type Credential, parseChallenges } from './rtsp/authorization.ts';
import { openRtsp, type RtspConnection, type RtspResponse } from './rtsp/connection.ts';
import { RtspFailure, type RtspFailureCode } from './rtsp/failure.ts';
import { header } from './rtsp/message.ts';
import { parseSdp } from './rtsp/sdp.ts';

/** What the probe slot needs from the place where it is made. */
export interface ProbeOptions {
  /** The secret store. */
  credential(ref: string): Credential | undefined;
  /** Certificate authorities for rtsps:// cameras, PEM; default: the system's. */
  ca?: string;
  connectTimeoutMs?: number;
  answerTimeoutMs?: number;
}

/** What one knock found. */
export type Found = { tracks: Track[] } | { reason: Unreachable; detail: string };

const REASONS: Record<Exclude<RtspFailureCode, 'status'>, Unreachable> = {
  refused: 'refused',
  'no-route': 'no-route',
  'unknown-host': 'unknown-host',
  timeout: 'timeout',
  // It took the connection and hung up: whatever listens there does not want us.
  closed: 'refused',
  garbage: 'unsupported',
  'no-video': 'unsupported',
};

const KNOWN_VIDEO = new Set(['H264', 'H265']);
/** Spreads the knocks of many cameras that went dark together. */
const JITTER = 0.1;
const DEFAULT_TIMEOUT_MS = 1_000;
/** Many servers let a wrong password wait, to slow down those who guess. */
const PASSWORD_TIMEOUT_MS = 6_000;
const MAX_REFUSALS = 10_000;

function judge(response: RtspResponse, withCredential: boolean): Found {
  const { status, text } = response;
  const detail = `DESCRIBE answered ${status} ${text.slice(0, 80)}`.trim();
  if (status === 401 || status === 403)
    return { reason: 'unauthorized', detail: withCredential ? detail : `${detail}, and no password is configured` };
  if (status === 404) return { reason: 'not-found', detail };
  if (status >= 500) return { reason: 'refused', detail };
  if (status !== 200) return { reason: 'unsupported', detail };
  const offers = parseSdp(response.body).map(({ media, encoding }) => ({ media, codec: encoding }));
  const tracks = offers.filter(({ media, codec }) => media === 'audio' || KNOWN_VIDEO.has(codec));
  if (tracks.some(({ media }) => media === 'video')) return { tracks };
  const offered = offers.map(({ codec }) => codec).join(', ') || 'nothing';
  return { reason: 'unsupported', detail: `it offers ${offered}; H.264 or H.265 video is needed` };
}

/** Asks a camera once for what it has to show. */
export async function knock(
  url: string,
  credential: Credential | undefined,
  options: Omit<ProbeOptions, 'credential'>,
): Promise<Found> {
  const address = url.replace(/^rtsps?/i, (scheme) => scheme.toLowerCase());
  let connection: RtspConnection | undefined;
  const open = async () => {
    connection?.close();
    connection = await openRtsp(address, {
      connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      answerTimeoutMs: options.answerTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...(options.ca ? { ca: options.ca } : {}),
    });
    return connection;
  };
  let gavePassword = false;
  const accept = { Accept: 'application/sdp' };
  try {
    const first = await (await open()).request('DESCRIBE', address, accept);
    const challenges = parseChallenges(first.headers.get('www-authenticate') ?? []);
    const authorization = credential && authorize(challenges, credential, 'DESCRIBE', address);
    if (first.status !== 401 || !authorization) return judge(first, credential !== undefined);
    // Some cameras close the connection with their challenge.
    const closing = header(first.headers, 'connection')?.toLowerCase() === 'close' || connection?.socket.destroyed;
    const on = connection && !closing ? connection : await open();
    gavePassword = true;
    const headers = { ...accept, Authorization: authorization };
    return judge(await on.request('DESCRIBE', address, headers, '', PASSWORD_TIMEOUT_MS), true);
  } catch (error) {
    if (!(error instanceof RtspFailure)) throw error;
    // A password that gets no answer counts as refused: it must not be tried again and again.
    if (gavePassword) return { reason: 'unauthorized', detail: `after the password: ${error.message}` };
    return { reason: error.code === 'status' ? 'unsupported' : REASONS[error.code], detail: error.message };
  } finally {
    connection?.close();
  }
}

/** Makes the probe slot: knocks at cameras over RTSP, and tells when their answer changes. */
export function createRtspProbe(options: ProbeOptions): ProbeSlot {
  /** When a camera last refused which password: cameras lock accounts, so nothing may make us try it sooner. */
  const refusals = new Map<string, { secret: string; atMs: number }>();

  const fingerprint = (credential: Credential | undefined) =>
    createHash('sha256')
      .update(JSON.stringify([credential?.username, credential?.password]))
      .digest('base64');

  return (input: ProbeInput, report: (event: ProbeReport) => void) => {
    const { source, url, everyMs, unauthorizedEveryMs, firstAfterMs } = input;
    let released = false;
    let timer: NodeJS.Timeout | undefined;
    let told: string | undefined;

    const tell = (found: Found, elapsedMs: number) => {
      const key = 'tracks' in found ? JSON.stringify(found.tracks) : found.reason;
      if (key === told) return;
      told = key;
      if ('tracks' in found)
        report({ type: 'probe.answered', source, tracks: found.tracks, elapsed_ms: Math.round(elapsedMs) });
      else report({ type: 'probe.failed', source, ...found });
    };

    // Nobody can be asked: the switcher hears of a publisher as soon as there is one.
    const awaitPublisher = () => tell({ reason: 'not-found', detail: NOBODY_PUBLISHES }, 0);
    const wait = (ms: number) => {
      timer = setTimeout(isPublished(url) ? awaitPublisher : ask, ms);
    };
    const jittered = (ms: number) => ms * (1 - JITTER + 2 * JITTER * Math.random());

    const ask = async () => {
      const credential = input.credential ? options.credential(input.credential) : undefined;
      const secret = fingerprint(credential);
      const refusal = refusals.get(url);
      const startedAt = performance.now();
      const restMs = refusal?.secret === secret ? refusal.atMs + unauthorizedEveryMs - startedAt : 0;
      if (restMs > 0) {
        tell({ reason: 'unauthorized', detail: 'the same password was refused a moment ago' }, 0);
        return wait(restMs);
      }
      const found = await knock(url, credential, options);
      const unauthorized = 'reason' in found && found.reason === 'unauthorized';
      refusals.delete(url);
      if (unauthorized) refusals.set(url, { secret, atMs: performance.now() });
      if (refusals.size > MAX_REFUSALS) refusals.delete([...refusals.keys()][0] ?? '');
      if (released) return;
      tell(found, performance.now() - startedAt);
      // Never sooner than allowed after a wrong password.
      wait(unauthorized ? unauthorizedEveryMs * (1 + JITTER * Math.random()) : jittered(everyMs));
    };

    wait(jittered(firstAfterMs));
    return {
      release() {
        released = true;
        clearTimeout(timer);
      },
    };
  };
}

import type { Profile } from './talk.ts';

/** A profile as the library leaves it: whatever a device wrote there. */
export interface RawProfile {
  $?: { token?: unknown };
  name?: unknown;
  PTZConfiguration?: unknown;
  videoEncoderConfiguration?: {
    encoding?: unknown;
    resolution?: { width?: unknown; height?: unknown };
    rateControl?: { frameRateLimit?: unknown; bitrateLimit?: unknown };
  };
}

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;

export const tokenOf = (raw: RawProfile): string | undefined => {
  const token = raw.$?.token;
  return typeof token === 'string' || typeof token === 'number' ? String(token) : undefined;
};

/** A profile in our words. */
export function profileOf(raw: RawProfile, url: string): Profile {
  const { encoding, resolution, rateControl } = raw.videoEncoderConfiguration ?? {};
  const token = tokenOf(raw) ?? '';
  const figures = {
    width: number(resolution?.width),
    height: number(resolution?.height),
    fps: number(rateControl?.frameRateLimit),
    kbps: number(rateControl?.bitrateLimit),
  };
  return {
    token,
    name: typeof raw.name === 'string' || typeof raw.name === 'number' ? String(raw.name).slice(0, 200) : token,
    url,
    ...(typeof encoding === 'string' ? { codec: encoding.slice(0, 40) } : {}),
    ...Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)),
  };
}

/** The main stream before the sub-stream. */
export const bestFirst = (a: Profile, b: Profile): number =>
  (b.width ?? 0) * (b.height ?? 0) - (a.width ?? 0) * (a.height ?? 0);

/** Where a stream is as we reach it: behind NAT devices name an address that only they know. No login stays in it. */
export function reachable(uri: unknown, device: string): string | undefined {
  if (typeof uri !== 'string' || uri.length > 2048 || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  if (!url.hostname || (url.protocol !== 'rtsp:' && url.protocol !== 'rtsps:')) return undefined;
  const host = new URL(device).hostname;
  return `${url.protocol}//${host}${url.port ? `:${url.port}` : ''}${url.pathname}${url.search}`;
}

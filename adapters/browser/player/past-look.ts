import { type Door, keepRenewed, knock, refusalOf } from './admission.ts';
import type { PastBound } from './past-bound.ts';

/** A session for looking at the past of a camera. */
export interface Look {
  sessionId: string;
  /** Signed, of a playlist that takes `?from=` and `&to=`. */
  url: string;
  expiresInMs: number;
  endsMs: number;
  /** Where looking back ends; absent: nowhere. */
  bound?: PastBound;
}

const OLD_MS = 60_000;

/** Whether what it says of the right may have changed since. */
export const isOld = ({ expiresInMs, endsMs }: Look): boolean => performance.now() - (endsMs - expiresInMs) > OLD_MS;

/** The right to look at a camera's past: asked for when it is first needed, and renewed while somebody looks. */
export interface Looks {
  /** @returns a text that says why not, where there is no right to it */
  have(): Promise<Look | string>;
  /** One that was refused is asked for anew. */
  forget(look: Look): void;
  /** Nobody looks for now: it is left to end. */
  rest(): void;
}

async function askToLook(door: Door, camera: string): Promise<Look | string> {
  const response = await knock(door, `/recordings/${encodeURIComponent(camera)}`).catch(() => undefined);
  if (!response) return 'The gateway does not answer.';
  const told = () => response.clone().json();
  const code = response.status === 404 ? (await told().catch(() => undefined))?.reason : undefined;
  if (code === 'not-recorded') return 'This camera is not recorded.';
  if (!response.ok) return (await refusalOf(response)).text;
  const { session_id: sessionId, hls_url: url, expires_in: seconds, history } = await response.json();
  const ends = { expiresInMs: seconds * 1_000, endsMs: performance.now() + seconds * 1_000 };
  return { sessionId, url, ...ends, ...(history ? { bound: history } : {}) };
}

/** Keeps the right to look at one camera's past. */
export function keepLooks(door: Door, camera: string): Looks {
  let look: Look | undefined;
  let stopRenewal: (() => void) | undefined;
  const rest = (): void => {
    stopRenewal?.();
    stopRenewal = undefined;
  };
  return {
    async have() {
      if (!look || look.endsMs < performance.now()) {
        const answer = await askToLook(door, camera);
        if (typeof answer === 'string') return answer;
        rest();
        look = answer;
      }
      stopRenewal ??= keepRenewed(door, look);
      return look;
    },
    forget(refused) {
      if (look !== refused) return;
      look = undefined;
      rest();
    },
    rest,
  };
}

import type { Why } from '../../bus/events/why.ts';

/** A picture that an adaptive peer can send: how much smaller than the whole one, how often, and what that needs. */
export interface PictureStep {
  /** Its width and height are the whole one's divided by this. */
  shrink: 1 | 2 | 4;
  fps: number;
  /** Below this much of network it is no picture any more. */
  leastKbps: number;
}

/** Best first. The last one is sent whatever the network carries. */
export const PICTURE_STEPS: readonly [PictureStep, ...PictureStep[]] = [
  { shrink: 1, fps: 30, leastKbps: 350 },
  { shrink: 1, fps: 12, leastKbps: 200 },
  { shrink: 2, fps: 20, leastKbps: 120 },
  { shrink: 2, fps: 8, leastKbps: 60 },
  { shrink: 4, fps: 5, leastKbps: 0 },
];

/** Before anything is known of a network: small, since its first key frame has to come through as well. */
export const FIRST_STEP = 2;

/** Up only with a fifth to spare, for a while: what a thin network shows for a moment it does not keep. */
export const PICTURE_UP = { spare: 1.2, forMs: 1_500 };

/** What one peer sends, and what is known of its network. */
export interface Sending {
  /** Index into {@link PICTURE_STEPS}. */
  step: number;
  /** Since when a better one fits with something to spare (monotonic ms); undefined while none does. */
  betterSinceMs?: number | undefined;
}

/** The rest of {@link Sending} from now on, and, where the step is another, why. */
export interface Stepped extends Sending {
  why?: Why;
}

const named = ({ shrink, fps }: PictureStep): string =>
  `${shrink === 1 ? 'the whole picture' : `a picture ${shrink} times smaller`} at ${fps} frames a second`;

/**
 * Chooses what a peer sends from what its congestion control believes of the network: down at once, up when a better
 * picture has fitted with something to spare for a while.
 * @param estimateKbps what the network carries, as the sender estimates it
 * @param atMs now, on a monotonic clock
 */
export function stepPicture({ step, betterSinceMs }: Sending, estimateKbps: number, atMs: number): Stepped {
  const fitting = (spare: number) => PICTURE_STEPS.findIndex(({ leastKbps }) => estimateKbps >= leastKbps * spare);
  const holds = fitting(1);
  const go = (to: number, reason: 'thin' | 'room'): Stepped => {
    const next = PICTURE_STEPS[to] ?? PICTURE_STEPS[0];
    const text = `${named(next)}: the network carries ${estimateKbps} kb/s`;
    const guard = { estimate_kbps: estimateKbps, least_kbps: next.leastKbps, from: step, to };
    return { step: to, why: { trigger: 'estimate', reason, text, guard } };
  };
  if (holds > step) return go(holds, 'thin');
  const better = fitting(PICTURE_UP.spare);
  if (better >= step) return { step };
  const since = betterSinceMs ?? atMs;
  return atMs - since >= PICTURE_UP.forMs ? go(better, 'room') : { step, betterSinceMs: since };
}

import { inSeconds } from './lateness.ts';

/** What a player measured of its path, and what else may have had a part in it. */
export interface Measured {
  /** Share of packets lost, 0 to 1. */
  loss: number;
  /** By how much a queue that grows had every picture late (ms). */
  queueMs: number;
  /** By how much its page or browser came to run late, at most, in the time that the figures speak of (ms). */
  busyMs: number;
  /** By how much its camera's pictures were late already when they came to us (ms). */
  cameraLateMs: number;
}

/** What of it the network can have caused. */
export type Attributed = Pick<Measured, 'loss' | 'queueMs'>;

/** Why figures that would speak of a bad network say nothing of it. */
export interface Excuse {
  reason: 'host-busy' | 'camera-late';
  text: string;
}

export const ATTRIBUTION = {
  /** Every page is late by so much now and then (W3C Long Tasks); a host that is starved, by more. */
  ordinaryMs: 50,
  /** Loss is measured over so long: who did not run for a part of it can have lost what came in that part. */
  lossOverMs: 250,
};

/** For how long a host did not run that should have; 0 where it did as ordinary ones do. */
export const starvedMs = (busyMs: number): number => (busyMs < ATTRIBUTION.ordinaryMs ? 0 : busyMs);

/**
 * Takes off what a player's own host and its camera can have caused: who came to run so late has pictures late by as
 * much, and may have lost what came meanwhile; what the camera sent late can't come in time. The rest is the network's,
 * so that a narrow line before a busy host is still noticed, by a queue that is longer, or a loss that is larger.
 */
export function attribute({ loss, queueMs, busyMs, cameraLateMs }: Measured): Attributed {
  const hostMs = starvedMs(busyMs);
  return {
    loss: Math.max(0, loss - hostMs / ATTRIBUTION.lossOverMs),
    queueMs: Math.max(0, queueMs - hostMs - cameraLateMs),
  };
}

/** Says what was most at fault, where something was taken off. */
export function excuseOf({ busyMs, cameraLateMs }: Measured): Excuse {
  const hostMs = starvedMs(busyMs);
  if (cameraLateMs > hostMs) {
    const text = `the camera's pictures came here ${inSeconds(cameraLateMs)} late: this says nothing of the viewer's network`;
    return { reason: 'camera-late', text };
  }
  const text = `the player's own host came to run up to ${Math.round(hostMs)} ms late: this says nothing of its network`;
  return { reason: 'host-busy', text };
}

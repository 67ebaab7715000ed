/** How late a ladder's pictures come: its encoder does not keep up with the camera. */
export interface Lateness {
  ms: number;
  /** When it was last known to be (epoch ms). */
  at: number;
  /** It has caught up since. */
  over: boolean;
}

/** How long it counts that a ladder was late, in ms. */
export const LATENESS = {
  /** It is told again every few seconds while it lasts; of one that has ended, nothing is told any more. */
  presentMs: 10_000,
  /** A ladder that has caught up, or has begun anew, has as much to do as before as soon as somebody goes to it. */
  rememberedMs: 60_000,
};

/** By how much the rungs of a ladder come late, or came within the last minute; undefined where they are on time. */
export const latelyMs = (late: Lateness | undefined, at: number): number | undefined =>
  late && at - late.at < LATENESS.rememberedMs ? late.ms : undefined;

/** The same of this moment. */
export const lateNowMs = (late: Lateness | undefined, at: number): number | undefined =>
  late && !late.over && at - late.at < LATENESS.presentMs ? late.ms : undefined;

/** A duration for a person: `4.8 s`. */
export const inSeconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** Where looking back ends for whoever looks, as the gateway tells it: `history` of its answers. */
export interface PastBound {
  /** Epoch ms, when it was told. */
  from: number;
  /** It moves on with the clock, this long behind it. */
  last_ms?: number;
}

/** What is looked at at the very edge of a bound that moves would be gone before it is there; playlists begin 5 s from it. */
const EDGE_MS = 10_000;
const DAY_MS = 86_400_000;

/** Where it is now, epoch ms. */
export const boundAt = ({ from, last_ms }: PastBound, now: number): number =>
  last_ms === undefined ? from : now - last_ms;

/** One sentence for a person. */
export function boundText(bound: PastBound, now: number): string {
  const at = boundAt(bound, now);
  const time = new Date(at);
  const clock = time.toLocaleTimeString('en-GB');
  const isFar = now - at >= DAY_MS || time.getDate() !== new Date(now).getDate();
  const date = time.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
  return `You may look back until ${isFar ? `${date}, ${clock}` : clock}.`;
}

/** The moment that is shown for one that is wanted: a little later at an edge that moves. @returns a text where it lies too far back */
export function permitted(bound: PastBound | undefined, moment: number, now: number): number | string {
  if (!bound) return moment;
  const at = boundAt(bound, now);
  if (moment < at) return boundText(bound, now);
  return bound.last_ms === undefined ? moment : Math.max(moment, at + EDGE_MS);
}

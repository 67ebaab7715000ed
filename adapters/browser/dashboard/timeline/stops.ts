import type { Relay } from '../model.ts';
import type { Happening } from './happening.ts';
import type { Known } from './pictures/coverage.ts';
import type { Span, Timeline } from './timeline-model.ts';

/** A time in which nothing of Signalbox ran, as far as the log tells. */
export interface Stop extends Span {
  /** Something proves that it ran until then, to the second; otherwise nothing had happened for a while, and it ran for some of it. */
  sharp: boolean;
}

/** Relays that are started together answer within this. */
const TOGETHER_MS = 60_000;
/** What is recorded ends within so much of a stop, and what was told last may have been a moment before it. */
const SHARP_MS = 10_000;
/** Whoever runs tells that a relay has gone: a relay that comes anew from one of these was missed by nobody. */
const MISSED = ['new', 'dead', 'starting', ''];

/** Whether it tells of a relay process that came in another's place, while nobody was there to see that one go. */
const isReplaced = ({ kind, state, from }: Happening): boolean =>
  kind === 'relay' && state === 'starting' && !MISSED.includes(from);

/**
 * When the whole installation was stopped: every relay came back as another process though none was told to have gone.
 * Each time begins with the last that is known from before: an event, or a picture that was recorded.
 * @param all events in order
 * @param relays those there are, by id: one alone that came back says nothing of the rest
 * @param recorded when any camera was recorded
 */
export function stopsIn(all: readonly Happening[], relays: readonly string[], recorded: readonly Span[]): Stop[] {
  const stops: Stop[] = [];
  const back = new Map<string, number>();
  let before: Happening | undefined;
  let told: number | undefined;
  for (const happening of all) {
    const first = [...back.values()][0];
    if (first !== undefined && happening.at - first > TOGETHER_MS) back.clear();
    if (isReplaced(happening)) {
      // Its last word is that of whoever ran before the first of them came back.
      if (back.size === 0) told = before?.at;
      back.set(happening.id, happening.at);
      const [to = happening.at] = back.values();
      if (told !== undefined && relays.length > 0 && relays.every((id) => back.has(id))) {
        stops.push(stopBetween(told, to, recorded));
        back.clear();
      }
    }
    before = happening;
  }
  return stops;
}

function stopBetween(told: number, to: number, recorded: readonly Span[]): Stop {
  const ends = recorded.map((span) => span.to).filter((end) => end > told && end <= to);
  const from = Math.max(told, ...ends);
  return { from, to, sharp: ends.length > 0 || to - told < SHARP_MS };
}

/** What is said of one. */
export const stopText = ({ sharp }: Stop): string =>
  sharp ? 'Signalbox was not running' : 'Nothing told, then Signalbox was not running';

/** The same, found anew only where what is known has changed: it is asked for at each repaint. */
export function followStops() {
  let of: readonly unknown[] = [];
  let stops: Stop[] = [];
  return (
    { timeline, version }: { timeline: Pick<Timeline, 'all'>; version: number },
    relays: readonly Relay[],
    known: ReadonlyMap<string, Known>,
  ): readonly Stop[] => {
    if (of[0] === version && of[1] === relays && of[2] === known) return stops;
    of = [version, relays, known];
    const recorded = [...known.values()].flatMap((camera) => camera.recorded.recorded);
    stops = stopsIn(
      timeline.all,
      relays.map(({ id }) => id),
      recorded,
    );
    return stops;
  };
}

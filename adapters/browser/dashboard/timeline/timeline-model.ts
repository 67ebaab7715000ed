import { type Happening, isChange, MARKS, type Mark, markOf } from './happening.ts';

/** A stretch of time, epoch ms; `to` is not part of it. */
export interface Span {
  from: number;
  to: number;
}

/** A stretch in one state; or, where changes are too close to be drawn apart, the worst of their states. */
export interface Band extends Span {
  state: string;
  /** Changes that are drawn as this one band; 0 when it is one state. */
  merged: number;
}

/** Marked events that stand close together. */
export interface Cluster {
  at: number;
  /** The most telling of them. */
  mark: Mark;
  count: number;
  first: Happening;
}

/** Columns of one lane, sorted by time. */
export interface Lane {
  id: string;
  changesAt: number[];
  states: string[];
  /** The state before the first change. */
  before: string;
  marksAt: number[];
  marks: Happening[];
}

/** Worst first: what is shown of changes that can't be drawn apart. */
const SEVERITY = [
  ...['dead', 'offline', 'quarantined', 'holding', 'stalled', 'suspect', 'frozen', 'draining'],
  ...['switching', 'connecting', 'starting', 'idle', 'removed', 'live', 'serving'],
];
const ranks = new Map(SEVERITY.map((state, rank) => [state, rank]));
const severityOf = (state: string): number => ranks.get(state) ?? SEVERITY.length;

/** How many of a sorted list are at or before a value. */
export function countUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const inOrder = (a: Happening, b: Happening): number => a.at - b.at || a.seq - b.seq;

/** What is known of the past, ready to be drawn: all events, and per lane the changes and the marks. */
export class Timeline {
  /** All events, oldest first. */
  readonly all: Happening[] = [];
  readonly lanes = new Map<string, Lane>();
  /** When each was, by its sequence: one that begins anew gives the same numbers to others. */
  private readonly seen = new Map<number, number>();

  /** Takes in events in any order; those it has are left out. @returns how many were new */
  add(happenings: readonly Happening[]): number {
    const fresh = happenings.filter(({ seq, at }) => this.seen.get(seq) !== at && this.seen.set(seq, at)).sort(inOrder);
    const [first, last] = [fresh[0], this.all.at(-1)];
    if (!first) return 0;
    const isBehind = !last || inOrder(last, first) <= 0;
    for (const happening of fresh) this.all.push(happening);
    if (isBehind) for (const happening of fresh) this.place(happening);
    else {
      this.all.sort(inOrder);
      this.lanes.clear();
      for (const happening of this.all) this.place(happening);
    }
    return fresh.length;
  }

  /** The lane's state at a moment, empty when nothing is known. */
  stateAt(lane: string, at: number): string {
    const found = this.lanes.get(lane);
    return found ? stateAfter(found, countUpTo(found.changesAt, at)) : '';
  }

  private place(happening: Happening): void {
    const lane = this.lanes.get(happening.lane) ?? newLane(happening);
    this.lanes.set(happening.lane, lane);
    if (isChange(happening)) {
      // Before it was new it was not there.
      if (lane.changesAt.length === 0) lane.before = happening.from === 'new' ? '' : happening.from;
      lane.changesAt.push(happening.at);
      lane.states.push(happening.state);
    }
    if (markOf(happening)) {
      lane.marksAt.push(happening.at);
      lane.marks.push(happening);
    }
  }
}

function newLane({ lane: id }: Happening): Lane {
  return { id, changesAt: [], states: [], before: '', marksAt: [], marks: [] };
}

const stateAfter = (lane: Lane, changes: number): string =>
  changes === 0 ? lane.before : (lane.states[changes - 1] as string);

/**
 * The bands of a lane that lie in a span, in order and without gaps. Changes that share a bucket are one band, so that
 * never more than two bands a bucket are drawn, however many events there are.
 * @param bucketMs what is too short to be drawn
 */
export function bandsIn(lane: Lane, { from, to }: Span, bucketMs: number): Band[] {
  const { changesAt } = lane;
  const changeAt = (index: number): number => changesAt[index] ?? Number.POSITIVE_INFINITY;
  const bands: Band[] = [];
  let begin = from;
  let changes = countUpTo(changesAt, from);
  while (begin < to) {
    const bucketEnd = (Math.floor(begin / bucketMs) + 1) * bucketMs;
    const [next, second] = [changeAt(changes), changeAt(changes + 1)];
    // What begins and ends within the bucket can't be drawn.
    const isWhole = next >= bucketEnd || (changesAt[changes - 1] !== begin && second >= bucketEnd);
    const end = Math.min(isWhole ? next : bucketEnd, to);
    const until = changes + (isWhole ? 0 : inBucket(changesAt, changes, end));
    const merged = until - changes;
    let state = stateAfter(lane, changes);
    for (let index = changes + 1; index <= until; index++) state = worse(state, stateAfter(lane, index));
    append(bands, { from: begin, to: end, state, merged });
    changes = until;
    while (changeAt(changes) <= end) changes++;
    begin = end;
  }
  return bands;
}

/** How many changes follow before an end. */
function inBucket(changesAt: readonly number[], after: number, end: number): number {
  let index = after;
  while ((changesAt[index] ?? Number.POSITIVE_INFINITY) < end) index++;
  return index - after;
}

const worse = (a: string, b: string): string => (a !== b && severityOf(b) < severityOf(a) ? b : a);

/** Neighbours that look the same are one. */
function append(bands: Band[], band: Band): void {
  const last = bands.at(-1);
  if (last && last.state === band.state && last.merged > 0 === band.merged > 0) {
    last.to = band.to;
    last.merged += band.merged;
  } else if (band.to > band.from) bands.push(band);
}

/** The marks of a lane that lie in a span; those that share a bucket are one cluster. */
export function clustersIn(lane: Lane, { from, to }: Span, bucketMs: number): Cluster[] {
  const clusters: Cluster[] = [];
  let bucket = Number.NaN;
  for (let index = countUpTo(lane.marksAt, from - 1); (lane.marksAt[index] ?? to) < to; index++) {
    const [at, first] = [lane.marksAt[index] as number, lane.marks[index] as Happening];
    const mark = markOf(first) as Mark;
    const cluster = clusters.at(-1);
    if (cluster && Math.floor(at / bucketMs) === bucket) {
      cluster.count++;
      if (MARKS.indexOf(mark) < MARKS.indexOf(cluster.mark)) cluster.mark = mark;
    } else clusters.push({ at, mark, count: 1, first });
    bucket = Math.floor(at / bucketMs);
  }
  return clusters;
}

/**
 * The event before or after another, or after a moment.
 * @param lanes only events of these; all when empty
 */
export function step(
  all: readonly Happening[],
  where: { at: number; seq?: number | undefined },
  direction: 1 | -1,
  lanes: readonly string[],
): Happening | undefined {
  const isWanted = ({ lane }: Happening): boolean => lanes.length === 0 || lanes.includes(lane);
  const isBehindUs = ({ at, seq }: Happening): boolean => {
    const distance = at - where.at || (where.seq === undefined ? 0 : seq - where.seq);
    return direction === 1 ? distance <= 0 : distance < 0;
  };
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehindUs(all[middle] as Happening)) low = middle + 1;
    else high = middle;
  }
  for (let index = direction === 1 ? low : low - 1; index >= 0 && index < all.length; index += direction) {
    const found = all[index] as Happening;
    if (isWanted(found)) return found;
  }
  return undefined;
}

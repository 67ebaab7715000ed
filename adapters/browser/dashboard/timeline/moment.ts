import { callApi } from '../api.ts';
import type { Chart } from '../chart-layout.ts';
import { type Json, type Why, whyOf } from '../model.ts';

/** A camera, viewer or relay as it was. */
export interface CellThen {
  kind: string;
  id: string;
  state: string;
  since: number;
  why?: Why;
  context: Json;
  chart?: Chart;
}

/** Everything at a moment, as the gateway replays it. */
export interface Moment {
  at: number;
  cells: CellThen[];
  /** Records that were folded and compared with what was recorded. */
  compared: number;
  /** Where the replay first differs from what was recorded; undefined when it never does. */
  difference?: string;
}

/** What is known of the moment that is looked at. */
export interface MomentView {
  moment?: Moment;
  /** Another one has been asked for. */
  asking: boolean;
  failure: string;
}

/** Asks for moments: one question at a time, and always the newest one next. */
export interface Moments {
  view(): MomentView;
  subscribe(listener: () => void): () => void;
  ask(at: number | undefined): void;
}

/** Somebody who drags asks for the moment where they stop. */
const SETTLE_MS = 120;
const KEPT = 40;

/** @param replay asks the gateway for a moment */
export function openMoments(replay: (at: number) => Promise<Moment> = askReplay): Moments {
  const listeners = new Set<() => void>();
  const kept = new Map<number, Moment>();
  let view: MomentView = { asking: false, failure: '' };
  let wanted: number | undefined;
  let running = false;
  const change = (part: Partial<MomentView>): void => {
    view = { ...view, ...part };
    for (const listener of listeners) listener();
  };
  const follow = async (): Promise<void> => {
    running = true;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const at = wanted;
    if (at !== undefined && !kept.has(at)) {
      try {
        keep(kept, await replay(at));
      } catch (error) {
        if (wanted === at) wanted = undefined;
        change({ asking: false, failure: error instanceof Error ? error.message : String(error) });
      }
    }
    running = false;
    // What was asked for meanwhile has gone on; what has come is shown all the same, it is closer than what is there.
    const moment = at === undefined ? undefined : kept.get(at);
    if (moment && wanted !== undefined) change({ moment, asking: wanted !== at, failure: '' });
    if (wanted !== undefined && wanted !== at) void follow();
  };
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ask(at) {
      if (at === wanted) return;
      wanted = at;
      const moment = at === undefined ? undefined : kept.get(at);
      if (at === undefined) change({ moment: undefined, asking: false, failure: '' });
      else if (moment) change({ moment, asking: false, failure: '' });
      else {
        change({ asking: true });
        if (!running) void follow();
      }
    },
  };
}

function keep(kept: Map<number, Moment>, moment: Moment): void {
  kept.set(moment.at, moment);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
}

async function askReplay(at: number): Promise<Moment> {
  return momentOf(await callApi('GET', `/api/v1/replay?at=${at}`), at);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A moment from the answer of `GET /api/v1/replay`. */
export function momentOf(answer: Json, at: number): Moment {
  const cells = Array.isArray(answer.cells) ? (answer.cells as Json[]) : [];
  const difference = answer.first_difference as Json | null | undefined;
  return {
    at,
    cells: cells.map((cell) => ({
      kind: text(cell.kind),
      id: text(cell.id),
      state: text(cell.state),
      since: Number(cell.since) || 0,
      ...whyOf(cell.why),
      context: (cell.context ?? {}) as Json,
      ...(cell.chart ? { chart: cell.chart as Chart } : {}),
    })),
    compared: Number(answer.compared) || 0,
    ...(difference ? { difference: `${text(difference.kind)} ${text(difference.id)}, record ${difference.seq}` } : {}),
  };
}

import type { Json } from '../model.ts';

/** A stretch in which something would be dark, or a mark where it would change, if a question of what-if were true. */
export interface Ghost {
  lane: string;
  from: number;
  to: number;
  label: string;
}

/** What is thought away. */
export type Loss =
  | { relay: string }
  | { region: string }
  | { source: { camera: string; source: string } }
  | { gateway: true };

/** One thing that would happen. */
export interface WhatIfStep {
  afterMs: number;
  kind: string;
  id: string;
  /** Whose viewer it is, for a viewer. */
  camera: string;
  from: string;
  to: string;
  why: string;
}

/** What would happen, as the gateway works it out. */
export interface WhatIf {
  at: number;
  steps: WhatIfStep[];
  /** Viewers that would be moved. */
  moved: number;
  /** Viewers that no relay could carry on. */
  stranded: number;
  /** What else is to be known, in a sentence. */
  note: string;
  /** Cameras without a picture, and for how long; undefined is until somebody repairs it. */
  dark: { camera: string; forMs?: number }[];
  /** Of a lost gateway: what goes on, what waits and for how long, what does not come back; in sentences. */
  gateway?: string[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const sayOf = (why: unknown): string => text(why) || text((why as Json | null | undefined)?.text);
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value : []);

/** What would happen, from the answer of `POST /api/v1/whatif`. */
export function whatIfOf(answer: Json): WhatIf {
  return {
    at: Number(answer.at) || 0,
    steps: listOf(answer.steps).map((step) => ({
      afterMs: Number(step.at_ms) || 0,
      kind: text(step.kind),
      id: text(step.id),
      camera: text(step.camera),
      from: text(step.from),
      to: text(step.to),
      why: sayOf(step.why),
    })),
    moved: Number(answer.moved) || 0,
    stranded: Number(answer.stranded) || 0,
    note: text(answer.note),
    dark: listOf(answer.dark).map(({ camera, for_ms: forMs }) => ({
      camera: text(camera),
      ...(typeof forMs === 'number' ? { forMs } : {}),
    })),
    ...(answer.gateway ? { gateway: sayGateway(answer.gateway as Json) } : {}),
  };
}

function sayGateway(gateway: Json): string[] {
  const pause = gateway.pause_ms as Json | null | undefined;
  const heirs = listOf(gateway.heirs).map(({ gateway: name, cells }) => {
    const counts = Object.entries((cells ?? {}) as Json).map(([kind, count]) => `${count} × ${kind}`);
    return `${text(name)} would take up ${counts.join(', ') || 'nothing'}.`;
  });
  const said = (lead: string, lines: unknown): string[] =>
    (Array.isArray(lines) ? lines : []).map((line) => `${lead}: ${text(line)}`);
  return [
    pause ? `Taken up after ${pause.shortest} to ${pause.longest} ms.` : 'Nobody is there to take its cells up.',
    ...heirs,
    ...said('Goes on', gateway.goes_on),
    ...said('Waits', gateway.pauses),
    ...said('Lost for good', gateway.gone),
  ];
}

/** How far a ghost is drawn that has no end. */
const ENDLESS_MS = 365 * 86_400_000;

/** What would happen, with the time before it: as far as it is drawn. */
const SHORTEST_MS = 5_000;
const LONGEST_MS = 600_000;

/** The window in which all of an answer is seen. */
export function windowOf({ at, steps, dark }: WhatIf): { to: number; spanMs: number } {
  const latestMs = Math.max(...steps.map(({ afterMs }) => afterMs), ...dark.map(({ forMs = 0 }) => forMs), SHORTEST_MS);
  const extentMs = Math.min(latestMs, LONGEST_MS) * 1.3;
  return { to: at + extentMs, spanMs: 2 * extentMs };
}

/** What would happen as it is drawn over the time line. */
export function ghostsOf({ at, steps, dark }: WhatIf): Ghost[] {
  const marks = steps
    .filter(({ kind }) => kind === 'camera' || kind === 'relay')
    .map(({ kind, id, afterMs, to }) => ({
      lane: `${kind}/${id}`,
      from: at + afterMs,
      to: at + afterMs,
      label: `would be ${to}`,
    }));
  const away = dark.map(({ camera, forMs = ENDLESS_MS }) => ({
    lane: `camera/${camera}`,
    from: at,
    to: at + forMs,
    label: 'would be dark',
  }));
  return [...away, ...marks.filter(({ lane }) => !away.some((ghost) => ghost.lane === lane))];
}

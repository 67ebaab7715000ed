import { type Fact, type Json, whyOf } from '../model.ts';

/** What the time line knows of one event: an item of `GET /api/v1/timeline`, or a fact just heard. */
export interface Happening extends Pick<Fact, 'seq' | 'at' | 'type' | 'kind' | 'id' | 'from' | 'state' | 'why'> {
  /** The lane it stands in: `camera/cam_001`, `relay/relay-1`. */
  lane: string;
  zone: string;
  /** Who watches, for a viewer. */
  subject: string;
  /** The operator whose action it was. */
  by: string;
  detectMs?: number;
  recoverMs?: number;
}

/** Events that are marked beside the bands of states, the most telling first. */
export const MARKS = ['relay', 'denial', 'incident', 'operator', 'switch', 'move', 'viewer'] as const;
export type Mark = (typeof MARKS)[number];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A happening from an item of `GET /api/v1/timeline`; undefined when it is none. */
export function happeningOf(item: Json): Happening | undefined {
  const [kind, id] = [text(item.kind), text(item.id)];
  if (!kind || !id || typeof item.at !== 'number' || typeof item.seq !== 'number') return undefined;
  return {
    seq: item.seq,
    at: item.at,
    type: text(item.type),
    kind,
    id,
    from: text(item.from),
    state: text(item.state),
    ...whyOf(item.why),
    lane: laneOf(kind, id, text(item.camera)),
    zone: text(item.zone),
    subject: text(item.subject),
    by: text(item.by),
    ...(typeof item.detect_ms === 'number' ? { detectMs: item.detect_ms } : {}),
    ...(typeof item.recover_ms === 'number' ? { recoverMs: item.recover_ms } : {}),
  };
}

/** A happening from a fact of the event stream. */
export function happeningOfFact({ data, ...fact }: Fact): Happening | undefined {
  return happeningOf({
    ...data,
    by: data.by_name ?? data.by ?? fact.why?.guard?.by_name ?? fact.why?.guard?.by,
    ...fact,
  });
}

/** A viewer's events stand in the lane of the camera that is watched. */
function laneOf(kind: string, id: string, camera: string): string {
  return kind !== 'camera' && kind !== 'relay' && camera ? `camera/${camera}` : `${kind}/${id}`;
}

/** Whether it is a change of its lane's own state, which the lane shows as a band. */
export const isChange = (happening: Happening): boolean =>
  happening.state !== '' && happening.lane === `${happening.kind}/${happening.id}`;

/** How it is marked; undefined when the bands of states already show all of it. */
export function markOf({ kind, type, state, by }: Happening): Mark | undefined {
  if (kind === 'incident' || kind === 'broadcast') return 'incident';
  if (by) return 'operator';
  const what = type.slice(type.indexOf('.') + 1);
  if (kind === 'relay') return state === 'dead' || state === 'suspect' || state === 'draining' ? 'relay' : undefined;
  if (what === 'denied' || what === 'revoked') return 'denial';
  if (what === 'switched' || what === 'switching') return 'switch';
  if (what === 'moved') return 'move';
  return kind === 'camera' ? undefined : 'viewer';
}

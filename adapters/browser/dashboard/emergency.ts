import { type Fact, instant, type Json, text, type Why, whyOf } from './model.ts';

/** An emergency that runs. */
export interface Incident {
  id: string;
  zone: string;
  cameras: string[];
  reason: string;
  by: string;
  /** Epoch ms at which it ends by itself. */
  until: number;
  drill: boolean;
  state: string;
  since: number;
  why?: Why;
}

/** A camera that is pushed to a destination, or is to be. */
export interface Broadcast {
  id: string;
  camera: string;
  destination: string;
  state: string;
  since: number;
  /** False: what the destination gets is the slate. */
  picture: boolean;
  why?: Why;
}

/** The emergencies and pushes that the page knows of. */
export interface Emergencies {
  incidents: Incident[];
  broadcasts: Broadcast[];
}

export const NO_EMERGENCIES: Emergencies = { incidents: [], broadcasts: [] };

/** An incident from an item of `GET /api/v1/incidents`, or from what a fact says. */
export function incidentOf(item: Json): Incident {
  return {
    id: text(item.id),
    zone: text(item.zone),
    cameras: Array.isArray(item.cameras) ? item.cameras.map(String) : [],
    reason: text(item.reason),
    by: text(item.by_name ?? item.by),
    until: instant(item.until),
    drill: item.drill === true,
    state: text(item.state),
    since: instant(item.since),
    ...whyOf(item.why),
  };
}

/** A broadcast from an item of `GET /api/v1/broadcasts`, or from what a fact says. */
export function broadcastOf(item: Json): Broadcast {
  return {
    id: text(item.id),
    camera: text(item.camera),
    destination: text(item.destination),
    state: text(item.state),
    since: instant(item.since),
    picture: item.picture === true,
    ...whyOf(item.why),
  };
}

/** The list with a newer one in its place; one that is over leaves it. Older news changes nothing. */
export function placed<T extends { id: string; since: number }>(items: T[], next: T, over: boolean): T[] {
  const known = items.findIndex(({ id }) => id === next.id);
  if (known < 0) return over ? items : [...items, next];
  if ((items[known]?.since ?? 0) > next.since) return items;
  return over ? items.toSpliced(known, 1) : items.with(known, next);
}

/** What is known after a fact. */
export function hearEmergency(known: Emergencies, { kind, id, data }: Fact): Emergencies {
  if (kind === 'incident') {
    const next = incidentOf({ ...data, id });
    return { ...known, incidents: placed(known.incidents, next, next.state === 'closed') };
  }
  if (kind === 'broadcast') {
    const next = broadcastOf({ ...data, id });
    return { ...known, broadcasts: placed(known.broadcasts, next, next.state === 'stopped') };
  }
  return known;
}

/** The incident that a camera's tile tells of: a real one before a drill, then the one that lasts longest. */
export function incidentAt({ incidents }: Emergencies, camera: string): Incident | undefined {
  return incidents
    .filter(({ cameras }) => cameras.includes(camera))
    .sort((one, other) => Number(one.drill) - Number(other.drill) || other.until - one.until)[0];
}

/** What a lamp says of a push: the sign and the word carry it, the colour only helps. */
export function lampOf(broadcast: Broadcast | undefined): { lamp: string; sign: string; word: string } {
  if (!broadcast) return { lamp: 'off', sign: '○', word: 'off' };
  if (broadcast.state !== 'on-air') return { lamp: 'trying', sign: '◐', word: broadcast.state };
  return broadcast.picture
    ? { lamp: 'air', sign: '●', word: 'on air' }
    : { lamp: 'slate', sign: '◍', word: 'on air with the slate' };
}

import type { Broadcast, Emergencies, Incident } from './emergency.ts';
import type { Camera, Relay, Why, World } from './model.ts';

/** Something that wants a person's look, for as long as its cause lasts. */
export interface Alarm {
  /** One cause, one alarm: what it is about, as `camera/cam_001`. */
  cause: string;
  /** What a person calls it, and what is wrong with it. */
  title: string;
  text: string;
  /** When it was raised, epoch ms. */
  since: number;
  /** The cameras whose tiles are marked. */
  cameras: string[];
}

type Wrong = Pick<Alarm, 'text'> & { since: number };

/** A camera that none of its sources feeds. */
const WITHOUT_SOURCE: Record<string, string> = {
  holding: 'no source, viewers see the slate',
  offline: 'offline',
  quarantined: 'left alone after failing too often',
};
/** A camera that is asked anew has not come back yet: what was raised stays. */
const NOT_YET_BACK = new Set(['connecting']);
const OFF_AIR = new Set(['retrying', 'failed', 'waiting']);

/** What is wrong with a camera, if anything is. */
export function wrongWithCamera({ state, since, why }: Camera, raised: boolean): Wrong | undefined {
  const text = WITHOUT_SOURCE[state] ?? (raised && NOT_YET_BACK.has(state) ? 'not back yet' : undefined);
  return text === undefined ? undefined : { text: because(text, why), since };
}

/** What is wrong with a relay: only a dead one wants a person; the others mend themselves, or were told to drain. */
export function wrongWithRelay({ state, since, why }: Relay): Wrong | undefined {
  return state === 'dead' ? { text: because('dead', why), since } : undefined;
}

/** What is wrong with a push: its station gets nothing, or the slate. */
export function wrongWithBroadcast({ state, picture, since, why }: Broadcast): Wrong | undefined {
  if (OFF_AIR.has(state)) return { text: because(`not on air, ${state}`, why), since };
  if (state === 'on-air' && !picture) return { text: because('on air with the slate', why), since };
  return undefined;
}

/** An incident that ends soon unless somebody prolongs it. */
export function wrongWithIncident({ state, since }: Incident): Wrong | undefined {
  return state === 'expiring' ? { text: 'ends soon unless it is prolonged', since } : undefined;
}

/** The alarms that hold now, newest first. One that held before keeps the moment at which it was raised. */
export function alarmsAfter(before: readonly Alarm[], world: World, { incidents, broadcasts }: Emergencies): Alarm[] {
  const known = new Map(before.map((alarm) => [alarm.cause, alarm]));
  const nameOf = (id: string): string => world.cameras.find((camera) => camera.id === id)?.name ?? id;
  const alarms: Alarm[] = [];
  const raise = (cause: string, title: string, cameras: string[], wrong: Wrong | undefined): void => {
    if (wrong) alarms.push({ cause, title, cameras, ...wrong, since: known.get(cause)?.since ?? wrong.since });
  };
  for (const camera of world.cameras) {
    const cause = `camera/${camera.id}`;
    raise(cause, camera.name, [camera.id], wrongWithCamera(camera, known.has(cause)));
  }
  for (const relay of world.relays) raise(`relay/${relay.id}`, `Relay ${relay.id}`, [], wrongWithRelay(relay));
  for (const push of broadcasts) {
    const title = `${nameOf(push.camera)} to ${push.destination}`;
    raise(`broadcast/${push.id}`, title, [push.camera], wrongWithBroadcast(push));
  }
  for (const incident of incidents) {
    const title = `${incident.drill ? 'Drill' : 'Emergency'}: ${incident.reason}`;
    raise(`incident/${incident.id}`, title, incident.cameras, wrongWithIncident(incident));
  }
  return alarms.sort((one, other) => other.since - one.since || one.cause.localeCompare(other.cause));
}

const because = (text: string, why: Why | undefined): string => (why?.text ? `${text}: ${why.text}` : text);

import { houseNow } from '../player/house-time.ts';
import { type Alarm, alarmOf, hearAlarm } from './alarms.ts';
import { ApiRefusal, callApi, listApi } from './api.ts';
import { broadcastOf, type Emergencies, hearEmergency, incidentOf, NO_EMERGENCIES } from './emergency.ts';
import { cameraOf, EMPTY_WORLD, factOf, hearFact, readWorld, relayOf, type World } from './model.ts';
import { followShared } from './shared-stream.ts';
import type { StreamStatus } from './stream.ts';

/** What the page shows: the world, and how well it is known. */
export interface RoomView {
  world: World;
  emergencies: Emergencies;
  alarms: Alarm[];
  /** The lists were read at least once. */
  loaded: boolean;
  signedIn: boolean;
  stream: StreamStatus;
  /** Since when the stream is in this status, epoch ms. */
  streamSince: number;
  /** The last time that events were missed: `since` is the newest event that was heard before, epoch ms. */
  missed: { times: number; since: number };
  /** Plugs may be pulled. */
  demo: boolean;
  /** Whether who looks may act: an operator or an administrator. */
  operates: boolean;
  /** Whether who looks may add cameras: an administrator. */
  administers: boolean;
  /** The name of who looks; empty while that is not known. */
  person: string;
  /** What tokens call them. */
  sub: string;
  /** When the sign-in ends, epoch ms; 0 while that is not known. */
  signedInUntil: number;
}

/** The control room: keeps the view up to date. */
export interface Room {
  view(): RoomView;
  subscribe(listener: () => void): () => void;
}

// Numbers that no fact carries (viewers, bit rates) are read this often; also the net under a stream that went deaf.
const READ_EVERY_MS = 10_000;
const READ_SOON_MS = 250;
const AGAIN_MS = 1_000;

/** A list that others than operators are refused. */
const listForOperators: typeof listApi = (path) =>
  listApi(path).catch((error) => {
    if (error instanceof ApiRefusal && error.status === 403) return [];
    throw error;
  });

/** Opens the room: finds out who looks, reads the lists, follows the events. */
export function openRoom(): Room {
  const listeners = new Set<() => void>();
  let view: RoomView = {
    world: EMPTY_WORLD,
    emergencies: NO_EMERGENCIES,
    alarms: [],
    loaded: false,
    signedIn: true,
    stream: 'connecting',
    streamSince: houseNow(),
    missed: { times: 0, since: houseNow() },
    demo: false,
    operates: false,
    administers: false,
    person: '',
    sub: '',
    signedInUntil: 0,
  };
  let soon = 0;
  let heardAt = houseNow();
  const change = (part: Partial<RoomView>): void => {
    view = { ...view, ...part };
    for (const listener of listeners) listener();
  };

  const read = async (): Promise<void> => {
    const before = view.world;
    try {
      const [cameras, relays, incidents, broadcasts, alarms] = await Promise.all([
        listApi('/api/v1/cameras'),
        listForOperators('/api/v1/relays'),
        listApi('/api/v1/incidents'),
        listForOperators('/api/v1/broadcasts'),
        listApi('/api/v1/alarms'),
      ]);
      const world = readWorld(view.world, cameras.map(cameraOf), relays.map(relayOf), before);
      const emergencies = { incidents: incidents.map(incidentOf), broadcasts: broadcasts.map(broadcastOf) };
      change({ world, emergencies, alarms: alarms.map(alarmOf), loaded: true, signedIn: true });
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 401) change({ signedIn: false, loaded: true });
    }
  };
  const readSoon = (): void => {
    window.clearTimeout(soon);
    soon = window.setTimeout(read, READ_SOON_MS);
  };
  const hear = (data: string, seq: number): void => {
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    const fact = factOf(event, seq);
    if (!fact) return;
    heardAt = Math.max(heardAt, fact.at);
    change({
      world: hearFact(view.world, fact),
      emergencies: hearEmergency(view.emergencies, fact),
      alarms: hearAlarm(view.alarms, fact),
    });
    const known = fact.kind === 'camera' && view.world.cameras.some(({ id }) => id === fact.id);
    // The sources behind a change are in no fact of the camera.
    if (fact.kind === 'viewer' || fact.kind === 'camera' || !known) readSoon();
  };

  const follow = (person: string): void => {
    followShared(person, {
      event: hear,
      gap() {
        change({ missed: { times: view.missed.times + 1, since: heardAt } });
        void read();
      },
      status(stream) {
        if (stream !== view.stream) change({ stream, streamSince: houseNow() });
        if (stream === 'open' || stream === 'denied') void read();
      },
    });
    void read();
    window.setInterval(read, READ_EVERY_MS);
  };
  const enter = async (): Promise<void> => {
    try {
      const { sub, name, role, demo, expires_at } = await callApi('GET', '/api/v1/login');
      // Plugs are for those who may operate.
      const operates = role !== 'viewer';
      change({
        operates,
        administers: role === 'admin',
        demo: demo === true && operates,
        person: String(name ?? sub),
        sub: String(sub),
        signedInUntil: Number(expires_at) || 0,
      });
      follow(String(sub));
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 401) return change({ signedIn: false, loaded: true });
      if (view.stream !== 'away') change({ stream: 'away', streamSince: houseNow() });
      window.setTimeout(enter, AGAIN_MS);
    }
  };
  void enter();
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Why something changed, as the gateway tells it. */
export interface Why {
  trigger: string;
  text: string;
  reason?: string;
  guard?: Record<string, unknown>;
  rejected?: { option: string; because: string }[];
}

/** One source of a camera. */
export interface Source {
  id: string;
  state: string;
  /** Why it stands so. */
  text: string;
  /** Its address, for those who may know it. */
  url: string;
}

/** That another source feeds a camera now. */
export interface Switched {
  at: number;
  to: string;
  text: string;
  gapMs: number;
}

/** A camera on the wall. */
export interface Camera {
  id: string;
  name: string;
  zone: string;
  state: string;
  since: number;
  why?: Why;
  sources: Source[];
  activeSource?: string;
  /** The operator's choice, while it holds. */
  chosenSource?: string;
  /** The last switch that this page heard of. */
  switched?: Switched;
  /** It has motors; who may use them is asked of the gateway. */
  movable: boolean;
  viewers: number;
  picture: string;
}

/** A relay, for the header. */
export interface Relay {
  id: string;
  role: string;
  region: string;
  state: string;
  since: number;
  why?: Why;
}

/** One fact of the event stream. */
export interface Fact {
  seq: number;
  kind: string;
  id: string;
  /** `camera.live` */
  type: string;
  at: number;
  from: string;
  state: string;
  why?: Why;
  data: Record<string, unknown>;
}

/** Everything the page knows of the house. */
export interface World {
  cameras: Camera[];
  relays: Relay[];
  /** Latest last. */
  facts: Fact[];
}

export const EMPTY_WORLD: World = { cameras: [], relays: [], facts: [] };
const FACTS_KEPT = 500;

/** Something read of the gateway, not yet looked at. */
export type Json = Record<string, unknown>;
/** A text, or another one where none is told. */
export const text = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback);
const count = (value: unknown): number => (Array.isArray(value) ? value.length : typeof value === 'number' ? value : 0);
/** Epoch ms from epoch ms or from an RFC 3339 text. */
export const instant = (value: unknown): number =>
  typeof value === 'number' ? value : Number.isNaN(Date.parse(text(value))) ? 0 : Date.parse(text(value));

/** A reason, where one is told. */
export function whyOf(value: unknown): { why?: Why } {
  if (value === null || typeof value !== 'object') return {};
  const why = value as Json;
  return { why: { ...why, trigger: text(why.trigger), text: text(why.text) } as Why };
}

function pictureOf(item: Json): string {
  const parts = [];
  if (item.width && item.height) parts.push(`${item.width} × ${item.height}`);
  if (item.codec) parts.push(text(item.codec));
  if (typeof item.fps === 'number' && item.fps > 0) parts.push(`${Math.round(item.fps)} fps`);
  if (typeof item.bitrate_bps === 'number') parts.push(`${(item.bitrate_bps / 1e6).toFixed(1)} Mb/s`);
  return parts.join(' · ');
}

/** A camera from an item of `GET /api/v1/cameras`. */
export function cameraOf(item: Json): Camera {
  const sources = Array.isArray(item.sources) ? (item.sources as Json[]) : [];
  return {
    id: text(item.id),
    name: text(item.name, text(item.id)),
    zone: text(item.zone),
    state: text(item.state),
    since: instant(item.since),
    ...whyOf(item.why),
    sources: sources.map((source) => ({
      id: text(source.id),
      state: text(source.state),
      text: text((source.why as Json | undefined)?.text),
      url: text(source.url),
    })),
    ...(item.active_source === undefined || item.active_source === null
      ? {}
      : { activeSource: String(item.active_source) }),
    ...(item.chosen_source ? { chosenSource: text(item.chosen_source) } : {}),
    movable: item.ptz === true,
    viewers: count(item.viewers),
    picture: pictureOf((item.picture as Json | undefined) ?? item),
  };
}

/** A relay from an item of `GET /api/v1/relays`. */
export function relayOf(item: Json): Relay {
  return {
    id: text(item.id),
    role: text(item.role, 'delivery'),
    region: text(item.region),
    state: text(item.state),
    since: instant(item.since),
    ...whyOf(item.why),
  };
}

/** A fact from a CloudEvent; undefined when it is none of ours. */
export function factOf(event: unknown, seq: number): Fact | undefined {
  if (event === null || typeof event !== 'object') return undefined;
  const { type, subject, time, data } = event as Json;
  const [kind, id] = text(subject).split('/');
  if (!kind || !id || data === null || typeof data !== 'object') return undefined;
  const body = data as Json;
  return {
    seq,
    kind,
    id,
    type: text(type).replace(/^signalbox\./, ''),
    at: instant(time),
    from: text(body.from),
    state: text(body.state),
    ...whyOf(body.why),
    data: body,
  };
}

/** The world after a fact. Facts older than what is known change nothing but the list of facts. */
export function hearFact(world: World, fact: Fact): World {
  if (fact.seq > 0 && world.facts.some(({ seq, at }) => seq === fact.seq && at === fact.at)) return world;
  return standingAfter({ ...world, facts: [...world.facts, fact].slice(-FACTS_KEPT) }, fact);
}

/** How cameras and relays stand after a fact. */
function standingAfter(world: World, fact: Fact): World {
  const since = instant(fact.data.since) || fact.at;
  if (fact.kind === 'camera') return { ...world, cameras: camerasAfter(world.cameras, fact, since) };
  if (fact.kind === 'relay') return { ...world, relays: relaysAfter(world.relays, fact, since) };
  return world;
}

function relaysAfter(relays: Relay[], fact: Fact, since: number): Relay[] {
  const { id, type, state, why } = fact;
  if (type === 'relay.removed') return relays.filter((relay) => relay.id !== id || relay.since > since);
  return relays.map((relay) =>
    relay.id === id && since >= relay.since ? { ...relay, state, since, ...(why ? { why } : {}) } : relay,
  );
}

function camerasAfter(cameras: Camera[], fact: Fact, since: number): Camera[] {
  if (fact.type === 'camera.removed') return cameras.filter((camera) => camera.id !== fact.id);
  return cameras.map((camera) => {
    if (camera.id !== fact.id || since < camera.since || !fact.state) return camera;
    const { name, zone } = fact.data;
    if (fact.type === 'camera.publisher' || fact.type === 'camera.misplaced') return camera;
    if (fact.type === 'camera.source') return { ...camera, sources: sourcesAfter(camera.sources, fact) };
    return {
      ...camera,
      ...switchedBy(fact),
      name: text(name, camera.name),
      zone: text(zone, camera.zone),
      state: fact.state,
      since,
      ...(fact.why ? { why: fact.why } : {}),
    };
  });
}

/** The source that feeds a camera while it is not the preferred one. */
export function backupOf({ sources, activeSource }: Camera): string | undefined {
  return activeSource === sources[0]?.id ? undefined : activeSource;
}

/** A standby source came or went. */
function sourcesAfter(sources: Source[], { data, why }: Fact): Source[] {
  const state = text(data.source_state);
  return sources.map((source) => (source.id === data.source ? { ...source, state, text: why?.text ?? '' } : source));
}

/** What a fact says of the source that feeds the program. */
function switchedBy({ type, at, data, why }: Fact): Partial<Camera> {
  if (typeof data.active_source !== 'string') return {};
  const activeSource = data.active_source;
  // A source that comes back by itself ends a darkness as well as a switch does.
  const returned = type === 'camera.live' && data.recover_ms !== undefined;
  if (type !== 'camera.switched' && !returned) return { activeSource };
  return { activeSource, switched: { at, to: activeSource, text: why?.text ?? '', gapMs: count(data.recover_ms) } };
}

/**
 * The world with what was just read of the gateway; facts heard meanwhile that are newer still hold.
 * @param before the world when it was asked for
 */
export function readWorld(world: World, cameras: Camera[], relays: Relay[], before = world): World {
  const newer = <T extends { id: string; since: number; state: string; why?: Why }>(read: T[], known: T[]): T[] =>
    read.map((item) => {
      const own = known.find((candidate) => candidate.id === item.id);
      if (!own || own.since <= item.since) return item;
      const { state, since, why } = own;
      return { ...item, state, since, ...(why ? { why } : {}) };
    });
  const heard = newer(cameras, world.cameras).map((camera) => {
    const switched = world.cameras.find(({ id }) => id === camera.id)?.switched;
    return switched ? { ...camera, switched } : camera;
  });
  const known = new Set(before.facts);
  const read = { ...world, cameras: heard, relays: newer(relays, world.relays) };
  return world.facts.filter((fact) => !known.has(fact)).reduce(standingAfter, read);
}

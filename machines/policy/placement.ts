import type { Why } from '../../bus/events/why.ts';

/** A delivery relay as placement sees it. */
export interface RelayStanding {
  id: string;
  region: string;
  /** Its share beside others: a relay of weight 3 carries three viewers for each one of weight 1; 0 carries none. */
  weight: number;
  /** Sessions that it carries. */
  load: number;
  /** By relay: how many of its sessions come here, their standby, should it be lost. */
  inherits?: Readonly<Record<string, number>>;
  /** Sessions that it may carry; absent: any number. */
  maxReaders?: number;
  /** Set when it sends as much as it may, and why. */
  short?: Why;
  /** The state an operator sees. */
  state: string;
  /** Of one that pulls programs: from which relay; empty: from none just now. */
  upstream?: string;
  /** Whether it carries media. */
  serving: boolean;
  /** Whether somebody has it take no new viewers. */
  draining: boolean;
  /** The protocols that it speaks with viewers. */
  capabilities: readonly string[];
}

/** What a viewer needs of a relay. */
export interface PlacementWish {
  /** Where the viewer is. */
  region: string;
  /** Protocols that the relay must speak. */
  needs?: readonly string[];
  /** Where all is full, may take the place of somebody without priority. */
  priority?: boolean;
  /** It is new and its camera in no emergency: it waits while a relay sends as much as it may. */
  yields?: boolean;
  /** Relays that it shall not go to, each with the reason, as a sentence about it. */
  avoid?: Readonly<Record<string, string>>;
}

/** Where a viewer goes: no `relay` when none may take it. */
export interface Placement {
  relay?: string;
  /** Where it goes should that relay be lost. */
  standby?: string;
  /** Set when relays serve, and each has as many viewers as it may: asking again makes sense after this long. */
  full?: { retryAfterS: number };
  /** The relay has no room: somebody without priority must leave it first. */
  displaces?: string;
  why: Why;
}

const FULL_RETRY_S = 5;

/** What keeps a relay out altogether, as a sentence; undefined when nothing does. */
function obstacle(relay: RelayStanding, { needs = [], avoid = {} }: PlacementWish): string | undefined {
  const { id, state, serving, draining, weight, capabilities, upstream } = relay;
  if (draining) return 'it is being drained';
  if (!serving) return `it is ${state}`;
  if (weight <= 0) return 'its weight is 0: it takes no new viewers';
  if (upstream === '') return 'no relay has the programs that it pulls';
  const lacking = needs.filter((need) => !capabilities.includes(need));
  if (lacking.length > 0) return `it has no ${lacking.join(' and no ')}`;
  return avoid[id];
}

/** Why a relay has no room for a viewer; undefined while it has. Nobody makes room by leaving what is short anyway. */
function lackOfRoom({ load, maxReaders, short }: RelayStanding, { yields }: PlacementWish): string | undefined {
  if (yields && short) return short.text;
  return maxReaders !== undefined && load >= maxReaders ? `full: it carries ${load} viewers` : undefined;
}
/** Its last resort: viewers stay there, new ones go elsewhere while there is one. */
const isShaky = ({ state }: RelayStanding): boolean => state !== 'serving';

/** How full a relay would be with one more viewer, in viewers for each unit of weight. */
const fullness = ({ load, weight }: RelayStanding): number => (load + 1) / weight;

const rounded = (score: number): number => Math.round(score * 1000) / 1000;

/** A sound one before others, one of the viewer's region before others, the emptiest, by name. */
const byPreference = (region: string) => (one: RelayStanding, other: RelayStanding) =>
  Number(isShaky(one)) - Number(isShaky(other)) ||
  Number(other.region === region) - Number(one.region === region) ||
  fullness(one) - fullness(other) ||
  (one.id < other.id ? -1 : 1);

/** Why the chosen one was better, in the order of {@link byPreference}. */
function because(candidate: RelayStanding, chosen: RelayStanding, region: string): string {
  if (isShaky(candidate) && !isShaky(chosen)) return `it is ${candidate.state}`;
  if (candidate.region !== region && chosen.region === region) return `it is in ${candidate.region}, not in ${region}`;
  const [its, lesser] = [rounded(fullness(candidate)), rounded(fullness(chosen))];
  return its === lesser ? 'as good, later by name' : `fuller: ${its} viewers for its weight, against ${lesser}`;
}

/** The relay whose end takes a relay's pictures along: the one that it pulls from, or itself. */
const rootOf = ({ id, upstream = id }: Seat): string => upstream;

type Seat = Pick<RelayStanding, 'id' | 'upstream'>;

/**
 * Whichever of some relays is best for a viewer of `seat` should that be lost, with all who come along: together at one
 * they would be more than it takes. One that would lose its pictures at the same moment comes last.
 */
function heirAmong(relays: readonly RelayStanding[], seat: Seat, wish: PlacementWish): RelayStanding | undefined {
  const shares = (relay: RelayStanding) => Number(rootOf(relay) === rootOf(seat));
  const prefer = byPreference(wish.region);
  const heirs = relays
    .filter(({ id }) => id !== seat.id)
    .map((relay) => ({ ...relay, load: relay.load + (relay.inherits?.[seat.id] ?? 0) }))
    .sort((one, other) => shares(one) - shares(other) || prefer(one, other));
  return heirs.find((heir) => lackOfRoom(heir, wish) === undefined) ?? heirs[0];
}

/** What was decided, in one sentence. */
function sentence(chosen: RelayStanding, region: string, displaces: boolean): string {
  const place =
    chosen.region === region
      ? `${chosen.id} is the least loaded for its weight in ${region}`
      : `no relay takes viewers in ${region}; ${chosen.id} in ${chosen.region} is the least loaded for its weight`;
  return displaces ? `every relay is full; ${place}, and somebody without priority makes room there` : place;
}

/**
 * Places a viewer on the relay that is least loaded for its weight, in the viewer's region where one takes viewers
 * there, and names the one that would carry it on.
 * @param relays the delivery relays, in any order
 */
export function place(relays: readonly RelayStanding[], wish: PlacementWish): Placement {
  const { region } = wish;
  const fit = relays.filter((relay) => obstacle(relay, wish) === undefined).sort(byPreference(region));
  const open = fit.filter((relay) => lackOfRoom(relay, wish) === undefined);
  const enough = wish.yields ? fit.filter(({ short }) => short === undefined) : fit;
  const displaces = open.length === 0 && enough.length > 0 && wish.priority === true;
  const [chosen, ...others] = displaces ? enough : open;
  const rejected = relays
    .flatMap((relay) => {
      const reason = obstacle(relay, wish) ?? lackOfRoom(relay, wish);
      return reason === undefined || relay === chosen ? [] : [{ option: relay.id, because: reason }];
    })
    .sort((one, other) => (one.option < other.option ? -1 : 1));
  if (!chosen) {
    const full = fit.length > 0;
    const short = full && enough.length === 0;
    const most = short ? 'every relay sends as much as it may' : 'every relay has as many viewers as it may';
    const text = full ? most : 'no relay can carry viewers just now';
    const reason = short ? 'no-bandwidth' : full ? 'full' : 'no-relay';
    const why = { trigger: 'placement', reason, text, guard: { region }, rejected };
    return full ? { full: { retryAfterS: FULL_RETRY_S }, why } : { why };
  }
  const lesser = others
    .filter((one) => lackOfRoom(one, wish) === undefined)
    .map((one) => ({ option: one.id, because: because(one, chosen, region) }));
  const standby = heirAmong(others, chosen, wish);
  return {
    relay: chosen.id,
    ...(standby ? { standby: standby.id } : {}),
    ...(displaces ? { displaces: chosen.id } : {}),
    why: {
      trigger: 'placement',
      text: sentence(chosen, region, displaces),
      guard: {
        region,
        scores: Object.fromEntries(fit.map((relay) => [relay.id, rounded(fullness(relay))])),
        ...(standby ? { standby: standby.id } : {}),
      },
      rejected: [...lesser, ...rejected],
    },
  };
}

/** Where a viewer of a relay goes on should that be lost; undefined while no other one has room for it. */
export function placeStandby(relays: readonly RelayStanding[], seat: string, wish: PlacementWish): string | undefined {
  const open = relays.filter((relay) => (obstacle(relay, wish) ?? lackOfRoom(relay, wish)) === undefined);
  return heirAmong(open, relays.find(({ id }) => id === seat) ?? { id: seat }, wish)?.id;
}

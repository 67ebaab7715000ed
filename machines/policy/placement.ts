import type { Why } from '../../bus/events/why.ts';

/** A delivery relay as placement sees it. */
export interface RelayStanding {
  id: string;
  region: string;
  /** Its share beside others: a relay of weight 3 carries three viewers for each one of weight 1; 0 carries none. */
  weight: number;
  /** Sessions that it carries. */
  load: number;
  /** The state an operator sees. */
  state: string;
  /** Whether it carries media. */
  serving: boolean;
}

/** Where a viewer goes: undefined when no relay may take it. */
export interface Placement {
  relay?: string;
  why: Why;
}

/** What keeps a relay out altogether, as a sentence; undefined when nothing does. */
function obstacle({ state, serving, weight }: RelayStanding): string | undefined {
  if (!serving) return `it is ${state}`;
  return weight > 0 ? undefined : 'its weight is 0: it takes no new viewers';
}

/** How full a relay would be with one more viewer, in viewers for each unit of weight. */
const fullness = ({ load, weight }: RelayStanding): number => (load + 1) / weight;

const rounded = (score: number): number => Math.round(score * 1000) / 1000;

/** One that answers in time before one that does not, one of the viewer's region before others, the emptiest, by name. */
const byPreference = (region: string) => (one: RelayStanding, other: RelayStanding) =>
  Number(one.state === 'suspect') - Number(other.state === 'suspect') ||
  Number(other.region === region) - Number(one.region === region) ||
  fullness(one) - fullness(other) ||
  (one.id < other.id ? -1 : 1);

/** Why the chosen one was better, in the order of {@link byPreference}. */
function because(candidate: RelayStanding, chosen: RelayStanding, region: string): string {
  if (candidate.state === 'suspect' && chosen.state !== 'suspect') return 'it does not answer in time';
  if (candidate.region !== region && chosen.region === region) return `it is in ${candidate.region}, not in ${region}`;
  const [its, lesser] = [rounded(fullness(candidate)), rounded(fullness(chosen))];
  return its === lesser ? 'as good, later by name' : `fuller: ${its} viewers for its weight, against ${lesser}`;
}

/**
 * Places a viewer on the relay that is least loaded for its weight, in the viewer's region where one serves there.
 * @param relays the delivery relays, in any order
 * @param region where the viewer is
 */
export function place(relays: readonly RelayStanding[], region: string): Placement {
  const able = relays.filter((relay) => obstacle(relay) === undefined).sort(byPreference(region));
  const unable = relays.flatMap((relay) => {
    const reason = obstacle(relay);
    return reason === undefined ? [] : [{ option: relay.id, because: reason }];
  });
  const [chosen, ...others] = able;
  if (!chosen) {
    const text = 'no relay can carry viewers just now';
    return { why: { trigger: 'placement', reason: 'no-relay', text, guard: { region }, rejected: unable } };
  }
  const text =
    chosen.region === region
      ? `${chosen.id} is the least loaded for its weight in ${region}`
      : `no relay serves ${region}; ${chosen.id} in ${chosen.region} is the least loaded for its weight`;
  const scores = Object.fromEntries(able.map((relay) => [relay.id, rounded(fullness(relay))]));
  const rejected = [...others.map((one) => ({ option: one.id, because: because(one, chosen, region) })), ...unable];
  return { relay: chosen.id, why: { trigger: 'placement', text, guard: { region, scores }, rejected } };
}

import type { Why } from '../../bus/events/why.ts';

/** A delivery relay as one that pulls programs sees it. */
export interface UpstreamStanding {
  id: string;
  region: string;
  /** The state an operator sees. */
  state: string;
  /** Whether it carries media. */
  serving: boolean;
  /** Whether somebody wants it empty. */
  draining: boolean;
  /** It pulls itself: what it has comes and goes with who watches there. */
  pulls: boolean;
  /** How many others pull from it. */
  pullers: number;
}

/** A relay that pulls programs. */
export interface Puller {
  id: string;
  region: string;
  /** From which relays, the preferred one first; empty: from any. */
  pull: readonly string[];
  /** From which it pulls now. */
  present?: string | undefined;
}

/** Why nothing can be pulled from a relay; undefined when it can. */
function obstacle({ id, state, serving, pulls }: UpstreamStanding, { pull }: Puller): string | undefined {
  if (pulls) return 'it pulls itself';
  if (pull.length > 0 && !pull.includes(id)) return 'it is none of those named in "pull"';
  return serving ? undefined : `it is ${state}`;
}

/** The lesser ways in which one candidate differs from another, each with how it is told, the weightiest first. */
const DIFFERENCES: readonly {
  rank(one: UpstreamStanding, puller: Puller): number;
  told(one: UpstreamStanding): string;
}[] = [
  { rank: ({ draining }) => Number(draining), told: () => 'it is being drained' },
  // It carries media all the same: whoever pulls from it already stays.
  {
    rank: ({ state, id }, { present }) => Number(state !== 'serving' && id !== present),
    told: ({ state }) => `it is ${state}`,
  },
  { rank: ({ id }, { present }) => Number(id !== present), told: () => 'to go there would cut whoever watches' },
  { rank: ({ id }, { pull }) => pull.indexOf(id), told: () => 'it comes later in "pull"' },
  { rank: ({ region }, puller) => Number(region !== puller.region), told: ({ region }) => `it is in ${region}` },
  { rank: ({ pullers }) => pullers, told: ({ pullers }) => `more pull from it: ${pullers}` },
];

/** The first way in which one candidate differs from another. */
const difference = (one: UpstreamStanding, other: UpstreamStanding, puller: Puller) =>
  DIFFERENCES.find(({ rank }) => rank(one, puller) !== rank(other, puller));

/**
 * The relay from which another one pulls programs: where it pulls from already, for as long as that carries media and
 * nobody wants it empty; else the first that it names, the nearest, the one from which the fewest pull, by name. One that
 * is being drained is better than none.
 * @returns no relay when none has the programs
 */
export function upstreamOf(puller: Puller, relays: readonly UpstreamStanding[]): { relay?: string; why: Why } {
  const others = relays.filter(({ id }) => id !== puller.id);
  const [chosen, ...lesser] = others
    .filter((one) => obstacle(one, puller) === undefined)
    .sort((one, other) => {
      const rank = difference(one, other, puller)?.rank;
      return rank ? rank(one, puller) - rank(other, puller) : one.id < other.id ? -1 : 1;
    });
  const rejected = [
    ...lesser.map((one) => {
      const told = chosen && difference(one, chosen, puller)?.told(one);
      return { option: one.id, because: told ?? 'as good, later by name' };
    }),
    ...others
      .flatMap((one) => {
        const because = obstacle(one, puller);
        return because === undefined ? [] : [{ option: one.id, because }];
      })
      .sort((one, other) => (one.option < other.option ? -1 : 1)),
  ];
  const { region, present } = puller;
  const guard = { region, ...(present === undefined ? {} : { present }) };
  const why = { trigger: 'upstream', guard, rejected };
  if (!chosen) return { why: { ...why, reason: 'no-upstream', text: 'no relay has the programs that it could pull' } };
  const left = present !== undefined && present !== chosen.id ? `, for ${present} can give them no more` : '';
  return { relay: chosen.id, why: { ...why, text: `it pulls programs from ${chosen.id}${left}` } };
}

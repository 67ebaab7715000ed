import type { CellView } from '../../actors/cells.ts';
import type { Subject } from '../../bus/events/viewer.ts';
import type { Id } from '../../bus/identity.ts';
import { isAtLeast } from '../../machines/policy/access.ts';
import {
  type Placement,
  type PlacementWish,
  place,
  placeStandby,
  type RelayStanding,
} from '../../machines/policy/placement.ts';
import type { SteadyStanding } from '../../machines/policy/rebalance.ts';
import { unavailable } from './errors.ts';
import type { Carried } from './loads.ts';
import { regionOf } from './region.ts';
import type { HttpServices } from './services.ts';
import { isOpen, presentRelays, relayOf, viewerOf } from './views.ts';

/** What a viewer wants of its relay, besides being near. */
export type Demand = Omit<PlacementWish, 'region'>;

/** The protocols that every delivery relay speaks with viewers. */
const CAPABILITIES = ['webrtc', 'rtsp'];
/** What a relay must be able to do for who watches over HLS with low latency. */
export const LOW_LATENCY = 'low-latency';

/** A relay that a session is on may keep it: it carries media, and nobody wants it empty. */
const KEEPS = new Set(['serving', 'degraded']);

/** How a delivery relay stands with placement. @param load sessions that it carries */
export function standingOf(
  { srtAt, shortOn, lowLatency }: Pick<HttpServices, 'srtAt' | 'shortOn' | 'lowLatency'>,
  view: CellView,
  load: number,
): RelayStanding {
  const { region, weight, max_readers, pull, upstream } = relayOf(view);
  const short = shortOn(view.id);
  return {
    id: view.id,
    region,
    weight,
    load,
    ...(max_readers === undefined ? {} : { maxReaders: max_readers }),
    ...(short ? { short } : {}),
    ...(pull ? { upstream: upstream?.relay ?? '' } : {}),
    state: view.state,
    serving: view.tags.includes('serving'),
    draining: view.tags.includes('draining'),
    capabilities: [
      ...CAPABILITIES,
      ...(srtAt(view.id, '') ? ['srt'] : []),
      ...(lowLatency?.offers(view.id) ? [LOW_LATENCY] : []),
    ],
  };
}

/** How the delivery relays stand. */
export const standings = (services: HttpServices, loads: Carried): SteadyStanding[] =>
  presentRelays(services.cells)
    .filter((view) => relayOf(view).role === 'delivery')
    .map((view) => ({
      ...standingOf(services, view, loads.of(view.id)),
      ...{ inherits: loads.inherits(view.id), since: view.since },
    }));

/** Where somebody is, by the address of his client: its network tells. */
export const regionAt = ({ config, findPlace }: HttpServices, address: string): string =>
  regionOf(address, config.regions, findPlace);

/**
 * The relay that carries a viewer from now on, if any can.
 * @param address of the viewer's client: its network tells its region
 * @param preferred kept if it carries media and is not to be emptied
 */
export function findRelay(
  services: HttpServices,
  loads: Carried,
  address: string,
  preferred?: string,
  demand: Demand = {},
): Placement {
  const relays = standings(services, loads);
  if (preferred !== undefined && relays.some(({ id, state }) => id === preferred && KEEPS.has(state))) {
    return { relay: preferred, why: { trigger: 'placement', text: `${preferred} carries this session already` } };
  }
  return place(relays, { region: regionAt(services, address), ...demand });
}

/** The relay at which a browser goes on should its own be lost, if there is one. */
export const findStandby = (services: HttpServices, loads: Carried, address: string, seat: string) =>
  placeStandby(standings(services, loads), seat, { region: regionAt(services, address), needs: ['webrtc'] });

/** Whether somebody may take the place of others where every relay is full. */
export const isPrior = ({ role }: Pick<Subject, 'role'>): boolean => isAtLeast(role, 'operator');

/** Where a viewer may be carried. */
export interface Place extends Placement {
  /** The session that must end first: its relay is full. */
  displaced?: Id;
}

/** The same as {@link findRelay}; where all is full, who has priority takes the place of one who has none. */
export function findPlace(...[services, loads, address, preferred, demand]: Parameters<typeof findRelay>): Place {
  const placement = findRelay(services, loads, address, preferred, demand);
  if (placement.displaces === undefined) return placement;
  const displaced = youngestWithoutPriority(services, placement.displaces);
  if (displaced) return { ...placement, displaced };
  const { relay: _none, displaces: _nobody, ...nowhere } = placement;
  return { ...nowhere, full: { retryAfterS: 1 } };
}

/** Where a viewer is carried. */
export interface Placed extends Place {
  relay: string;
}

/** The same for a viewer who must be carried. @throws Refusal 503 when no relay can, or each is full */
export function placeViewer(
  services: HttpServices,
  loads: Carried,
  address: string,
  preferred?: string,
  demand: Demand = {},
): Placed {
  const found = findPlace(services, loads, address, preferred, demand);
  const { relay, full, why } = found;
  if (full) {
    const text =
      why.reason === 'no-bandwidth'
        ? 'Every relay sends as much as it may, and cameras in an emergency come first: try again later.'
        : 'Every relay carries as many viewers as it may: try again later.';
    throw unavailable(why.reason ?? 'full', text, { why }, full.retryAfterS);
  }
  if (relay === undefined) throw unavailable('no-relay', 'No relay can carry viewers just now.', { why });
  return { ...found, relay };
}

/** Ends a session on a full relay, so that another with priority has its place. */
export function displace({ cells, log }: HttpServices, session: Id, by: Id): void {
  cells.offer({ kind: 'viewer', id: session }, { type: 'viewer.displaced', by }).catch((err: unknown) => {
    log.warn({ err, session, by }, 'a session could not be ended to make room for another');
  });
}

/** Who makes room on a full relay: of its sessions, the last that began for somebody who is no operator. */
const youngestWithoutPriority = ({ cells }: HttpServices, relay: string): Id | undefined =>
  cells
    .list('viewer')
    .findLast((view) => isOpen(view) && viewerOf(view).relay === relay && viewerOf(view).subject?.role === 'viewer')
    ?.id;

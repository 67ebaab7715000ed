import type { CellView } from '../../actors/cells.ts';
import type { Id } from '../../bus/identity.ts';
import { type Placement, type PlacementWish, place, type RelayStanding } from '../../machines/policy/placement.ts';
import { unavailable } from './errors.ts';
import type { Loads } from './loads.ts';
import { regionOf } from './region.ts';
import type { HttpServices } from './services.ts';
import { isOpen, relayOf, viewerOf } from './views.ts';

/** What a viewer wants of its relay, besides being near. */
export type Demand = Omit<PlacementWish, 'region'>;

/** The protocols that delivery relays speak with viewers. */
const CAPABILITIES = ['webrtc', 'rtsp'];

/** A relay that a session is on may keep it: it carries media, and nobody wants it empty. */
const KEEPS = new Set(['serving', 'degraded']);

/** How a delivery relay stands with placement. */
export function standingOf(view: CellView, load: number): RelayStanding {
  const { region, weight, max_readers } = relayOf(view);
  return {
    id: view.id,
    region,
    weight,
    load,
    ...(max_readers === undefined ? {} : { maxReaders: max_readers }),
    state: view.state,
    serving: view.tags.includes('serving'),
    draining: view.tags.includes('draining'),
    capabilities: CAPABILITIES,
  };
}

/** How the delivery relays stand. */
export const standings = ({ cells }: HttpServices, loads: Loads): RelayStanding[] =>
  cells
    .list('relay')
    .filter((view) => relayOf(view).role === 'delivery')
    .map((view) => standingOf(view, loads.of(view.id)));

/**
 * The relay that carries a viewer from now on, if any can.
 * @param address of the viewer's client: its network tells its region
 * @param preferred kept if it carries media and is not to be emptied
 */
export function findRelay(
  services: HttpServices,
  loads: Loads,
  address: string,
  preferred?: string,
  demand: Demand = {},
): Placement {
  const relays = standings(services, loads);
  if (preferred !== undefined && relays.some(({ id, state }) => id === preferred && KEEPS.has(state))) {
    return { relay: preferred, why: { trigger: 'placement', text: `${preferred} carries this session already` } };
  }
  return place(relays, { region: regionOf(address, services.config.regions), ...demand });
}

/** Where a viewer is carried. */
export interface Placed extends Placement {
  relay: string;
  /** The session that must end first: its relay is full. */
  displaced?: Id;
}

/** The same for a viewer who must be carried. @throws Refusal 503 when no relay can, or each is full */
export function placeViewer(
  services: HttpServices,
  loads: Loads,
  address: string,
  preferred?: string,
  demand: Demand = {},
): Placed {
  const placement = findRelay(services, loads, address, preferred, demand);
  const { relay, full, displaces, why } = placement;
  const displaced = displaces === undefined ? undefined : youngestWithoutPriority(services, displaces);
  if (full || (displaces !== undefined && !displaced)) {
    const text = 'Every relay carries as many viewers as it may: try again later.';
    throw unavailable('full', text, { why }, full?.retryAfterS ?? 1);
  }
  if (relay === undefined) throw unavailable('no-relay', 'No relay can carry viewers just now.', { why });
  return { ...placement, relay, ...(displaced ? { displaced } : {}) };
}

/** Who makes room on a full relay: of its sessions, the last that began for somebody who is no operator. */
const youngestWithoutPriority = ({ cells }: HttpServices, relay: string): Id | undefined =>
  cells
    .list('viewer')
    .findLast((view) => isOpen(view) && viewerOf(view).relay === relay && viewerOf(view).subject?.role === 'viewer')
    ?.id;

import { type Placement, place, type RelayStanding } from '../../machines/policy/placement.ts';
import { unavailable } from './errors.ts';
import type { Loads } from './loads.ts';
import { regionOf } from './region.ts';
import type { HttpServices } from './services.ts';
import { relayOf } from './views.ts';

/** How the delivery relays stand. */
const standings = ({ cells }: HttpServices, loads: Loads): RelayStanding[] =>
  cells
    .list('relay')
    .filter((view) => relayOf(view).role === 'delivery')
    .map((view) => {
      const { region, weight } = relayOf(view);
      const serving = view.tags.includes('serving');
      return { id: view.id, region, weight, load: loads.of(view.id), state: view.state, serving };
    });

/**
 * The relay that carries a viewer from now on, if any can.
 * @param address of the viewer's client: its network tells its region
 * @param preferred kept if it serves and answers in time
 */
export function findRelay(services: HttpServices, loads: Loads, address: string, preferred?: string): Placement {
  const relays = standings(services, loads);
  if (preferred !== undefined && relays.some(({ id, state }) => id === preferred && state === 'serving')) {
    return { relay: preferred, why: { trigger: 'placement', text: `${preferred} carries this session already` } };
  }
  return place(relays, regionOf(address, services.config.regions));
}

/** The same for a viewer who must be carried. @throws Refusal 503 when no relay can */
export function placeViewer(
  services: HttpServices,
  loads: Loads,
  address: string,
  preferred?: string,
): Required<Placement> {
  const { relay, why } = findRelay(services, loads, address, preferred);
  if (relay === undefined) throw unavailable('no-relay', 'No relay can carry viewers just now.', { why });
  return { relay, why };
}

/** The relay that would carry a viewer on if its own were lost, if there is one. */
export function findStandby(services: HttpServices, loads: Loads, address: string, relay: string): Placement {
  const others = standings(services, loads).filter(({ id }) => id !== relay);
  return place(others, regionOf(address, services.config.regions));
}

import { urgentCameras } from '../../actors/emergency/running.ts';
import { systemClock } from '../../adapters/clock.ts';
import { type Movable, ownTurn, rebalance } from '../../machines/policy/rebalance.ts';
import { isPrior, regionAt, standings } from './placing.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { viewerOf } from './views.ts';

/** Who is not known to be there is asked first, and told at the next look. */
const LOOK_EVERY_MS = 500;

/** Without these a gateway does not hear what the others do. */
const HEARING: ReadonlySet<string> = new Set(['nats', 'journal', 'redis']);

/**
 * Brings viewers back to a relay that was away, slowly: of the players that signal here, one at a time goes from where
 * most are to where fewest are, by the same calm move as from a relay that is drained.
 * @returns how to stop it
 */
export function keepBalance(services: HttpServices, { loads, connections }: Pick<Shared, 'loads' | 'connections'>) {
  const { cells, log, config } = services;
  let used: number | undefined;

  const movable = (): Movable[] => {
    const urgent = urgentCameras(cells);
    return [...connections.list()].flatMap(({ session, camera, resting }) => {
      const view = cells.view({ kind: 'viewer', id: session });
      const rest = resting();
      // Where there is no picture, there is none to open elsewhere.
      const isShown = cells.view({ kind: 'camera', id: camera })?.tags.includes('watchable');
      if (!view || !rest || !isShown) return [];
      const { relay, address, subject } = viewerOf(view);
      const important = urgent.has(camera) || (subject !== undefined && isPrior(subject));
      return [{ session, relay, region: regionAt(services, address), since: view.since, important, ...rest }];
    });
  };
  const look = (): void => {
    const calm = { at: systemClock.now(), settledMs: config.limits.settledMs };
    const turn = ownTurn(services.node, services.members(), calm.at);
    if (turn === undefined || turn === used || services.health().some(({ part }) => HEARING.has(part))) return;
    const { move, why } = rebalance(standings(services, loads), movable(), calm);
    const mover = [...connections.list()].find(({ session }) => session === move?.session);
    if (!move || !mover?.leave({ relay: move.to, why })) return;
    used = turn;
    log.info({ ...move, why }, 'a viewer goes on at another relay, for the sake of balance');
  };

  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

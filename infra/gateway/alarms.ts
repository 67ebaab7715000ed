import type { Logger } from 'pino';
import { type Alarming, raiseAlarms } from '../../actors/alarming.ts';
import type { Cells } from '../../actors/cells.ts';
import type { Roster } from '../../actors/roster.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { Group } from '../group.ts';
import type { HealthReason } from '../http/services.ts';
import { gatewayName } from '../launcher/node-programs.ts';
import { troublesIn } from './health.ts';
import type { LauncherLink } from './launcher-link.ts';
import { unexpectedExits } from './unexpected-exits.ts';

/** What keeping alarms needs of the house. */
export interface AlarmParts {
  group: Group;
  roster: Roster;
  cells: Cells;
  launcher: Pick<LauncherLink, 'unexpectedExits'>;
  health(): HealthReason[];
  /** Cells that failed too often to be restarted. */
  givenUp: ReadonlySet<string>;
  log: Logger;
}

const LOOK_EVERY_MS = 1_000;

/** Raises the alarms about the cells that live here, and about this gateway itself: what ails it, and what ended here. */
export function keepAlarms({ group, roster, cells, launcher, health, givenUp, log }: AlarmParts): Alarming {
  const alarming = raiseAlarms({
    ...{ node: group.node, roster, cells },
    ownTroubles() {
      const gateway = { gateway: gatewayName(group.gateway), isFirst: group.gateway === 1 };
      const process = unexpectedExits(launcher.unexpectedExits(), { ...gateway, nowMs: systemClock.now() });
      return { ...troublesIn(health(), givenUp), ...(process ? { process } : {}) };
    },
    later: (ms, run) => void setTimeout(run, ms),
    onFault: (err) => log.error({ err }, 'an alarm could not be told of its cause; it is tried again'),
  });
  setInterval(alarming.look, LOOK_EVERY_MS).unref();
  return alarming;
}

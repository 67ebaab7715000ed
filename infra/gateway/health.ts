import type { Cells } from '../../actors/cells.ts';
import type { Cause } from '../../bus/events/alarm.ts';
import type { HealthReason } from '../http/services.ts';
import { presentRelays } from '../http/views.ts';
import type { Carriers } from './carriers.ts';
import type { EventLog } from './event-log.ts';
import type { LauncherLink } from './launcher-link.ts';

/** What health is judged by. */
export interface HealthParts {
  carriers: Carriers;
  cells: Cells;
  launcher: LauncherLink;
  eventLog: Pick<EventLog, 'troubles'>;
  /** Cells that failed too often to be restarted. */
  givenUp: ReadonlySet<string>;
  isLeaving(): boolean;
}

/** Why the gateway is not, or not wholly, well; empty when it is. */
export function judgeHealth({ carriers, cells, launcher, eventLog, givenUp, isLeaving }: HealthParts): HealthReason[] {
  const reasons: HealthReason[] = [];
  const add = (part: string, state: HealthReason['state'], text: string) => reasons.push({ part, state, text });
  if (isLeaving()) add('gateway', 'down', 'it is stopping');
  const { spooled, bytes, full } = carriers.spool.state();
  if (!carriers.natsIsUp()) {
    add('nats', 'degraded', 'NATS is away: viewing and admission go on, what happens is kept on the local disk');
  }
  if (full) {
    add('nats', 'degraded', 'NATS has no room left: viewing and admission go on; free disk space or lower events.keep');
  }
  if (spooled > 0) add('journal', 'degraded', `${spooled} records and facts (${bytes} bytes) wait for NATS`);
  for (const trouble of [...eventLog.troubles(), ...carriers.witness.troubles()]) add('events', 'degraded', trouble);
  if (!carriers.sessions.ready()) {
    add('redis', 'degraded', 'Redis is away: this gateway answers for its own sessions only');
  }
  if (!launcher.isUp()) add('launcher', 'degraded', 'the launcher does not answer: nothing that dies is restarted');
  const relays = presentRelays(cells);
  for (const relay of relays) {
    // One that somebody has drained is as it was wanted.
    if (!relay.tags.includes('placeable') && !relay.tags.includes('draining'))
      add(`relay ${relay.id}`, 'degraded', `${relay.state}: ${relay.why.text}`);
  }
  const delivery = relays.filter(({ context }) => context.role === 'delivery');
  if (!delivery.some((relay) => relay.tags.includes('serving'))) {
    add('relays', 'down', 'no delivery relay serves: nobody can be shown anything');
  }
  for (const cell of givenUp)
    add(cell, 'degraded', 'it failed again and again, or its last record can’t be understood: see the log');
  return reasons;
}

const CAUSES: Record<string, Cause> = { nats: 'nats', redis: 'redis', launcher: 'launcher', events: 'log' };

/** What of it wants a person's look, by what an alarm calls it; relays have alarms of their own. */
export function troublesIn(
  reasons: readonly HealthReason[],
  givenUp: ReadonlySet<string>,
): Partial<Record<Cause, string>> {
  const troubles: Partial<Record<Cause, string>> = {};
  for (const { part, text } of reasons) {
    const cause = givenUp.has(part) ? 'cells' : CAUSES[part];
    if (cause === undefined) continue;
    const told = cause === 'cells' ? `${part}: ${text}` : text;
    troubles[cause] = troubles[cause] === undefined ? told : `${troubles[cause]}; ${told}`;
  }
  return troubles;
}

import { alarmOn } from '../../../adapters/alarm.ts';
import { systemClock } from '../../../adapters/clock.ts';
import type { Gate } from '../../../adapters/gate.jsonwebtoken.ts';
import { healthMediamtx } from '../../../adapters/health.mediamtx.ts';
import { rtspAddress } from '../../../adapters/mediamtx/exchange.ts';
import { provisionMediamtx } from '../../../adapters/provision.mediamtx.ts';
import { pulsePath, pulseRtsp } from '../../../adapters/pulse.rtsp.ts';
import type { RelaySlots } from '../../../machines/slots.ts';
import { relayName } from '../../launcher/node-programs.ts';
import type { Launchers } from '../launchers.ts';
import { inGroup } from './in-group.ts';
import { known, type RelayClients } from './relay-clients.ts';
import type { RelayReach } from './relay-reach.ts';

/** What watching relays needs. */
export interface RelaySlotsParts {
  /** The name of this gateway: each has a pulse of its own. */
  node: string;
  gate: Gate;
  launchers: Launchers;
  reaches: ReadonlyMap<string, RelayReach>;
  clients: RelayClients;
}

/** A pulse's token is asked for at its two connections, and never again. */
const PULSE_TOKEN_S = 60;

/** A relay's health by its process and API, by a pulse of packets through it, and by the paths that it must have. */
export function relaySlots({ node, gate, launchers, reaches, clients }: RelaySlotsParts): RelaySlots {
  const pulseUrl = (relay: string): string => {
    const path = pulsePath(node);
    const both = (['publish', 'read'] as const).map((action) => ({ action, path }));
    return `${rtspAddress(known(reaches, relay).rtsp, path)}?token=${gate.mintRelay('pulse', both, PULSE_TOKEN_S)}`;
  };
  const health = healthMediamtx({
    apiOf: clients.api,
    onProcess: (relay, hear) =>
      launchers.of(reaches.get(relay)?.host).onProcess(({ name, what, detail }) => {
        if (name === relayName(relay)) hear({ type: what, text: detail });
      }),
  });
  return {
    health: inGroup(reaches, health),
    pulse: inGroup(reaches, pulseRtsp(pulseUrl)),
    provision: inGroup(reaches, provisionMediamtx(clients.paths)),
    alarm: alarmOn(systemClock),
  };
}

import { isLoopback } from './doors.ts';
import type { Config, ConfiguredRelay } from './model.ts';
import { nearest } from './nearest.ts';
import type { FaultAt } from './reading.ts';

type Doors = Pick<Config, 'relays' | 'media' | 'http'>;

/** Whether a relay reaches another one: one of this machine at an address of its own or, over TLS, at its public name. */
function reaches({ http, media }: Doors, from: ConfiguredRelay, to: ConfiguredRelay): boolean {
  if (!from.remote || isLoopback(from.remote.rtsp.host) || to.remote || to.host !== undefined) return true;
  if (isLoopback(media.host)) return false;
  return http.publicUrl !== undefined || !(http.tls || media.host === '0.0.0.0' || media.host === '::');
}

/** A relay that pulls is a delivery relay, and what it pulls from is fed by the switcher: pictures take one hop more, not two. */
export function checkUpstreams(config: Doors, fault: FaultAt): void {
  const fed = config.relays.filter(({ role, pull }) => role === 'delivery' && !pull);
  const names = fed.map(({ id }): string => id);
  for (const [index, relay] of config.relays.entries()) {
    const { id, role, pull } = relay;
    if (!pull) continue;
    const wrong = (message: string) => fault(['relays', index, 'pull'], message);
    if (role !== 'delivery') wrong(`is for delivery relays; ${id} is an intake, and pulls cameras as it is`);
    else if (fed.length === 0) wrong('needs another delivery relay to pull from, one without "pull"');
    for (const upstream of pull.filter((one) => !names.includes(one))) {
      const meant = nearest(upstream, names);
      const hint = meant ? `; did you mean "${meant}"?` : '';
      wrong(`expected delivery relays without "pull": "${upstream}" is none${hint}`);
    }
    const upstreams = pull.length > 0 ? fed.filter((one) => pull.includes(one.id)) : fed;
    const hidden = upstreams.filter((one) => !reaches(config, relay, one)).map((one) => one.id);
    if (hidden.length > 0) {
      const which = hidden.join(', ');
      wrong(`can't reach ${which} from elsewhere: set http.public_url, or media.listen to an address of this machine`);
    }
  }
}

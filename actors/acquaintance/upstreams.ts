import type { Puller, UpstreamStanding } from '../../machines/policy/upstream.ts';
import { upstreamOf } from '../../machines/policy/upstream.ts';
import type { Cells, CellView } from '../cells.ts';
import { hasCarried, isIntake } from './relay-sight.ts';
import { sight, type Tell } from './telling.ts';

interface RelaySight {
  region: string;
  pull?: string[];
  upstream?: { relay?: string };
}

/** Leads relays that pull programs to those that have them. */
export interface Upstreams {
  /** A delivery relay is another than before: some may have to pull from elsewhere, or can again. */
  look(cause?: string): void;
}

/** Leads them. */
export function leadPullers(cells: Pick<Cells, 'list'>, tell: Tell): Upstreams {
  const standing = (relay: CellView, pullers: number): UpstreamStanding => ({
    ...{ id: relay.id, region: sight<RelaySight>(relay).region, state: relay.state, pullers },
    serving: hasCarried(relay.state),
    draining: relay.tags.includes('draining'),
    pulls: sight<RelaySight>(relay).pull !== undefined,
  });
  return {
    look(cause) {
      const deliveries = cells.list('relay').filter((relay) => !isIntake(relay) && !relay.tags.includes('over'));
      const pulling = deliveries.filter((relay) => sight<RelaySight>(relay).pull !== undefined);
      /** Where each pulls from; those of this look count already, so that they spread. */
      const from = new Map(pulling.map((relay) => [relay, sight<RelaySight>(relay).upstream?.relay]));
      for (const relay of pulling) {
        const { region, pull = [], upstream } = sight<RelaySight>(relay);
        const puller: Puller = { id: relay.id, region, pull, present: upstream?.relay };
        const others = [...from].filter(([other]) => other !== relay).map(([, source]) => source);
        const chosen = upstreamOf(
          puller,
          deliveries.map((one) => standing(one, others.filter((source) => source === one.id).length)),
        );
        from.set(relay, chosen.relay);
        if (upstream && upstream.relay === chosen.relay) continue;
        const named = chosen.relay === undefined ? {} : { upstream: chosen.relay };
        tell('relay', relay.id, { type: 'relay.upstream', ...named, why: chosen.why }, cause);
      }
    },
  };
}

import type { Roster } from '../../actors/roster.ts';
import { openTraces } from '../../adapters/traces.otlp.ts';
import type { JoinSteps } from '../http/services.ts';
import { failoverIn } from './failovers.ts';
import { keepJoins } from './joins.ts';

/** Traces of what the cells of this gateway do. */
export interface Tracing {
  /** What HTTP tells of joins. */
  joins: JoinSteps;
  close(): Promise<void>;
}

/**
 * Sends a trace of each join and of each failover to a collector.
 * @param url where it takes OTLP over HTTP
 */
export async function keepTraces(
  url: string,
  { roster, node, nowMs }: { roster: Pick<Roster, 'onFact'>; node: string; nowMs: () => number },
): Promise<Tracing> {
  const traces = await openTraces(url, node);
  const joins = keepJoins(traces.report, nowMs);
  const stop = roster.onFact((fact, { kind, id }) => {
    if (kind === 'viewer') joins.hear(id, fact);
    const failover = failoverIn(fact);
    if (failover) traces.report(failover);
  });
  return {
    joins,
    close() {
      stop();
      return traces.close();
    },
  };
}

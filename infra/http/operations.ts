import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Told } from '../../bus/ports.ts';
import type { Server } from './fastify.ts';
import { relayLoad } from './relays.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { isOver, relayOf, viewerOf } from './views.ts';

const NANOSECONDS = 1e9;
/** The event loop is tried this often; what it measures counts from here. */
const DELAY_EVERY_MS = 50;

/** Counts what stands now. Called at each scrape, so that counting costs nothing in between. */
function count(services: HttpServices): void {
  const { metrics, cells } = services;
  metrics.cameras.reset();
  for (const view of cells.list('camera')) if (!isOver(view)) metrics.cameras.inc({ state: view.state });
  metrics.sessions.reset();
  for (const view of cells.list('viewer')) {
    if (!isOver(view)) metrics.sessions.inc({ protocol: viewerOf(view).protocol, state: view.state });
  }
  const load = relayLoad(services);
  metrics.relayLoad.reset();
  for (const view of cells.list('relay')) {
    if (relayOf(view).role === 'delivery') metrics.relayLoad.set({ relay: view.id }, load.get(view.id) ?? 0);
  }
}

/** Learns from each fact how long noticing and recovering took. */
const measureFailover =
  ({ metrics }: HttpServices) =>
  ({ envelope }: Told): void => {
    const kind = envelope.subject.split('/', 1)[0] ?? '';
    const { detect_ms, recover_ms } = envelope.data;
    if (typeof detect_ms === 'number') metrics.failover.observe({ kind, phase: 'detect' }, detect_ms / 1000);
    if (typeof recover_ms === 'number') metrics.failover.observe({ kind, phase: 'recover' }, recover_ms / 1000);
  };

/** `/metrics`, `/healthz`, `/readyz`. */
export function operationsRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const { metrics } = services;
  const delay = monitorEventLoopDelay({ resolution: DELAY_EVERY_MS });
  delay.enable();
  const stop = shared.hub.listen(measureFailover(services));
  server.addHook('onClose', async () => {
    delay.disable();
    stop();
  });

  server.get('/metrics', { schema: { tags: ['operations'] } }, async (_request, reply) => {
    count(services);
    for (const [quantile, value] of [
      ['0.5', delay.percentile(50)],
      ['0.99', delay.percentile(99)],
      ['1', delay.max],
    ] as const) {
      // Node tells the whole time between two tries.
      metrics.eventLoopDelay.set({ quantile }, Math.max(0, value / NANOSECONDS - DELAY_EVERY_MS / 1000));
    }
    delay.reset();
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  server.get('/healthz', { schema: { tags: ['operations'] } }, async () => ({ status: 'ok', node: services.node }));
  server.get('/readyz', { schema: { tags: ['operations'] } }, async (_request, reply) => {
    const reasons = services.health();
    const down = reasons.some((reason) => reason.state === 'down');
    const status = down ? 'down' : reasons.length ? 'degraded' : 'ready';
    return reply.code(down ? 503 : 200).send({ status, reasons });
  });
}

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import Type from 'typebox';
import type { Told } from '../../bus/ports/facts.ts';
import type { Kind } from '../../bus/subjects.ts';
import type { Server } from './fastify.ts';
import { relayLoad } from './relays.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { broadcastOf, isOver, relayOf, viewerOf } from './views.ts';

const NANOSECONDS = 1e9;
/** The event loop is tried this often; what it measures counts from here. */
const DELAY_EVERY_MS = 50;

/** Counts what stands now. Called at each scrape, so that counting costs nothing in between. */
function count(services: HttpServices): void {
  const { metrics, cells, rates } = services;
  const living = (kind: Kind) => cells.list(kind).filter((view) => !isOver(view));
  const reset = <G extends { reset(): void }>(gauge: G): G => {
    gauge.reset();
    return gauge;
  };
  const cameras = reset(metrics.cameras);
  const bitrate = reset(metrics.cameraBitrate);
  const frames = reset(metrics.cameraFrames);
  for (const { id: camera, state } of living('camera')) {
    cameras.inc({ state });
    const measured = rates(camera);
    if (!measured) continue;
    bitrate.set({ camera }, measured.bitrate_bps);
    frames.set({ camera }, measured.fps);
  }
  const sessions = reset(metrics.sessions);
  for (const view of living('viewer')) sessions.inc({ protocol: viewerOf(view).protocol, state: view.state });
  const { peers = 0, cores = 0 } = services.adaptive?.load() ?? {};
  metrics.adaptivePeers.set(peers);
  metrics.adaptiveCores.set(cores);
  const load = relayLoad(services);
  const loads = reset(metrics.relayLoad);
  const relays = reset(metrics.relays);
  for (const view of living('relay')) {
    const { role } = relayOf(view);
    relays.inc({ role, state: view.state });
    if (role === 'delivery') loads.set({ relay: view.id }, load.get(view.id) ?? 0);
  }
  const broadcasts = reset(metrics.broadcasts);
  for (const view of living('broadcast')) {
    broadcasts.inc({ destination: broadcastOf(view).destination, state: view.state });
  }
  for (const kind of ['recording', 'rendition', 'incident'] as const) {
    const gauge = reset(metrics[`${kind}s`]);
    for (const { state } of living(kind)) gauge.inc({ state });
  }
  const troubles = reset(metrics.troubles);
  for (const { part, state } of services.health()) troubles.set({ part, state }, 1);
  tellCertificateEnd(services);
}

/** Read at each scrape: it is renewed without a restart. One that can't be read just now is told by the log. */
function tellCertificateEnd({ metrics, config }: HttpServices): void {
  if (!config.http.tls) return;
  try {
    const { validTo } = new X509Certificate(readFileSync(config.http.tls.certFile));
    metrics.certificateEnd.set(Date.parse(validTo) / 1000);
  } catch {
    metrics.certificateEnd.reset();
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

const AliveSchema = Type.Object({ status: Type.String({ description: 'ok' }), node: Type.String() });
const ReadySchema = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'down']),
  reasons: Type.Array(
    Type.Object({ part: Type.String(), state: Type.Enum(['degraded', 'down']), text: Type.String() }),
  ),
});

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
  server.get('/healthz', { schema: { tags: ['operations'], response: { 200: AliveSchema } } }, async () => ({
    status: 'ok',
    node: services.node,
  }));
  server.get(
    '/readyz',
    { schema: { tags: ['operations'], response: { 200: ReadySchema, 503: ReadySchema } } },
    async (_request, reply) => {
      const reasons = services.health();
      const down = reasons.some((reason) => reason.state === 'down');
      const status = down ? 'down' : reasons.length ? 'degraded' : 'ready';
      return reply.code(down ? 503 : 200).send({ status, reasons });
    },
  );
}

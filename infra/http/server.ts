import fastifyCookie from '@fastify/cookie';
import fastifyRateLimit from '@fastify/rate-limit';
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { type FastifyBaseLogger, type FastifyServerOptions, LogController } from 'fastify';
import { systemClock } from '../../adapters/clock.ts';
import type { Id } from '../../bus/identity.ts';
import { readCertificate } from '../certificate.ts';
import { addressRoutes } from './addresses.ts';
import { countHoldings } from './admission.ts';
import { alarmRoutes } from './alarms.ts';
import { broadcastRoutes } from './broadcasts.ts';
import { cameraRoutes } from './cameras.ts';
import { keepConnections } from './connections.ts';
import { allowOrigins } from './cors.ts';
import { demoRoutes } from './demo.ts';
import { keepDenials } from './denials.ts';
import { deviceRoutes } from './devices.ts';
import { docsPages, docsRoutes } from './docs.ts';
import { guardRoutes } from './door.ts';
import { embeddingRoutes } from './embedding.ts';
import { answerError, bodyOf, Refusal, refusalFor } from './errors.ts';
import { eventRoutes } from './events.ts';
import { exportRoutes } from './export.ts';
import type { Server } from './fastify.ts';
import { forwardFiles } from './forwarding.ts';
import { hlsRoutes } from './hls.ts';
import { createHub } from './hub.ts';
import { incidentRoutes } from './incidents.ts';
import { journalRoutes } from './journal.ts';
import { layoutRoutes } from './layouts.ts';
import { ledgerRoutes } from './ledger.ts';
import { keepLegs } from './legs.ts';
import { liveRoutes } from './live.ts';
import { keepLoads } from './loads.ts';
import { loginRoutes } from './login.ts';
import { oidcRoutes } from './oidc.ts';
import { operationsRoutes } from './operations.ts';
import { pageRoutes } from './page.ts';
import { ptzRoutes } from './ptz.ts';
import { publishRoutes } from './publish.ts';
import { keepBalance } from './rebalancing.ts';
import { recordingRoutes } from './recordings.ts';
import { relayRoutes } from './relays.ts';
import { replayRoutes } from './replay.ts';
import { revocationRoutes } from './revocations.ts';
import { rightsRoutes } from './rights.ts';
import { RULES } from './roles.ts';
import { secureHeaders } from './security.ts';
import { serviceTokenRoutes } from './service-tokens.ts';
import type { HttpServices } from './services.ts';
import { sessionRoutes } from './sessions.ts';
import type { Shared } from './shared.ts';
import { signallingRoutes } from './signalling.ts';
import { limiter } from './socket.ts';
import { sourceRoutes } from './sources.ts';
import { keepStreams } from './streams.ts';
import { timelineRoutes } from './timeline.ts';
import { watchVanished } from './vanished.ts';
import { whatIfRoutes } from './whatif.ts';
import { whepRoutes } from './whep.ts';
import { whipRoutes } from './whip.ts';
import { keepWitnesses } from './witnesses.ts';

const MAX_BODY_BYTES = 256 * 1024;
const MAX_SOCKET_MESSAGE_BYTES = 64 * 1024;

function create(services: HttpServices): Server {
  const { trustedProxies, tls } = services.config.http;
  const options: FastifyServerOptions = {
    loggerInstance: services.log as FastifyBaseLogger,
    // Fastify would log addresses with their query; ours is below.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: trustedProxies.length ? trustedProxies : false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    requestTimeout: 30_000,
    forceCloseConnections: true,
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    clientErrorHandler(error, socket) {
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
      const body = JSON.stringify({ error: 'This is not HTTP that can be understood.', reason: 'bad-request' });
      if (socket.writable) {
        socket.end(
          `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
        );
      } else socket.destroy();
    },
  };
  // Fastify's types tell a server of HTTPS from one of HTTP; nothing here asks which it is.
  const server = Fastify(tls ? ({ ...options, https: readCertificate(tls) } as FastifyServerOptions) : options);
  return server.withTypeProvider<TypeBoxTypeProvider>();
}

/** An address without its query, and without the signature that a signed one carries. */
const loggedPath = (url: string): string =>
  (url.split('?', 1)[0] ?? '').replace(/^(\/(?:hls|recordings)\/[^/]*\/[^/]*\/[^/]*)\/[^/]*/, '$1/…');

/** Logs what was answered: never a query, a header, a body or a signature. */
function logAnswers(server: Server): void {
  server.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const quiet = reply.statusCode < 400 && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
    const level = reply.statusCode >= 500 ? 'error' : quiet ? 'debug' : 'info';
    request.log[level](
      {
        method,
        path: loggedPath(request.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ip: request.ip,
        sub: request.caller?.sub ?? request.pass?.sub,
      },
      'answered',
    );
  });
}

async function registerPlugins(server: Server): Promise<void> {
  await server.register(fastifyCookie);
  await server.register(fastifyRateLimit, {
    global: false,
    errorResponseBuilder: (_request, context) =>
      new Refusal(429, 'too-many', 'Too many requests came from this address.', {}, Math.ceil(context.ttl / 1000)),
  });
  await server.register(fastifyWebsocket, {
    options: {
      maxPayload: MAX_SOCKET_MESSAGE_BYTES,
      handleProtocols: (offered: Set<string>) => (offered.has('signalbox.v1') ? 'signalbox.v1' : false),
    },
  });
}

/** So many players are sent from relays that are being drained: opening their legs must not hurt who watches. */
const DRAINED_PER_SECOND = 20;
const DRAINED_AT_ONCE = 5;

/**
 * Builds the HTTP floor: every route guarded by the table in roles.ts, every error as JSON.
 * The caller listens and closes.
 */
export async function buildServer(services: HttpServices): Promise<Server> {
  const server = create(services);
  const hub = createHub(services.facts, (error, { seq, envelope }) =>
    services.log.error({ err: error, seq, fact: envelope.id }, 'an event could not be dealt with; it is passed over'),
  );
  const loads = keepLoads(services.cells, hub);
  const legs = keepLegs(services, loads);
  const connections = keepConnections(services, hub);
  const denials = keepDenials(services);
  const shared: Shared = {
    hub,
    denials,
    legs,
    loads,
    holdings: countHoldings(services.cells, hub),
    connections,
    vanished: watchVanished(services, (session) => connections.of(session) !== undefined),
    streams: keepStreams(services, hub),
    witness: keepWitnesses(services, systemClock.now),
    pace: limiter(DRAINED_PER_SECOND, DRAINED_AT_ONCE),
  };
  const stopBalancing = keepBalance(services, shared);
  const registered = new Set<string>();

  server.setValidatorCompiler(TypeBoxValidatorCompiler);
  // Answers are written as they are made: their schemas are for readers, and must not drop what an extension adds.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.removeContentTypeParser('text/plain');
  server.setErrorHandler(answerError);

  await registerPlugins(server);
  secureHeaders(server, services);
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of Array.isArray(method) ? method : [method]) registered.add(`${one} ${url}`);
  });
  await docsRoutes(server);
  allowOrigins(server, services);
  guardRoutes(server, services, denials);
  logAnswers(server);
  forwardFiles(server, services);
  server.setNotFoundHandler((_request, reply) => {
    const refusal = refusalFor(
      new Refusal(404, 'not-found', 'There is nothing at this address; /docs tells what there is.'),
    );
    if (refusal) reply.code(404).send(bodyOf(refusal));
  });

  liveRoutes(server, services, shared);
  addressRoutes(server, services, shared);
  publishRoutes(server, services);
  whepRoutes(server, services, shared);
  whipRoutes(server, services);
  hlsRoutes(server, services, shared);
  recordingRoutes(server, services, shared);
  signallingRoutes(server, services, shared);
  cameraRoutes(server, services);
  sourceRoutes(server, services);
  sessionRoutes(server, services, shared);
  revocationRoutes(server, services, shared);
  serviceTokenRoutes(server, services, shared);
  layoutRoutes(server, services);
  rightsRoutes(server, services);
  embeddingRoutes(server, services);
  relayRoutes(server, services);
  broadcastRoutes(server, services);
  incidentRoutes(server, services);
  alarmRoutes(server, services);
  eventRoutes(server, services, shared);
  journalRoutes(server, services);
  timelineRoutes(server, services);
  replayRoutes(server, services);
  exportRoutes(server, services);
  ledgerRoutes(server, services);
  whatIfRoutes(server, services);
  operationsRoutes(server, services, shared);
  loginRoutes(server, services, shared);
  oidcRoutes(server, services);
  await pageRoutes(server, services);
  demoRoutes(server, services);
  deviceRoutes(server, services);
  ptzRoutes(server, services);
  docsPages(server, services);

  const stopListening = hub.listen(({ envelope }) => {
    if (envelope.type !== 'signalbox.viewer.ended') return;
    const session = envelope.subject.slice('viewer/'.length) as Id;
    const { subject, protocol } = envelope.data;
    shared.holdings.drop({ sub: String(subject), protocol: String(protocol) }, session);
    legs.forget(session);
  });
  server.addHook('onReady', async () => {
    const idle = Object.keys(RULES).filter((key) => !registered.has(key));
    if (idle.length) throw new Error(`roles.ts has rows without a route: ${idle.join(', ')}`);
    void hub.open();
  });
  server.addHook('preClose', async () => {
    stopListening();
    stopBalancing();
    connections.close();
    shared.vanished.close();
    shared.streams.close();
    hub.close();
  });
  return server;
}

import { readFileSync } from 'node:fs';
import type https from 'node:https';
import path from 'node:path';
import { pino } from 'pino';
import { recountAudiences } from '../actors/acquaintance/audiences.ts';
import { teller } from '../actors/acquaintance/telling.ts';
import { acquaint } from '../actors/acquaintance.ts';
import { type Alarming, raiseAlarms } from '../actors/alarming.ts';
import { shareBandwidth } from '../actors/bandwidth.ts';
import { shareEncoders } from '../actors/capacity.ts';
import { urgentCameras } from '../actors/emergency/running.ts';
import { type Raising, raiseIncidents } from '../actors/emergency.ts';
import { acquaintSounds } from '../actors/listening.ts';
import { systemClock } from '../adapters/clock.ts';
import { onvifDevices } from '../adapters/devices.onvif.ts';
import { driveOnvif } from '../adapters/drive.onvif.ts';
import { openPathSigner } from '../adapters/hls-paths.hmac.ts';
import { openLayouts } from '../adapters/layouts.files.ts';
import { originOf } from '../adapters/mediamtx/exchange.ts';
import { openOnvifThread } from '../adapters/onvif/thread.ts';
import { openPasswords } from '../adapters/passwords.scrypt.ts';
import { openPeople } from '../adapters/people.files.ts';
import { openPlaces } from '../adapters/places.maxmind.ts';
import { openPreview } from '../adapters/preview.ffmpeg.ts';
import { knock } from '../adapters/probe.rtsp.ts';
import { diskOf } from '../adapters/recordings/disk.ts';
import { writtenHere } from '../adapters/recordings/written.ts';
import { openRecordings, recordingsFolder } from '../adapters/recordings.files.ts';
import { openSecrets } from '../adapters/secrets.files.ts';
import { openThumbnails } from '../adapters/thumbnails.ffmpeg.ts';
import { type Id, id } from '../bus/identity.ts';
import { activeStanding, type CameraContext } from '../machines/camera/context.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import { ledgerHeadFile } from './archive/ledger-head.ts';
import { findProgram } from './binaries.ts';
import { followCertificate } from './certificate.ts';
import { destinationOf, withDemoDestination } from './config/destinations.ts';
import { openOverlay } from './config/overlay.ts';
import { savedAt } from './config/saved-at.ts';
import { watchConfig } from './config/watch.ts';
import { loadConfig } from './config.ts';
import { keepLedger, noteAct } from './gateway/access-ledger.ts';
import { answerAsks } from './gateway/asks.ts';
import { barReturns } from './gateway/bar-returns.ts';
import { openCarriers } from './gateway/carriers.ts';
import { heedForeignIntakes } from './gateway/foreign-intakes.ts';
import { identityOf, openGate } from './gateway/gate.ts';
import { judgeHealth, troublesIn } from './gateway/health.ts';
import { askHolder } from './gateway/holders.ts';
import { httpConfig } from './gateway/http-config.ts';
import { keepInstallation } from './gateway/installation.ts';
import { listenForJwks } from './gateway/jwks-listener.ts';
import { kindsOf } from './gateway/kinds.ts';
import { openLaunchers } from './gateway/launchers.ts';
import { witnessLog } from './gateway/log-witness.ts';
import { measuredJournal } from './gateway/measured-journal.ts';
import { adaptiveReach, publicWhep } from './gateway/media/relay-reach.ts';
import { openMedia } from './gateway/media.ts';
import { listenForMetrics } from './gateway/metrics-listener.ts';
import { meetNeighbours, type Neighbours } from './gateway/neighbours.ts';
import { buildPopulation } from './gateway/population.ts';
import { findPosters } from './gateway/posters.ts';
import { watchPublishers } from './gateway/publishers.ts';
import { answerReaders } from './gateway/readers.ts';
import { forgetRecordings } from './gateway/recordings.ts';
import { keepRelayProcesses } from './gateway/relay-processes.ts';
import { keepRetention } from './gateway/retention.ts';
import { shareSessions } from './gateway/session-cards.ts';
import { takeTenure } from './gateway/tenure.ts';
import { keepTraces } from './gateway/traces.ts';
import { unexpectedExits } from './gateway/unexpected-exits.ts';
import { keepWebhooks } from './gateway/webhooks.ts';
import { tellWritten, writtenElsewhere } from './gateway/written-elsewhere.ts';
import { group as groupShape, placeOfGateway, runsHere } from './group.ts';
import { openEmbedCodes } from './http/embed-codes.ts';
import { openLoginLinks } from './http/links.ts';
import { createMetrics, measureProcess } from './http/metrics.ts';
import { rungsOf } from './http/rungs.ts';
import { buildServer } from './http/server.ts';
import { gatewayName } from './launcher/node-programs.ts';
import { scopeOfReader } from './nats/accounts.ts';

/**
 * The composition root: the only place where concrete things are made. Started by the launcher as
 * `node --import tsx infra/gateway.ts STATE/run/group.json`; ends when the launcher's pipe closes.
 */
const LOGIN_LINK_MS = 12 * 3_600_000;
const LEAVE_WITHIN_MS = 2_000;
const CAPACITY_EVERY_MS = 1_000;
const ALARM_LOOK_EVERY_MS = 1_000;
/** About ten thousand. */
const THUMBNAIL_BYTES = 64 * 1024 * 1024;
const PAGE = path.resolve(import.meta.dirname, '../.build/page');

const group = groupShape.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
let config = withDemoDestination(loadConfig(group.config, process.env), group);
const log = pino({
  level: config.log.level,
  base: { node: group.node },
  redact: ['*.password', '*.token', '*.authorization', '*.cookie', 'req.headers'],
});
let findPlace = openPlaces(config.regions.databases);
let leaving = false;

// First of all: a relay that started anew lets nobody in, not even the switcher, before it has these keys.
const { gate, revocations, services } = openGate(group, config);
const jwks = await listenForJwks(group.jwks.port, gate.jwks, group.gateways > 1);
const carriers = await openCarriers(group, log);
const witness = witnessLog(carriers.keeper, group.state, group.node, (err) =>
  log.error({ err }, 'how far the log has come can’t be remembered now'),
);
await witness.look();
const tenure = await takeTenure(carriers.leases, group.node, {
  nowMs: () => performance.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  onBeat(members) {
    heedIntakes();
    void population.review(members).catch((err) => log.warn({ err }, 'cells could not be moved now'));
  },
  onLapse: () => population.reconcile(),
  onLost() {
    log.fatal('another gateway of this name has taken over; ending without touching what runs');
    process.exit(75);
  },
  onFault: (err) => log.error({ err }, 'the place of this gateway could not be renewed; it is tried again'),
});
const launchers = openLaunchers(group, tenure.epoch);
const launcher = launchers.own;
const secrets = openSecrets(path.join(group.state, 'secrets'));
const metrics = createMetrics();
measureProcess(metrics);
const disk = diskOf(recordingsFolder(group.state));
const written = writtenHere(recordingsFolder(group.state), disk);
const asking = { node: group.node, bus: carriers.bus, gate };
const media = openMedia({
  group,
  disk,
  written: { here: written, elsewhere: (intake, host) => writtenElsewhere(asking, intake, host) },
  gate,
  secrets,
  launchers,
  relay: (name) => cells.view({ kind: 'relay', id: id(name) }),
  lists: (relay) => config.relays.some(({ id: listed }) => listed === relay),
  log,
  epoch: (camera) => population.roster.epoch({ kind: 'camera', id: camera as Id }),
  destination: (name) => destinationOf(config, name),
  yields(camera) {
    const urgent = urgentCameras(cells);
    return urgent.size > 0 && !urgent.has(camera);
  },
  nameOf: (camera) =>
    String((cells.view({ kind: 'camera', id: camera as Id })?.context.settings as { name?: string })?.name ?? camera),
  codecOf(camera) {
    const view = cells.view({ kind: 'camera', id: camera as Id });
    return view && activeStanding(view.context as unknown as CameraContext)?.codec;
  },
  adaptive: {
    bounds: () => ({ peers: config.limits.adaptivePeers, cores: config.limits.adaptiveCores }),
    reach: () => adaptiveReach(config),
  },
  sessions: {
    isOver: (session) => cells.view({ kind: 'viewer', id: session as Id })?.tags.includes('over') === true,
    tell(session, event) {
      cells.offer({ kind: 'viewer', id: session as Id }, event).catch((err) => {
        log.info({ err, session, event: event.type }, 'a session did not hear of its adaptive peer');
      });
    },
  },
  onRelayCall: (relay) => metrics.relayCalls.inc({ relay }),
});

const onvif = openOnvifThread();
const givenUp = new Set<string>();
let raising: Raising | undefined;
let alarming: Alarming | undefined;
const population = buildPopulation({
  node: group.node,
  bus: carriers.bus,
  gate,
  tenure,
  proof: tenure.proof,
  journal: measuredJournal(carriers.spool.journal, metrics),
  facts: carriers.spool.facts,
  kinds: kindsOf(media, driveOnvif({ thread: onvif, login: secrets.login, now: systemClock.now })),
  now: systemClock.now,
  later(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  onTrouble({ cell, error, outcome }) {
    if (outcome === 'let go') return log.info({ cell, why: error.message }, 'a cell lives at another gateway now');
    const what = outcome === 'parked' ? 'the last record of a cell can’t be understood' : 'a cell failed';
    log.error({ err: error, cell, outcome }, what);
    if (outcome !== 'restarted') givenUp.add(`${cell.kind} ${cell.id}`);
  },
  onOver: (context) => barReturns(media.viewerSlots.seat, context as unknown as ViewerContext, systemClock.now()),
  expectCells: media.expectCells,
  onMoved(moved) {
    log.info(moved, 'cells have moved among the gateways');
    recountAudiences(cells, teller(cells, untold));
    raising?.review();
    alarming?.review();
    installation
      .review()
      .catch((err) => log.error({ err }, 'the configuration could not be applied to cells that came'));
  },
});
const { roster, cells } = population;
const untold = (err: Error) => log.error({ err }, 'a cell could not be told of another');

const heedIntakes = heedForeignIntakes({
  intakes: [...group.relays, ...group.remoteRelays].filter(({ role }) => role === 'intake').map((relay) => relay.id),
  cells,
  has: (camera) => roster.has({ kind: 'camera', id: camera }),
  leaveIntake: media.leaveIntake,
  emptyIntake: media.emptyIntake,
  onFault: untold,
});
/** An encoder hands pictures over through a socket: its relay's launcher runs it. */
const encodesAt = (relay: string): boolean => group.relays.some((one) => one.id === relay);
const relayProcesses = keepRelayProcesses({
  relays: group.relays.map(({ id: relay }) => relay),
  cells,
  has: (at) => roster.has(at),
  lists: (relay) => config.relays.some(({ id: listed }) => listed === relay),
  feedsOthers: media.feedsOthers,
  run: (relay, runs) => launchers.of(group.relays.find((one) => one.id === relay)?.on?.host).runRelay(relay, runs),
  log,
});
const installation = keepInstallation(config, {
  group,
  cells,
  belongsHere: (at) => cells.belongsHere(at),
  startRelay: relayProcesses.start,
  ...(group.cluster ? { savedAt } : {}),
  secrets,
  overlay: openOverlay(group.state, secrets),
  onCameras: media.setCameras,
  placeCameras: (zones) => launcher.placeCameras(zones, config.natsReaders).catch(untold),
});
await media.takeUp();
const adopted = await population.open();
await installation.apply(config);
media.sweep((kind, name) => !cells.belongsHere({ kind, id: name as Id }));
acquaintSounds(roster, untold, cells);
acquaint(roster, untold, { cells, leaveIntake: media.leaveIntake, emptyIntake: media.emptyIntake, encodesAt });
raising = raiseIncidents({
  roster,
  cells,
  addressOf(name) {
    const found = destinationOf(config, name);
    return found && { to: found.to, encoded: found.wish !== undefined, encodesAt };
  },
  settleQuality: installation.settleQuality,
  later: (ms, run) => void setTimeout(run, ms),
  onFault: (err) => log.error({ err }, 'an incident could not be raised or lowered'),
});
const capacity = shareEncoders({ roster, cells, encoders: () => config.limits.encoders, onFault: untold });
// What happens at other gateways of this machine is seen in their cells, and told to nobody.
if (group.gateways > 1) setInterval(capacity.review, CAPACITY_EVERY_MS).unref();
const bandwidth = shareBandwidth({
  roster,
  cells,
  limitBps: () => config.limits.egressBps,
  stepsOf(id) {
    const view = cells.view({ kind: 'camera', id });
    const rungs = view ? rungsOf({ cells, rates: media.rates }, view) : [];
    return rungs.map(({ name, bitrate_bps }) => ({ name, bitrate_bps }));
  },
  onFault: untold,
});
const egress = media.watchEgress(bandwidth.isWanted, bandwidth.hear);
const publishers = watchPublishers({
  apis: media.intakeApis,
  intakes: media.intakes,
  follow: media.followPublisher,
  cells,
  has: (camera) => roster.has({ kind: 'camera', id: camera }),
  revoked: (token) => revocations.hits(token),
  log,
});
shareSessions(roster, carriers.sessions, group.node);
log.info({ adopted, cameras: config.cameras.size }, 'cells are up');

const ledgerHead = ledgerHeadFile(group.state);
const accessLedger = await keepLedger({
  ledger: carriers.ledger,
  facts: carriers.spool.facts,
  journal: carriers.spool.journal,
  cells: roster,
  onWritten: ledgerHead.remember,
  onFault: (err) => log.error({ err }, 'the access ledger can’t be written now; it is tried again'),
});
const retention = keepRetention({
  journal: carriers.spool.journal,
  facts: carriers.spool.facts,
  keeper: carriers.keeper,
  leases: carriers.leases,
  node: group.node,
  bounds: () => config.events,
  forgetMore: () => accessLedger.forgetBefore(Date.now() - config.ledger.keepMs),
  onSwept: (swept) => log[swept.troubles.length > 0 ? 'error' : 'debug'](swept, 'the event log was swept'),
  onFault: (err) => log.error({ err }, 'the event log could not be swept'),
});

const isFar = (node: string | undefined): boolean =>
  group.cluster !== undefined && node !== undefined && placeOfGateway(node).host !== group.cluster.host;
const recordings = openRecordings(recordingsFolder(group.state), disk);
const thumbnails = openThumbnails({
  ffmpeg: findProgram('ffmpeg'),
  folder: path.join(group.state, 'thumbnails'),
  maxBytes: THUMBNAIL_BYTES,
});
const stopForgetting = forgetRecordings({
  // What lies here of a camera whose gateway is on another host is deleted by the first gateway of this one.
  held: () =>
    cells
      .list('recording')
      .filter((view) => roster.has(view) || (group.gateway === 1 && isFar(cells.holderElsewhere(view)))),
  recordings: {
    sizes: recordings.sizes,
    async remove(file) {
      await recordings.remove(file);
      await thumbnails.forget(file);
    },
  },
  now: systemClock.now,
  onDeleted: (camera, files) =>
    log.info(
      { camera, files: files.map(({ file, because }) => `${file.source}/${file.name}: ${because}`) },
      'recordings are deleted',
    ),
  onFault: (err) => log.error({ err }, 'recordings could not be looked through; it is tried again'),
});
const webhooks = keepWebhooks({ outbox: carriers.outbox, log, metrics });
const settleWebhooks = () =>
  webhooks
    .set(config.webhooks.map((one) => ({ ...one, secret: () => readFileSync(one.secretFile, 'utf8') })))
    .catch((err) => log.error({ err }, 'webhooks could not be set up'));
void settleWebhooks();

const tracing = config.telemetry.otlpUrl
  ? await keepTraces(config.telemetry.otlpUrl, { roster, node: group.node, nowMs: systemClock.now })
  : undefined;
const links = openLoginLinks(path.join(group.state, 'links'));
const embeds = openEmbedCodes(path.join(group.state, 'embeds'));
const health = () => judgeHealth({ carriers, cells, launcher, retention, witness, givenUp, isLeaving: () => leaving });
alarming = raiseAlarms({
  ...{ node: group.node, roster, cells },
  ownTroubles() {
    const gateway = { gateway: gatewayName(group.gateway), isFirst: group.gateway === 1 };
    const process = unexpectedExits(launcher.unexpectedExits(), { ...gateway, nowMs: systemClock.now() });
    return { ...troublesIn(health(), givenUp), ...(process ? { process } : {}) };
  },
  later: (ms, run) => void setTimeout(run, ms),
  onFault: (err) => log.error({ err }, 'an alarm could not be told of its cause; it is tried again'),
});
setInterval(alarming.look, ALARM_LOOK_EVERY_MS).unref();
let neighbours: Neighbours | undefined;
/** Where a camera that lives here is to be published. */
const intakeFor = (camera: Id) => {
  const view = cells.view({ kind: 'camera', id: camera });
  const { publishers = {} } = (view?.context ?? {}) as Partial<CameraContext>;
  return media.intakes.taking(camera, Object.keys(publishers).length > 0);
};
/** Whether what an intake writes lies on this machine. */
const runsIntake = (intake: string): boolean =>
  group.relays.some((place) => place.id === intake && runsHere(group, place));
const atHolder = askHolder({ node: group.node, bus: carriers.bus, gate, cells });
const server = await buildServer({
  node: group.node,
  config: httpConfig(() => config, group),
  members: tenure.members,
  cells,
  facts: carriers.spool.facts,
  journal: carriers.spool.journal,
  ledger: {
    read: carriers.ledger.read,
    note: (act) => noteAct(carriers.ledger, act, ledgerHead.remember),
  },
  sessions: carriers.sessions,
  gate,
  revocations,
  serviceTokens: services,
  embeds,
  links,
  layouts: openLayouts(path.join(group.state, 'layouts.json')),
  people: openPeople(path.join(group.state, 'people.json')),
  passwords: openPasswords(),
  ...(config.auth.oidc ? { identity: identityOf(config.auth.oidc) } : {}),
  lowLatency: media.lowLatency,
  whep: media.whep,
  adaptive: media.adaptive,
  departures: media.departures,
  rtspAt: media.rtspAt,
  srtAt: media.srtAt,
  intakeOf: (camera) => atHolder('intake', camera, () => intakeFor(camera)),
  publishAt: media.publishAt,
  whip: media.whip,
  findPlace: (address) => findPlace(address),
  shortOn: bandwidth.shortOn,
  encodesAt,
  whepAt: (relay) => publicWhep(relay, config, group),
  poster: findPosters(atHolder, media.poster),
  rates: media.rates,
  hls: { folder: media.hlsFolder, paths: openPathSigner(path.join(group.state, 'keys', 'hls.key')) },
  recordings,
  thumbnails,
  elsewhere(at) {
    const holder = cells.holderElsewhere(at);
    return holder === undefined ? undefined : neighbours?.agentOf(holder);
  },
  devices: onvifDevices(onvif),
  credential: secrets.login,
  streams: { ask: (url, login) => knock(url, login, {}), picture: openPreview(findProgram('ffmpeg')) },
  chart: (view) => cells.chart(view),
  overlay: installation.changes,
  ...(group.demo
    ? { demo: { has: (camera) => group.demoCameras.some((demo) => demo.id === camera), plug: launcher.plug } }
    : {}),
  turnSecret: () => (config.ice.turn ? readFileSync(config.ice.turn.secretFile, 'utf8').trim() : ''),
  health,
  metrics,
  ...(tracing ? { joins: tracing.joins } : {}),
  log,
  page: PAGE,
});
await launcher.listens().catch((err) => log.warn({ err }, 'whether somebody answers in this place is not known'));
await server.listen({ host: group.http.host, port: group.http.port });
neighbours = await meetNeighbours(group, server);
const certificate = group.http.tls && followCertificate(server.server as https.Server, group.http.tls, log);
const scraper = { sub: 'metrics', role: 'operator' as const, cameras: [], zones: [] };
const metricsDoor =
  config.metrics &&
  (await listenForMetrics({ ...config.metrics, port: config.metrics.port + group.gateway - 1 }, async () => {
    const headers = { host: 'localhost', authorization: `Bearer ${gate.mintLogin(scraper, 60)}` };
    const { statusCode, headers: answered, body } = await server.inject({ url: '/metrics', headers });
    return { status: statusCode, type: String(answered['content-type']), text: body };
  }));
const asks = await answerAsks({
  ...{ bus: carriers.bus, cells, roster, gate, poster: media.poster, intake: intakeFor },
  written: (camera, question) => tellWritten(camera, question, runsIntake, written),
  config: () => config,
});
const readers = await answerReaders({
  ...{ readers: carriers.readers, facts: carriers.spool.facts, cells },
  scopeOf: (name) => scopeOfReader(config, name),
});

const watch = watchConfig(
  config,
  process.env,
  ({ config: next, restart }) => {
    config = withDemoDestination(next, group);
    void settleWebhooks();
    findPlace = openPlaces(next.regions.databases);
    capacity.review();
    if (restart.length > 0)
      log.warn({ restart }, 'what runs is decided at the start: these settings take full effect at the next one');
    installation.apply(next).then(
      () => log.info({ cameras: next.cameras.size }, 'the changed configuration is in effect'),
      (err) => log.error({ err }, 'the changed configuration could not be applied'),
    );
  },
  (error) => log.error({ err: error }, 'the changed configuration is refused; the old one stays'),
);

const grant = { sub: 'local', name: 'Local administrator', role: 'admin' as const, cameras: [], zones: ['*'] };
const base = config.http.publicUrl ?? originOf({ ...group.http, tls: group.http.tls !== undefined });
launcher.ready(`${base}/?login=${links.make(grant, LOGIN_LINK_MS)}`);

/** Lets go in order: no new requests, cells handed over, carriers emptied. Pictures go on. */
async function leave(reason: string): Promise<void> {
  if (leaving) return;
  leaving = true;
  log.info({ reason }, 'leaving');
  const forced = setTimeout(() => process.exit(1), LEAVE_WITHIN_MS);
  alarming?.stop();
  watch.close();
  certificate?.close();
  retention.close();
  witness.close();
  stopForgetting();
  egress.close();
  publishers.close();
  relayProcesses.close();
  webhooks.close();
  accessLedger.close();
  ledgerHead.close();
  asks.close();
  readers.close();
  metricsDoor?.close();
  neighbours?.close();
  await server.close();
  await population.leave();
  media.close();
  onvif.close();
  jwks.close();
  launchers.close();
  await Promise.all([tenure.close(), tracing?.close()]);
  await carriers.close();
  clearTimeout(forced);
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void leave(signal));
process.stdin.on('end', () => void leave('the launcher is gone')).on('error', () => void leave('the launcher is gone'));
process.stdin.resume();

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import type { Alarming } from '../actors/alarming.ts';
import { systemClock } from '../adapters/clock.ts';
import { driveOnvif } from '../adapters/drive.onvif.ts';
import { originOf } from '../adapters/mediamtx/exchange.ts';
import { openOnvifThread } from '../adapters/onvif/thread.ts';
import { openPlaces } from '../adapters/places.maxmind.ts';
import { diskOf } from '../adapters/recordings/disk.ts';
import { writtenHere } from '../adapters/recordings/written.ts';
import { recordingsFolder } from '../adapters/recordings.files.ts';
import { openSecrets } from '../adapters/secrets.files.ts';
import type { Id } from '../bus/identity.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import { destinationOf, withDemoDestination } from './config/destinations.ts';
import { openOverlay } from './config/overlay.ts';
import { savedAt } from './config/saved-at.ts';
import { watchConfig } from './config/watch.ts';
import { loadConfig } from './config.ts';
import { keepAlarms } from './gateway/alarms.ts';
import { barReturns } from './gateway/bar-returns.ts';
import { openCarriers } from './gateway/carriers.ts';
import { openDoors } from './gateway/doors.ts';
import { keepEventLog } from './gateway/event-log.ts';
import { heedForeignIntakes } from './gateway/foreign-intakes.ts';
import { openGate } from './gateway/gate.ts';
import { judgeHealth } from './gateway/health.ts';
import { keepInstallation } from './gateway/installation.ts';
import { listenForJwks } from './gateway/jwks-listener.ts';
import { kindsOf } from './gateway/kinds.ts';
import { openLaunchers } from './gateway/launchers.ts';
import { measuredJournal } from './gateway/measured-journal.ts';
import { sightOf } from './gateway/media/cells-sight.ts';
import { adaptiveReach } from './gateway/media/relay-reach.ts';
import { openMedia } from './gateway/media.ts';
import { type Oversight, oversee } from './gateway/oversight.ts';
import { keepPast } from './gateway/past.ts';
import { buildPopulation } from './gateway/population.ts';
import { watchPublishers } from './gateway/publishers.ts';
import { keepRelayProcesses } from './gateway/relay-processes.ts';
import { whileMakingRoom } from './gateway/room.ts';
import { shareSessions } from './gateway/session-cards.ts';
import { tellWaits } from './gateway/start-waits.ts';
import { takeTenure } from './gateway/tenure.ts';
import { keepTraces } from './gateway/traces.ts';
import { keepWebhooks } from './gateway/webhooks.ts';
import { writtenElsewhere } from './gateway/written-elsewhere.ts';
import { group as groupShape } from './group.ts';
import { openLoginLinks } from './http/links.ts';
import { createMetrics, measureProcess } from './http/metrics.ts';

/**
 * The composition root: the only place where concrete things are made. Started by the launcher as
 * `node --import tsx infra/gateway.ts STATE/run/group.json`; ends when the launcher's pipe closes.
 */
const LOGIN_LINK_MS = 12 * 3_600_000;
const LEAVE_WITHIN_MS = 2_000;

const group = groupShape.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
let config = withDemoDestination(loadConfig(group.config, process.env), group);
const log = pino({
  level: config.log.level,
  base: { node: group.node },
  redact: ['*.password', '*.token', '*.authorization', '*.cookie', 'req.headers'],
});
/** Whether the configuration lists a relay as it stands now. */
const isListed = (relay: string): boolean => config.relays.some(({ id: listed }) => listed === relay);
let findPlace = openPlaces(config.regions.databases);
let leaving = false;

// First of all: a relay that started anew lets nobody in, not even the switcher, before it has these keys.
const { gate, revocations, services } = openGate(group, config);
const jwks = await listenForJwks(group.jwks.port, gate.jwks, group.gateways > 1);
/** The fencing token under which this gateway acts, once it has one. */
let epoch = 0;
const launchers = openLaunchers(group, () => epoch);
const launcher = launchers.own;
const waits = tellWaits(launcher, log);
const carriers = await openCarriers(group, log, (why) => waits('NATS does not answer', { why }));
await carriers.witness.look();
/** A start needs room in NATS; should there be none, it is made by the configuration as the file has it by then. */
const withRoom = <T>(work: Promise<T>): Promise<T> =>
  whileMakingRoom(work, {
    ...{ journal: carriers.spool.journal, facts: carriers.spool.facts, keeper: carriers.keeper },
    bounds: () => loadConfig(group.config, process.env).events,
    onWait: (swept) => waits('NATS takes nothing', { ...carriers.spool.state(), ...swept }),
    onFault: (err) => log.error({ err }, 'the start waits for NATS, and the event log could not be swept'),
  });
/** Beside others, what this gateway may still own is known only by what NATS takes of it. */
const isAlone = group.gateways === 1 && !group.cluster;
await withRoom(isAlone ? carriers.spool.readable() : carriers.spool.drained());
const joining = takeTenure(carriers.leases, group.node, {
  isAlone,
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
const tenure = await withRoom(joining);
epoch = tenure.epoch();
const secrets = openSecrets(path.join(group.state, 'secrets'));
const metrics = createMetrics();
measureProcess(metrics);
const disk = diskOf(recordingsFolder(group.state));
const written = writtenHere(recordingsFolder(group.state), disk);
const asking = { node: group.node, bus: carriers.bus, gate };
const media = openMedia({
  ...{ group, disk, gate, secrets, launchers, log },
  ...sightOf(() => population, log),
  written: { here: written, elsewhere: (intake, host) => writtenElsewhere(asking, intake, host) },
  lists: isListed,
  destination: (name) => destinationOf(config, name),
  adaptive: {
    bounds: () => ({ peers: config.limits.adaptivePeers, cores: config.limits.adaptiveCores }),
    reach: () => adaptiveReach(config),
  },
  onRelayCall: (relay) => metrics.relayCalls.inc({ relay }),
});

const onvif = openOnvifThread();
const givenUp = new Set<string>();
let oversight: Oversight | undefined;
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
    if (outcome === 'given up' || outcome === 'parked') givenUp.add(`${cell.kind} ${cell.id}`);
  },
  onOver: (context) => barReturns(media.viewerSlots.seat, context as unknown as ViewerContext, systemClock.now()),
  expectCells: media.expectCells,
  onMoved(moved) {
    log.info(moved, 'cells have moved among the gateways');
    oversight?.review();
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
  lists: isListed,
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
oversight = oversee({
  ...{ group, roster, cells, media, encodesAt, log, config: () => config },
  settleQuality: installation.settleQuality,
});
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

const eventLog = await keepEventLog({ group, carriers, roster, signer: gate.sealer, config: () => config, log });
const past = keepPast({ group, disk, roster, cells, log });
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
const health = () => judgeHealth({ carriers, cells, launcher, eventLog, givenUp, isLeaving: () => leaving });
alarming = keepAlarms({ group, roster, cells, launcher, health, givenUp, log });
const doors = await openDoors({
  ...{ group, config: () => config, log, carriers, tenure, roster, cells, eventLog, gate, revocations, services },
  ...{ media, past, oversight, installation, launcher, secrets, onvif, links, encodesAt, health, metrics, tracing },
  findPlace: (address) => findPlace(address),
  written,
});

const watch = watchConfig(
  config,
  process.env,
  ({ config: next, restart }) => {
    config = withDemoDestination(next, group);
    eventLog.review();
    void settleWebhooks();
    findPlace = openPlaces(next.regions.databases);
    oversight?.shareEncodersAnew();
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
  eventLog.close();
  past.close();
  oversight?.close();
  publishers.close();
  relayProcesses.close();
  webhooks.close();
  await doors.close();
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

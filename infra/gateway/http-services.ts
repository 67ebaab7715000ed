import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Federation } from '../../actors/federation.ts';
import { onvifDevices } from '../../adapters/devices.onvif.ts';
import { openPathSigner } from '../../adapters/hls-paths.hmac.ts';
import { openLayouts } from '../../adapters/layouts.files.ts';
import type { OnvifThread } from '../../adapters/onvif/thread.ts';
import { openPasswords } from '../../adapters/passwords.scrypt.ts';
import { openPeople } from '../../adapters/people.files.ts';
import { openPreview } from '../../adapters/preview.ffmpeg.ts';
import { knock } from '../../adapters/probe.rtsp.ts';
import type { Secrets } from '../../adapters/secrets.files.ts';
import type { Id } from '../../bus/identity.ts';
import type { IntakeChoice } from '../../machines/policy/intake.ts';
import { findProgram } from '../binaries.ts';
import type { Config } from '../config/model.ts';
import type { Group } from '../group.ts';
import { openEmbedCodes } from '../http/embed-codes.ts';
import type { LoginLinks } from '../http/links.ts';
import type { Metrics } from '../http/metrics.ts';
import type { HealthReason, HttpServices } from '../http/services.ts';
import type { Carriers } from './carriers.ts';
import type { EventLog } from './event-log.ts';
import { identityOf, type OpenGate } from './gate.ts';
import { askHolder } from './holders.ts';
import { httpConfig } from './http-config.ts';
import type { Installation } from './installation.ts';
import type { LauncherLink } from './launcher-link.ts';
import { publicWhep } from './media/relay-reach.ts';
import type { Media } from './media.ts';
import type { Neighbours } from './neighbours.ts';
import type { Oversight } from './oversight.ts';
import type { Past } from './past.ts';
import { findPosters } from './posters.ts';
import type { Tenure } from './tenure.ts';
import type { Tracing } from './traces.ts';

/** Of what this gateway is made that HTTP needs. */
export interface HttpParts extends OpenGate {
  group: Group;
  /** The configuration as it stands now. */
  config(): Config;
  log: Logger;
  carriers: Carriers;
  tenure: Pick<Tenure, 'members'>;
  cells: Federation;
  eventLog: EventLog;
  media: Media;
  past: Past;
  oversight: Pick<Oversight, 'shortOn'>;
  installation: Installation;
  launcher: Pick<LauncherLink, 'plug'>;
  secrets: Secrets;
  onvif: OnvifThread;
  links: LoginLinks;
  findPlace: NonNullable<HttpServices['findPlace']>;
  /** Whether an encoder of a push can work beside a relay. */
  encodesAt(relay: string): boolean;
  health(): HealthReason[];
  metrics: Metrics;
  tracing: Tracing | undefined;
  /** The intake that takes publishers of a camera that lives here. */
  intakeFor(camera: Id): IntakeChoice;
  /** The gateways of other hosts, once this one is there for them. */
  neighbours(): Neighbours | undefined;
}

const PAGE = path.resolve(import.meta.dirname, '../../.build/page');

/** What the HTTP floor works with, of the parts of this gateway and the files of its data folder. */
export function httpServices(parts: HttpParts): HttpServices {
  const { group, config, log, carriers, cells, gate, media, past, launcher, onvif, secrets } = parts;
  const inState = (...names: string[]) => path.join(group.state, ...names);
  const atHolder = askHolder({ node: group.node, bus: carriers.bus, gate, cells });
  const { oidc } = config().auth;
  return {
    node: group.node,
    config: httpConfig(config, group),
    members: parts.tenure.members,
    cells,
    chart: (view) => cells.chart(view),
    overlay: parts.installation.changes,
    facts: carriers.spool.facts,
    journal: carriers.spool.journal,
    ledger: { read: carriers.ledger.read, note: parts.eventLog.note },
    sessions: carriers.sessions,

    gate,
    revocations: parts.revocations,
    serviceTokens: parts.services,
    embeds: openEmbedCodes(inState('embeds')),
    links: parts.links,
    layouts: openLayouts(inState('layouts.json')),
    people: openPeople(inState('people.json')),
    passwords: openPasswords(),
    ...(oidc ? { identity: identityOf(oidc) } : {}),

    lowLatency: media.lowLatency,
    whep: media.whep,
    whip: media.whip,
    adaptive: media.adaptive,
    departures: media.departures,
    rtspAt: media.rtspAt,
    srtAt: media.srtAt,
    publishAt: media.publishAt,
    rates: media.rates,
    lateMs: media.lateMs,
    hls: { folder: media.hlsFolder, paths: openPathSigner(inState('keys', 'hls.key')) },
    whepAt: (relay) => publicWhep(relay, config(), group),
    turnSecret: () => {
      const { turn } = config().ice;
      return turn ? readFileSync(turn.secretFile, 'utf8').trim() : '';
    },
    findPlace: parts.findPlace,
    shortOn: parts.oversight.shortOn,
    encodesAt: parts.encodesAt,

    intakeOf: (camera) => atHolder('intake', camera, () => parts.intakeFor(camera)),
    poster: findPosters(atHolder, media.poster),
    recordings: past.recordings,
    thumbnails: past.thumbnails,
    elsewhere(at) {
      const holder = cells.holderElsewhere(at);
      return holder === undefined ? undefined : parts.neighbours()?.agentOf(holder);
    },

    devices: onvifDevices(onvif),
    credential: secrets.login,
    streams: { ask: (url, login) => knock(url, login, {}), picture: openPreview(findProgram('ffmpeg')) },
    ...(group.demo
      ? { demo: { has: (camera) => group.demoCameras.some((demo) => demo.id === camera), plug: launcher.plug } }
      : {}),

    health: parts.health,
    metrics: parts.metrics,
    ...(parts.tracing ? { joins: parts.tracing.joins } : {}),
    log,
    page: PAGE,
  };
}

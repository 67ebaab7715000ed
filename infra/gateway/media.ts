import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Emptied } from '../../actors/acquaintance.ts';
import type { CellView } from '../../actors/cells.ts';
import { alarmOn } from '../../adapters/alarm.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { Departures } from '../../adapters/departures.switcher.ts';
import { type Egress, watchEgress } from '../../adapters/egress.mediamtx.ts';
import { createEyes, type Poster } from '../../adapters/eye.ffmpeg.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { healthMediamtx } from '../../adapters/health.mediamtx.ts';
import { hlsMediamtx, type LowLatencyHls } from '../../adapters/hls.mediamtx.ts';
import { intakeMediamtx, intakePath } from '../../adapters/intake.mediamtx.ts';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import type { Feeding } from '../../adapters/mediamtx/fed-paths.ts';
import type { Mediamtx } from '../../adapters/mediamtx.ts';
import { createOpus } from '../../adapters/opus.ffmpeg.ts';
import type { Reach } from '../../adapters/peer.wrtc/sdp.ts';
import { adaptivePeers } from '../../adapters/peer.wrtc.ts';
import { createRtspProbe } from '../../adapters/probe.rtsp.ts';
import { createProgramSwitchers } from '../../adapters/program.switcher.ts';
import { PROGRAM_PATH, provisionMediamtx, wantPrograms } from '../../adapters/provision.mediamtx.ts';
import { publishDoors, publishedPath } from '../../adapters/publish.mediamtx.ts';
import { PULSE_PATHS, pulsePath, pulseRtsp } from '../../adapters/pulse.rtsp.ts';
import type { Destination } from '../../adapters/push.mediamtx/address.ts';
import { broadcastOfPath, PUSH_PATHS, pushMediamtx } from '../../adapters/push.mediamtx.ts';
import { recorderMediamtx } from '../../adapters/recorder.mediamtx.ts';
import type { Disk } from '../../adapters/recordings/disk.ts';
import { recordingsFolder } from '../../adapters/recordings.files.ts';
import { seatEverywhere, seatMediamtx } from '../../adapters/seat.mediamtx.ts';
import type { Secrets } from '../../adapters/secrets.files.ts';
import { createSlates } from '../../adapters/slate.ffmpeg.ts';
import { whepMediamtx } from '../../adapters/whep.mediamtx.ts';
import { type CameraSettings, isPublished } from '../../bus/events/camera.ts';
import type { PeerBounds } from '../../machines/policy/peer-room.ts';
import type {
  BroadcastSlots,
  CameraSlots,
  RecordingSlots,
  RelaySlots,
  RenditionSlots,
  SeatReport,
  SoundSlots,
  ViewerSlots,
} from '../../machines/slots.ts';
import { findProgram } from '../binaries.ts';
import type { Group } from '../group.ts';
import type { Adaptive, Whep, Whip } from '../http/services.ts';
import { peersSocket } from '../launcher/node-programs.ts';
import { withAdaptive } from './adaptive.ts';
import { type ClientAddresses, clientAddresses } from './client-addresses.ts';
import { type HandOver, handOverCameras } from './hand-over.ts';
import { inGroup } from './in-group.ts';
import { type Intakes, keepIntakes, type Left } from './intakes.ts';
import { ladderStarts } from './ladder-starts.ts';
import { type Launchers, switcherHost } from './launchers.ts';
import { known, openRelayClients } from './relay-clients.ts';
import { type RelayReach, relayReaches, rtspAddress } from './relay-reach.ts';
import { sweepLeftovers } from './sweeping.ts';

/** What the media plane needs of the house. */
export interface MediaParts {
  group: Group;
  /** The one that this machine's recordings lie on. */
  disk: Disk;
  gate: Gate;
  secrets: Secrets;
  launchers: Launchers;
  /** How a relay stands; undefined before its cell lives. */
  relay(id: string): CellView | undefined;
  /** Whether the configuration lists a relay as it stands now. */
  lists(relay: string): boolean;
  log: Logger;
  /** The fencing token for a camera's orders. */
  epoch(camera: string): number;
  /** A destination of the configuration as it stands now. */
  destination(name: string): Destination | undefined;
  /** A camera as people call it. */
  nameOf(camera: string): string;
  /** The codec that a camera sent last. */
  codecOf(camera: string): string | undefined;
  /** How many adaptive peers there may be, and where viewers reach them, as the configuration stands now. */
  adaptive: { bounds(): PeerBounds; reach(): Reach };
  /** Sessions, wherever their cells live. */
  sessions: { isOver(session: string): boolean; tell(session: string, event: SeatReport): void };
  /** Whether a camera's encoder lets others go first. */
  yields(camera: string): boolean;
  /** Told of every call of a relay's control API. */
  onRelayCall(relay: string): void;
}

/** Every adapter of the media plane, fitted to this group. */
export interface Media extends ClientAddresses {
  cameraSlots: CameraSlots;
  viewerSlots: ViewerSlots;
  relaySlots: RelaySlots;
  broadcastSlots: BroadcastSlots;
  departures: Departures;
  renditionSlots: RenditionSlots;
  recordingSlots: RecordingSlots;
  soundSlots: SoundSlots;
  /** Where ladders write HLS: one folder a camera. */
  hlsFolder: string;
  lowLatency: LowLatencyHls;
  whep: Whep;
  whip: Whip;
  adaptive: Adaptive;
  /** Measures what the delivery relays send, while it is wanted. */
  watchEgress(wanted: () => boolean, tell: (egress: Egress) => void): { close(): void };
  /** The control APIs of the intakes that there are now. */
  intakeApis(): readonly Mediamtx[];
  /** Which intake pulls which camera, or takes its publishers; of cameras that live here. */
  intakes: Pick<Intakes, 'of' | 'taking' | 'isWanted'>;
  /** A camera goes to the intake where somebody publishes it. */
  followPublisher: HandOver['follow'];
  poster(camera: string): Poster | undefined;
  rates(camera: string): { bitrate_bps: number; fps: number } | undefined;
  /** Takes publishers for the cameras that say so, and forgets the pictures and figures of those that are no more. */
  setCameras(cameras: ReadonlyMap<string, Pick<CameraSettings, 'sources'>>): void;
  /** Learns which intake pulls which camera from what a former gateway left there. */
  takeUp(): Promise<void>;
  /** An intake is lost: its cameras are pulled by others from now on. */
  leaveIntake(relay: string): Left;
  /** An intake shall be empty: others pull its cameras, and the pictures go along. */
  emptyIntake(relay: string): Promise<Emptied>;
  /** Cells of another gateway come here: what it wrote to the relays is found as it stands, and left untouched. */
  expectCells(): Promise<void>;
  /**
   * Deletes what former gateways left at the relays and no cell holds.
   * @param elsewhere cells that are another gateway's to care for
   */
  sweep(elsewhere: (kind: 'camera' | 'broadcast', id: string) => boolean): void;
  close(): void;
}

/** A relay token in an RTSP address lives this long; the switcher is given fresh ones every hour. */
const SWITCHER_TOKEN_S = 24 * 3600;
/** Measurements older than this say nothing about now. */
const RATES_FRESH_MS = 3_000;

/** How long cells that come here wait for word of who pulls their cameras. */
const TAKE_UP_WITHIN_MS = 300;

/** A pulse's token is asked for at its two connections, and never again. */
const PULSE_TOKEN_S = 60;

/** Makes the adapters. One intake pulls each camera; every delivery relay carries every program. */
export function openMedia({
  group,
  disk,
  gate,
  secrets,
  launchers,
  relay,
  lists,
  log,
  epoch,
  destination,
  nameOf,
  codecOf,
  adaptive,
  sessions,
  yields,
  onRelayCall,
}: MediaParts): Media {
  const relays = relayReaches(group);
  const reaches = new Map(relays.map((reach) => [reach.id, reach]));
  /** What works with files of this machine, and hands over through its sockets, needs a relay that runs here. */
  const isHere = ({ host }: RelayReach) => host === undefined || host === group.cluster?.host;
  /** Whether a relay of the group is there, and not taken out of the configuration since the start. */
  const isThere = (id: string) => {
    const cell = relay(id);
    return cell ? !cell.tags.includes('over') : lists(id);
  };
  const recordsAt = (reach: RelayReach) => (reach.role === 'intake' && isHere(reach) ? disk : undefined);
  const clients = openRelayClients(relays, gate, recordsAt, onRelayCall);
  const withRole = (role: RelayReach['role']) => relays.filter((relay) => relay.role === role);
  const intakes = keepIntakes({
    places: withRole('intake'),
    host: group.cluster?.host,
    view: relay,
    lists,
    now: systemClock.now,
    onMoved(camera, { intake, why }) {
      log.info({ camera, intake, why }, 'another intake pulls a camera');
      programs.renew(camera);
    },
  });
  const deliveries = withRole('delivery');
  for (const { id, role, embedded } of relays) {
    const refused = (detail: string) => log.error({ relay: id, detail }, 'a relay refuses the paths that it needs');
    if (role === 'delivery') wantPrograms(clients.paths(id), refused);
    if (!embedded) clients.paths(id).want(PULSE_PATHS, PROGRAM_PATH, refused);
  }

  const doors = publishDoors(
    withRole('intake').map(({ id }) => clients.paths(id)),
    (detail) => log.error({ detail }, 'an intake takes no publisher'),
  );
  const token = (action: 'read' | 'publish', path: string) =>
    gate.mintRelay('switcher', [{ action, path }], SWITCHER_TOKEN_S);
  const rtsp = (reach: RelayReach, action: 'read' | 'publish', path: string) =>
    `${rtspAddress(reach.rtsp, path)}?token=${token(action, path)}`;

  const rates = new Map<string, { bitrate_bps: number; fps: number; at: number }>();
  const eyes = createEyes({
    ffmpeg: findProgram('ffmpeg'),
    watch: (camera, wanted) => programs.watch(camera, wanted),
    trouble: (camera, detail) => log.warn({ camera, detail }, 'the eye’s decoder ended; another one takes over'),
  });
  const slates = createSlates({
    ffmpeg: findProgram('ffmpeg'),
    folder: path.join(group.state, 'slates'),
    trouble: (name, codec, detail) => log.warn({ name, codec, detail }, 'no slate for this camera; it holds without'),
  });
  const programs = createProgramSwitchers({
    hosts: launchers.switchers,
    hostOf: (camera) => switcherHost(reaches.get(intakes.of(camera))?.host),
    epoch,
    sourceUrl: (camera, source) => rtsp(known(reaches, intakes.of(camera)), 'read', intakePath(camera, source)),
    outputs: (camera) => deliveries.map((relay) => ({ relay: relay.id, url: rtsp(relay, 'publish', camera) })),
    departureUrl: (relay, path) => rtsp(known(reaches, relay), 'publish', path),
    slate: slates.clip,
    codecOf,
    remark: (camera, detail) => log.info({ camera, detail }, 'a remark of the switcher'),
    onKeyframe: eyes.look,
    onRates(items) {
      const at = performance.now();
      for (const { camera, bitrate_bps, fps } of items) rates.set(camera, { bitrate_bps, fps, at });
      eyes.weigh(items);
    },
  });

  const hlsFolder = path.join(group.state, 'hls');
  const feeding: Feeding = {
    relays: deliveries.map((place) => ({
      paths: clients.paths(place.id),
      urlOf: (path) => rtsp(place, 'read', path),
      // What one that is removed is fed with already goes on there; nothing is begun anew while another can have it.
      get feeds() {
        return isHere(place) && (isThere(place.id) || !deliveries.some((other) => isHere(other) && isThere(other.id)));
      },
    })),
    sockets: path.join(group.links.switchers, 'rungs'),
  };
  const ladder = createLadders({
    ...feeding,
    ffmpeg: findProgram('ffmpeg'),
    folder: hlsFolder,
    yields,
    startOf: ladderStarts({
      departures: programs.departures,
      apiOf: clients.api,
      urlOf: (relay, path) => rtsp(known(reaches, relay), 'read', path),
      log,
    }),
  });

  const peers = adaptivePeers({
    socket: peersSocket(group.links.switchers),
    onElsewhere: sessions.tell,
    isOver: sessions.isOver,
    onStep: (peer, camera, { text }) =>
      log.debug({ peer, camera, why: text }, 'an adaptive peer sends another picture'),
  });
  const signals = whepMediamtx((relay) => reaches.get(relay)?.whep);
  const signalling = withAdaptive({
    peers,
    whep: {
      ...signals,
      open: (relay, path, sdp, relayToken, query) => signals.open(relay, path, sdp, relayToken, query),
      isConnected: async (relay, session) =>
        (await clients.api(relay).session('webrtcsessions', session)).peerConnectionEstablished === true,
      isOf: async (relay, relaySession, session) =>
        (await clients.api(relay).session('webrtcsessions', relaySession)).user === session,
    },
    ...adaptive,
    programAt: (relay, camera) => rtsp(known(reaches, relay), 'read', camera),
  });

  const takeUp = async (): Promise<void> => {
    const look = async ({ id }: RelayReach) => {
      for (const { name, source } of await clients.api(id).paths()) {
        // Every intake has the paths of publishers: a camera is where one has come.
        if (source === null) continue;
        const [, camera] = /^in\/([^/]+)\//.exec(name) ?? [];
        if (camera) intakes.found(camera, id);
      }
    };
    const looked = await Promise.allSettled(withRole('intake').map(look));
    for (const one of looked) {
      // Its cameras are placed anew.
      if (one.status === 'rejected') log.warn({ err: one.reason }, 'an intake did not tell what it pulls');
    }
  };

  const lowLatency = hlsMediamtx(
    (relay) => reaches.get(relay)?.hls,
    () => readFileSync(group.lowLatency.secretFile, 'utf8').trim(),
  );
  const alarm = alarmOn(systemClock);
  const pulling = intakeMediamtx({
    pull(camera, published) {
      const end = intakes.pull(camera, published);
      return { paths: clients.paths(intakes.of(camera)), end };
    },
    login: secrets.login,
  });
  const handOver = handOverCameras({
    intakes,
    cross: (camera, to) => pulling.cross(camera, clients.paths(to)),
    paths: (intake) => clients.api(intake).paths(),
    isForeign: (camera) => epoch(camera) === 0,
    log,
  });
  return {
    cameraSlots: {
      probe: createRtspProbe({ credential: secrets.login }),
      intake: pulling.slot,
      program: programs.slot,
      selection: programs.selection,
      eye: eyes.slot,
      alarm,
    },
    viewerSlots: {
      seat: seatEverywhere(
        deliveries.map(({ id }) => id),
        seatMediamtx((relay) => clients.api(relay)),
        peers.seat,
      ),
      alarm,
    },
    relaySlots: {
      health: inGroup(
        reaches,
        healthMediamtx({
          apiOf: (relay) => clients.api(relay),
          onProcess: (relay, hear) =>
            launchers.of(reaches.get(relay)?.host).onProcess(({ name, what, detail }) => {
              if (name === `relay:${relay}`) hear({ type: what, text: detail });
            }),
        }),
      ),
      pulse: inGroup(
        reaches,
        pulseRtsp((relay) => {
          const path = pulsePath(group.node);
          const token = gate.mintRelay(
            'pulse',
            [
              { action: 'publish', path },
              { action: 'read', path },
            ],
            PULSE_TOKEN_S,
          );
          return `${rtspAddress(known(reaches, relay).rtsp, path)}?token=${token}`;
        }),
      ),
      provision: inGroup(
        reaches,
        provisionMediamtx((relay) => clients.paths(relay)),
      ),
      alarm,
    },
    renditionSlots: { measure: programs.measure, ladder, alarm },
    soundSlots: { opus: createOpus({ ...feeding, ffmpeg: findProgram('ffmpeg') }), alarm },
    recordingSlots: {
      record: recorderMediamtx({
        record: pulling.record,
        forget: pulling.forgetRecord,
        folder: recordingsFolder(group.state),
        disk,
        writtenElsewhere(camera) {
          const intake = known(reaches, intakes.of(camera));
          if (isHere(intake)) return undefined;
          return `${intake.id} on ${intake.host ?? 'another machine'} writes it, and this camera's gateway can't see it there`;
        },
        now: () => performance.now(),
      }),
    },
    hlsFolder,
    lowLatency,
    broadcastSlots: {
      push: inGroup(
        reaches,
        pushMediamtx({
          pathsOf: (relay) => clients.paths(relay),
          apiOf: (relay) => clients.api(relay),
          programUrl: (relay, camera) => rtsp(known(reaches, relay), 'read', camera),
          destination,
          nameOf,
          encodersAt(relay) {
            const { embedded, host } = known(reaches, relay);
            return embedded ? launchers.of(host).encoders : undefined;
          },
        }),
        ({ relay }) => ({ type: 'push.refused', relay, detail: `${relay} is none of the relays that run` }),
      ),
      alarm,
    },
    departures: programs.departures,
    ...signalling,
    whip: {
      async open({ relay, path }, sdp, relayToken) {
        const { answer, resource } = await signals.open(relay, path, sdp, relayToken, '', 'whip');
        return { answer, publication: resource.split('/').at(-1) ?? '' };
      },
      trickle: ({ relay, path }, publication, fragment, ifMatch) =>
        signals.trickle(signals.published(relay, path, publication), fragment, ifMatch),
      close: ({ relay, path }, publication) => signals.close(signals.published(relay, path, publication)),
      isTaken: async ({ relay, path }) => (await clients.api(relay).path(path)).source !== null,
    },
    ...clientAddresses(relays),
    watchEgress: (wanted, tell) =>
      watchEgress(
        deliveries.map(({ id }) => clients.api(id)),
        (path) => (PUSH_PATHS.test(path) ? broadcastOfPath(path) : undefined),
        wanted,
        tell,
      ),
    intakeApis: () =>
      withRole('intake')
        .filter(({ id }) => isThere(id))
        .map(({ id }) => clients.api(id)),
    intakes,
    followPublisher: handOver.follow,
    poster: eyes.poster,
    rates(camera) {
      const measured = rates.get(camera);
      if (!measured || performance.now() - measured.at >= RATES_FRESH_MS) return undefined;
      return { bitrate_bps: measured.bitrate_bps, fps: measured.fps };
    },
    setCameras(cameras) {
      const sent = [...cameras].flatMap(([camera, { sources }]) =>
        sources
          .filter(({ url }) => isPublished(url))
          .map(({ id, url }) => [intakePath(camera, id), publishedPath(url)] as const),
      );
      doors.settle(new Map(sent));
      for (const camera of rates.keys()) {
        if (cameras.has(camera)) continue;
        rates.delete(camera);
        eyes.forget(camera);
      }
    },
    takeUp,
    leaveIntake: intakes.leave,
    emptyIntake: handOver.empty,
    async expectCells() {
      clients.lookAgain();
      // A host that is gone does not answer: its cameras are not waited for.
      await Promise.race([takeUp(), wait(TAKE_UP_WITHIN_MS, undefined, { ref: false })]);
    },
    sweep: (elsewhere) => sweepLeftovers({ group, clients, launchers, log }, elsewhere),
    close() {
      programs.close();
      peers.end();
      eyes.close();
      lowLatency.close();
      clients.close();
    },
  };
}

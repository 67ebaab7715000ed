import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Emptied } from '../../actors/acquaintance/intakes.ts';
import { alarmOn } from '../../adapters/alarm.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { Departures } from '../../adapters/departures.switcher.ts';
import { type Egress, watchEgress } from '../../adapters/egress.mediamtx.ts';
import type { Poster } from '../../adapters/eye.ffmpeg.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { hlsMediamtx, type LowLatencyHls } from '../../adapters/hls.mediamtx.ts';
import type { Mediamtx } from '../../adapters/mediamtx.ts';
import type { Reach } from '../../adapters/peer.wrtc/sdp.ts';
import { createRtspProbe } from '../../adapters/probe.rtsp.ts';
import { PROGRAM_PATH, wantPrograms } from '../../adapters/provision.mediamtx.ts';
import { PULSE_PATHS } from '../../adapters/pulse.rtsp.ts';
import type { Destination } from '../../adapters/push.mediamtx/address.ts';
import { broadcastOfPath, PUSH_PATHS, pushMediamtx } from '../../adapters/push.mediamtx.ts';
import { recorderMediamtx } from '../../adapters/recorder.mediamtx.ts';
import type { Disk } from '../../adapters/recordings/disk.ts';
import type { Written } from '../../adapters/recordings/written.ts';
import { seatEverywhere, seatMediamtx } from '../../adapters/seat.mediamtx.ts';
import type { Secrets } from '../../adapters/secrets.files.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { PeerBounds } from '../../machines/policy/peer-room.ts';
import type {
  BroadcastSlots,
  CameraSlots,
  RecordingSlots,
  RelaySlots,
  RenditionSlots,
  SoundSlots,
  ViewerSlots,
} from '../../machines/slots.ts';
import type { Group } from '../group.ts';
import type { Adaptive, Whep, Whip } from '../http/services.ts';
import { peersSocket } from '../launcher/node-programs.ts';
import type { Launchers } from './launchers.ts';
import type { CellsSight } from './media/cells-sight.ts';
import { type ClientAddresses, clientAddresses } from './media/client-addresses.ts';
import { derivedStreams } from './media/derived-streams.ts';
import type { HandOver } from './media/hand-over.ts';
import { inGroup } from './media/in-group.ts';
import { openIncoming } from './media/incoming.ts';
import type { Intakes, Left } from './media/intakes.ts';
import { openPrograms } from './media/programs.ts';
import { relayAddresses } from './media/relay-address.ts';
import { known, openRelayClients, type RelayClients } from './media/relay-clients.ts';
import { type RelayReach, relayReaches } from './media/relay-reach.ts';
import { relaySlots } from './media/relay-slots.ts';
import { openSignalling } from './media/signalling.ts';
import { sweepLeftovers } from './media/sweeping.ts';

/** What the media plane needs of the house. */
export interface MediaParts extends CellsSight {
  group: Group;
  /** The one that this machine's recordings lie on. */
  disk: Disk;
  /** What relays write: those of this machine, and an intake of another host. */
  written: { here: Written; elsewhere(intake: string, host: string): Written };
  gate: Gate;
  secrets: Secrets;
  launchers: Launchers;
  /** Whether the configuration lists a relay as it stands now. */
  lists(relay: string): boolean;
  log: Logger;
  /** A destination of the configuration as it stands now. */
  destination(name: string): Destination | undefined;
  /** How many adaptive peers there may be, and where viewers reach them, as the configuration stands now. */
  adaptive: { bounds(): PeerBounds; reach(): Reach };
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
  /** By how much its pictures come late just now. */
  lateMs(camera: string): number | undefined;
  /** Takes publishers for the cameras that say so, and forgets the pictures and figures of those that are no more. */
  setCameras(cameras: ReadonlyMap<string, Pick<CameraSettings, 'sources'>>): void;
  /** Learns which intake pulls which camera from what a former gateway left there. */
  takeUp(): Promise<void>;
  /** Whether what is made on a relay's host goes on through it to other relays. */
  feedsOthers(relay: string): Promise<boolean>;
  /** An intake is lost: its cameras are pulled by others from now on. */
  leaveIntake(relay: string): Left;
  /** An intake shall be empty: others pull its cameras, and the pictures go along. */
  emptyIntake(relay: string): Promise<Emptied>;
  /** Cells of another gateway come here: what it wrote to the relays is found as it stands, and left untouched. */
  expectCells(): Promise<void>;
  /**
   * All cells are known: deletes what former gateways left at the relays and no cell holds, and sends no program any more
   * where a relay was taken out.
   * @param elsewhere cells that are another gateway's to care for
   */
  sweep(elsewhere: (kind: 'camera' | 'broadcast', id: string) => boolean): void;
  close(): void;
}

/** What a relay calls the source of a path that it is fed with over a socket. */
const FED_PATH = 'mpegtsSource';

/** Makes the adapters. One intake pulls each camera; every delivery relay has every program, or pulls it on demand. */
export function openMedia(parts: MediaParts): Media {
  const { group, disk, written, gate, launchers, relay, lists, log, epoch } = parts;
  const relays = relayReaches(group);
  const reaches = new Map(relays.map((reach) => [reach.id, reach]));
  const deliveries = relays.filter(({ role }) => role === 'delivery').map(({ id }) => id);
  /** What works with files of this machine, and hands over through its sockets, needs a relay that runs here. */
  const isHere = ({ host }: RelayReach) => host === undefined || host === group.cluster?.host;
  const isThere = (id: string) => {
    const cell = relay(id);
    return cell ? !cell.tags.includes('over') : lists(id);
  };
  const recordsAt = (reach: RelayReach) => (reach.role === 'intake' && isHere(reach) ? disk : undefined);
  const writings = new Map(
    relays.map((reach) => [
      reach.id,
      isHere(reach) || reach.host === undefined ? written.here : written.elsewhere(reach.id, reach.host),
    ]),
  );
  const clients = openRelayClients(relays, gate, recordsAt, parts.onRelayCall);
  wantOwnPaths(relays, clients, log);

  const address = relayAddresses(gate, group.http.publicHost);
  const programAt = (relay: string, camera: string) => address(known(reaches, relay), 'read', camera);
  const incoming = openIncoming({
    ...{ reaches, clients, relay, lists, isThere, epoch, log },
    host: group.cluster?.host,
    login: parts.secrets.login,
    onMoved: (camera) => programs.renew(camera),
  });
  const { intakes } = incoming;
  // Ladders and sounds hand their streams to one relay, and the others fetch them there.
  const feedsOthers = async (relay: string) =>
    (await clients.api(relay).paths()).some(({ source }) => source?.type === FED_PATH);
  const programs = openPrograms({
    ...{ launchers, reaches, address, isThere, feedsOthers, epoch, log },
    state: group.state,
    intakeOf: intakes.of,
    paths: clients.paths,
    publicHost: group.http.publicHost,
    ...{ upstreamOf: parts.upstreamOf, caresFor: parts.caresFor },
    ...{ codecOf: parts.codecOf, departed: parts.departed },
  });
  const hlsFolder = path.join(group.state, 'hls');
  const derived = derivedStreams({
    ...{ reaches, clients, address, isHere, isThere, hlsFolder, log },
    sockets: group.links.switchers,
    departures: programs.departures,
    gives: programs.giveRungs,
    yields: parts.yields,
  });
  const signalling = openSignalling({
    ...{ reaches, clients, gate, programAt, log },
    socket: peersSocket(group.links.switchers),
    isOnly: group.cluster === undefined,
    sessions: parts.sessions,
    ...parts.adaptive,
  });
  const lowLatency = hlsMediamtx(
    (relay) => reaches.get(relay)?.hls,
    () => readFileSync(group.lowLatency.secretFile, 'utf8').trim(),
  );
  const alarm = alarmOn(systemClock);
  return {
    cameraSlots: {
      probe: createRtspProbe({ credential: parts.secrets.login }),
      intake: incoming.slot,
      ...programs.slots,
      alarm,
    },
    viewerSlots: {
      seat: seatEverywhere(deliveries, seatMediamtx(clients.api), signalling.seat),
      alarm,
    },
    relaySlots: relaySlots({ node: group.node, gate, launchers, reaches, clients }),
    renditionSlots: { measure: programs.measure, ladder: derived.ladder, alarm },
    soundSlots: { opus: derived.opus, alarm },
    recordingSlots: {
      record: recorderMediamtx({
        record: incoming.recording.record,
        forget: incoming.recording.forgetRecord,
        writtenOf: (camera) => known(writings, incoming.intakes.of(camera)),
        now: () => performance.now(),
      }),
    },
    broadcastSlots: {
      push: inGroup(
        reaches,
        pushMediamtx({
          pathsOf: clients.paths,
          apiOf: clients.api,
          programUrl: programAt,
          destination: parts.destination,
          nameOf: parts.nameOf,
          encodersAt(relay) {
            const { embedded, host } = known(reaches, relay);
            return embedded ? launchers.of(host).encoders : undefined;
          },
        }),
        ({ relay }) => ({ type: 'push.refused', relay, detail: `${relay} is none of the relays that run` }),
      ),
      alarm,
    },
    hlsFolder,
    lowLatency,
    departures: programs.departures,
    whep: signalling.whep,
    whip: signalling.whip,
    adaptive: signalling.adaptive,
    ...clientAddresses(relays),
    watchEgress: (wanted, tell) =>
      watchEgress(
        deliveries.map(clients.api),
        (path) => (PUSH_PATHS.test(path) ? broadcastOfPath(path) : undefined),
        wanted,
        tell,
      ),
    intakeApis: incoming.apis,
    intakes,
    followPublisher: incoming.handOver.follow,
    poster: programs.poster,
    rates: programs.rates,
    lateMs: programs.lateMs,
    setCameras(cameras) {
      incoming.takePublishers(cameras);
      programs.setCameras(cameras);
    },
    takeUp: incoming.takeUp,
    feedsOthers,
    leaveIntake: intakes.leave,
    emptyIntake: incoming.handOver.empty,
    expectCells: incoming.expectCells,
    sweep(elsewhere) {
      programs.attendRelays();
      sweepLeftovers({ group, clients, launchers, log }, elsewhere);
    },
    close() {
      programs.close();
      signalling.close();
      lowLatency.close();
      clients.close();
    },
  };
}

/** Every delivery relay that does not pull takes programs; one that somebody else runs has no paths of ours in its file. */
function wantOwnPaths(relays: readonly RelayReach[], clients: RelayClients, log: Logger): void {
  for (const { id, role, pull, embedded } of relays) {
    const refused = (detail: string) => log.error({ relay: id, detail }, 'a relay refuses the paths that it needs');
    if (role === 'delivery' && !pull) wantPrograms(clients.paths(id), refused);
    if (!embedded) clients.paths(id).want(PULSE_PATHS, PROGRAM_PATH, refused);
  }
}

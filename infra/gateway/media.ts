import path from 'node:path';
import type { Logger } from 'pino';
import { alarmOn } from '../../adapters/alarm.ts';
import { systemClock } from '../../adapters/clock.ts';
import { createEyes, type Poster } from '../../adapters/eye.ffmpeg.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { healthMediamtx } from '../../adapters/health.mediamtx.ts';
import { INTAKE_PATHS, intakeMediamtx, intakePath } from '../../adapters/intake.mediamtx.ts';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import { type RelayPaths, relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { type Mediamtx, mediamtx } from '../../adapters/mediamtx.ts';
import { createRtspProbe } from '../../adapters/probe.rtsp.ts';
import { createProgramSwitchers } from '../../adapters/program.switcher.ts';
import { provisionMediamtx, wantPrograms } from '../../adapters/provision.mediamtx.ts';
import { seatEverywhere, seatMediamtx } from '../../adapters/seat.mediamtx.ts';
import type { Secrets } from '../../adapters/secrets.files.ts';
import { whepMediamtx } from '../../adapters/whep.mediamtx.ts';
import type { CameraSlots, RelaySlots, RenditionSlots, ViewerSlots } from '../../machines/slots.ts';
import { findProgram } from '../binaries.ts';
import type { Group, RelayPlace } from '../group.ts';
import type { Whep } from '../http/services.ts';
import type { LauncherLink } from './launcher-link.ts';

/** What the media plane needs of the house. */
export interface MediaParts {
  group: Group;
  gate: Gate;
  secrets: Secrets;
  launcher: LauncherLink;
  log: Logger;
  epoch(): number;
  /** Told of every call of a relay's control API. */
  onRelayCall(relay: string): void;
}

/** Every adapter of the media plane, fitted to this group. */
export interface Media {
  cameraSlots: CameraSlots;
  viewerSlots: ViewerSlots;
  relaySlots: RelaySlots;
  renditionSlots: RenditionSlots;
  /** Where ladders write HLS: one folder a camera. */
  hlsFolder: string;
  whep: Whep;
  /** Where a delivery relay offers RTSP. */
  rtspAt(relay: string): string | undefined;
  poster(camera: string): Poster | undefined;
  rates(camera: string): { bitrate_bps: number; fps: number } | undefined;
  /** Forgets the pictures and figures of cameras that are no more. */
  setCameras(cameras: readonly string[]): void;
  /** Deletes what former gateways left at the intakes and no cell holds. */
  sweep(): void;
  close(): void;
}

/** A relay token in an RTSP address lives this long; the switcher is given fresh ones every hour. */
const SWITCHER_TOKEN_S = 24 * 3600;
/** Measurements older than this say nothing about now. */
const RATES_FRESH_MS = 3_000;

const API_TOKEN_S = 600;
const LOOPBACK = '127.0.0.1';

/** Where the switcher reaches a relay's RTSP: an intake listens on loopback, a delivery relay where viewers come. */
function mediaHost({ role, host }: RelayPlace): string {
  if (role === 'intake' || host === '0.0.0.0' || host === '::') return LOOPBACK;
  return host.includes(':') ? `[${host}]` : host;
}

/** A token for the relays' control API, made anew before it ends. */
function apiToken(gate: Gate): () => string {
  let token = '';
  let staleAt = 0;
  return () => {
    if (performance.now() < staleAt) return token;
    staleAt = performance.now() + (API_TOKEN_S * 1000) / 2;
    token = gate.mintRelay('gateway', [{ action: 'api', path: '' }], API_TOKEN_S);
    return token;
  };
}

/** Makes the adapters. The first intake pulls every camera; every delivery relay carries every program. */
export function openMedia({ group, gate, secrets, launcher, log, epoch, onRelayCall }: MediaParts): Media {
  const apis = new Map<string, Mediamtx>();
  const paths = new Map<string, RelayPaths>();
  for (const { id, api } of group.relays) {
    const onCall = () => onRelayCall(id);
    const client = mediamtx({ relay: id, host: LOOPBACK, port: api, token: apiToken(gate), onCall });
    apis.set(id, client);
    paths.set(id, relayPaths(client));
  }
  const known = <T>(map: Map<string, T>, relay: string): T => {
    const found = map.get(relay);
    if (!found) throw new Error(`no relay ${relay} belongs to this group`);
    return found;
  };
  const withRole = (role: RelayPlace['role']) => group.relays.filter((relay) => relay.role === role);
  const intake = withRole('intake')[0];
  if (!intake) throw new Error('a group needs an intake relay: add one to `relays`');
  const deliveries = withRole('delivery');
  for (const { id } of deliveries) {
    wantPrograms(known(paths, id), (detail) => log.error({ relay: id, detail }, 'a relay refuses program paths'));
  }

  const token = (action: 'read' | 'publish', path: string) =>
    gate.mintRelay('switcher', [{ action, path }], SWITCHER_TOKEN_S);
  const rtsp = (place: RelayPlace, action: 'read' | 'publish', path: string) =>
    `rtsp://${mediaHost(place)}:${place.rtsp}/${path}?token=${token(action, path)}`;

  const rates = new Map<string, { bitrate_bps: number; fps: number; at: number }>();
  const eyes = createEyes({
    ffmpeg: findProgram('ffmpeg'),
    watch: (camera, wanted) => programs.watch(camera, wanted),
    trouble: (camera, detail) => log.warn({ camera, detail }, 'the eye’s decoder ended; another one takes over'),
  });
  const programs = createProgramSwitchers({
    folder: group.links.switchers,
    epoch,
    sourceUrl: (camera, source) => rtsp(intake, 'read', intakePath(camera, source)),
    outputs: (camera) => deliveries.map((relay) => ({ relay: relay.id, url: rtsp(relay, 'publish', camera) })),
    ensureSwitchers: launcher.ensureSwitchers,
    onKeyframe: eyes.look,
    onRates(items) {
      const at = performance.now();
      for (const { camera, bitrate_bps, fps } of items) rates.set(camera, { bitrate_bps, fps, at });
      eyes.weigh(items);
    },
  });

  const hlsFolder = path.join(group.state, 'hls');
  const ladders = createLadders({
    ffmpeg: findProgram('ffmpeg'),
    relays: deliveries.map((place) => ({
      paths: known(paths, place.id),
      programUrl: (camera) => rtsp(place, 'read', camera),
    })),
    folder: hlsFolder,
    sockets: path.join(group.links.switchers, 'rungs'),
  });

  const alarm = alarmOn(systemClock);
  return {
    cameraSlots: {
      probe: createRtspProbe({ credential: secrets.login }),
      intake: intakeMediamtx({ pathsOf: () => known(paths, intake.id), login: secrets.login }),
      program: programs.slot,
      eye: eyes.slot,
      alarm,
    },
    viewerSlots: {
      seat: seatEverywhere(
        deliveries.map(({ id }) => id),
        seatMediamtx((relay) => known(apis, relay)),
      ),
      alarm,
    },
    relaySlots: {
      health: healthMediamtx({
        apiOf: (relay) => known(apis, relay),
        onProcess: (relay, hear) =>
          launcher.onProcess(({ name, what, detail }) => {
            if (name === `relay:${relay}`) hear({ type: what, text: detail });
          }),
      }),
      provision: provisionMediamtx((relay) => known(paths, relay)),
      alarm,
    },
    renditionSlots: { ...ladders, alarm },
    hlsFolder,
    whep: whepMediamtx((relay) => {
      const place = group.relays.find(({ id }) => id === relay);
      return place && { host: LOOPBACK, port: place.whep };
    }),
    rtspAt(relay) {
      const place = deliveries.find(({ id }) => id === relay);
      return place && `${place.host}:${place.rtsp}`;
    },
    poster: eyes.poster,
    rates(camera) {
      const measured = rates.get(camera);
      if (!measured || performance.now() - measured.at >= RATES_FRESH_MS) return undefined;
      return { bitrate_bps: measured.bitrate_bps, fps: measured.fps };
    },
    setCameras(cameras) {
      const present = new Set(cameras);
      for (const camera of rates.keys()) {
        if (present.has(camera)) continue;
        rates.delete(camera);
        eyes.forget(camera);
      }
    },
    sweep() {
      for (const { id } of withRole('intake')) {
        known(paths, id)
          .sweep(INTAKE_PATHS)
          .then((swept) => swept.length > 0 && log.info({ relay: id, swept }, 'paths that nobody holds are gone'))
          .catch((err) =>
            log.warn({ relay: id, err }, 'leftover paths could not be looked for; a restart clears them'),
          );
      }
    },
    close() {
      programs.close();
      eyes.close();
      for (const one of paths.values()) one.close();
    },
  };
}

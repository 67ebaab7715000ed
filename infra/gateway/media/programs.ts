import path from 'node:path';
import type { Logger } from 'pino';
import type { Departed, Departures } from '../../../adapters/departures.switcher.ts';
import { createEyes, type Poster } from '../../../adapters/eye.ffmpeg.ts';
import { intakePath } from '../../../adapters/intake.mediamtx.ts';
import { rungPath } from '../../../adapters/ladder.ffmpeg.ts';
import { rtspAddress } from '../../../adapters/mediamtx/exchange.ts';
import { createProgramSwitchers } from '../../../adapters/program.switcher.ts';
import { createSlates } from '../../../adapters/slate.ffmpeg.ts';
import type { CameraSlots, RenditionSlots } from '../../../machines/slots.ts';
import { findProgram } from '../../binaries.ts';
import { type Launchers, switcherHost } from '../launchers.ts';
import { knowProgramRelays, type ProgramRelaysParts } from './program-relays.ts';
import { keepPulledPrograms, type PulledProgramsParts } from './pulled-programs.ts';
import type { RelayAddress } from './relay-address.ts';
import { known, type RelayClients } from './relay-clients.ts';
import { type RelayReach, rtspFrom } from './relay-reach.ts';

/** What carrying programs needs. */
export interface ProgramsParts
  extends Pick<ProgramRelaysParts<RelayReach>, 'isThere' | 'feedsOthers'>,
    Pick<PulledProgramsParts, 'upstreamOf' | 'caresFor'> {
  /** The data folder. */
  state: string;
  launchers: Launchers;
  paths: RelayClients['paths'];
  reaches: ReadonlyMap<string, RelayReach>;
  address: RelayAddress;
  /** The name under which viewers reach this machine. */
  publicHost: string | undefined;
  /** The intake that pulls a camera. */
  intakeOf(camera: string): string;
  /** The fencing token for a camera's orders. */
  epoch(camera: string): number;
  /** The codec that a camera sent last. */
  codecOf(camera: string): string | undefined;
  /** Who is on departure paths of a camera. */
  departed(camera: string): readonly Departed[];
  log: Logger;
}

/** The programs of all cameras: the switchers that carry them, the slates that they hold on, the eyes that look at them. */
export interface Programs {
  slots: Pick<CameraSlots, 'program' | 'selection' | 'eye'>;
  measure: RenditionSlots['measure'];
  departures: Departures;
  /** A relay has these rungs of a camera from now on: who must go down begins with their stored pictures. */
  giveRungs(camera: string, relay: string, rungs: readonly string[]): void;
  poster(camera: string): Poster | undefined;
  /** What a camera's program carries now; undefined when nobody measured it lately. */
  rates(camera: string): { bitrate_bps: number; fps: number } | undefined;
  /** By how much a camera's pictures come late just now; undefined while they come in time. */
  lateMs(camera: string): number | undefined;
  /** A camera's addresses have changed: its order is given again. */
  renew(camera: string): void;
  /** The cells of all relays are known: those that were taken out get no program any more. */
  attendRelays(): void;
  /** There are these cameras from now on: lets go of the pictures and figures of all others. */
  setCameras(cameras: ReadonlyMap<string, unknown>): void;
  close(): void;
}

/** Measurements older than this say nothing about now. */
const RATES_FRESH_MS = 3_000;
/** What comes late is told of several times a second: after this long it has caught up. */
const DELAY_FRESH_MS = 1_000;

/** Makes the adapters; every delivery relay gets every program, but for those that pull them, and one that was taken out. */
export function openPrograms(parts: ProgramsParts): Programs {
  const { state, launchers, reaches, address, intakeOf, epoch, codecOf, departed, isThere, feedsOthers, log } = parts;
  const ffmpeg = findProgram('ffmpeg');
  const deliveries = [...reaches.values()].filter(({ role }) => role === 'delivery');
  const pulled = keepPulledPrograms({
    pullers: deliveries.filter(({ pull }) => pull).map(({ id }) => id),
    paths: parts.paths,
    ...{ upstreamOf: parts.upstreamOf, caresFor: parts.caresFor },
    programAt: (upstream, camera, puller) => address(known(reaches, upstream), 'read', camera, known(reaches, puller)),
    serverAt: (upstream, puller) =>
      rtspAddress(rtspFrom(known(reaches, puller), known(reaches, upstream), parts.publicHost), ''),
    changed: () => switchers.renewAll(),
    refused: (relay, detail) => log.error({ relay, detail }, 'a relay refuses the program that it is to pull'),
  });
  const relays = knowProgramRelays({
    deliveries: deliveries.filter(({ pull }) => !pull),
    launcherOf: launchers.of,
    ...{ isThere, feedsOthers },
    changed: () => switchers.renewAll(),
  });
  const rungs = new Map<string, { relay: string; names: readonly string[] }>();
  const rates = new Map<string, { bitrate_bps: number; fps: number; at: number }>();
  const delays = new Map<string, { lateMs: number; at: number }>();
  const eyes = createEyes({
    ffmpeg,
    watch: (camera, wanted) => switchers.watch(camera, wanted),
    trouble: (camera, detail) => log.warn({ camera, detail }, 'the eye’s decoder ended; another one takes over'),
  });
  const slates = createSlates({
    ffmpeg,
    folder: path.join(state, 'slates'),
    trouble: (name, codec, detail) => log.warn({ name, codec, detail }, 'no slate for this camera; it holds without'),
  });
  const switchers = createProgramSwitchers({
    hosts: launchers.switchers,
    hostOf: (camera) => switcherHost(reaches.get(intakeOf(camera))?.host),
    epoch,
    sourceUrl: (camera, source) => address(known(reaches, intakeOf(camera)), 'read', intakePath(camera, source)),
    outputs: (camera) => relays.now().map((relay) => ({ relay: relay.id, url: address(relay, 'publish', camera) })),
    rungs(camera) {
      const { relay = '', names = [] } = rungs.get(camera) ?? {};
      return names.map((name) => ({ name, url: address(known(reaches, relay), 'read', rungPath(camera, name)) }));
    },
    pulling: pulled.now,
    departureUrl: (relay, path) => address(known(reaches, relay), 'publish', path),
    departed,
    slate: slates.clip,
    codecOf,
    remark: (camera, detail) => log.info({ camera, detail }, 'a remark of the switcher'),
    onKeyframe: eyes.look,
    onRates(items) {
      const at = performance.now();
      for (const { camera, bitrate_bps, fps } of items) rates.set(camera, { bitrate_bps, fps, at });
      eyes.weigh(items);
    },
    onDelay: (camera, lateMs) => void delays.set(camera, { lateMs, at: performance.now() }),
  });
  return {
    slots: { program: switchers.slot, selection: switchers.selection, eye: eyes.slot },
    measure: switchers.measure,
    departures: switchers.departures,
    giveRungs(camera, relay, names) {
      if (names.length > 0) rungs.set(camera, { relay, names });
      else rungs.delete(camera);
      switchers.renew(camera);
    },
    poster: eyes.poster,
    rates(camera) {
      const measured = rates.get(camera);
      if (!measured || performance.now() - measured.at >= RATES_FRESH_MS) return undefined;
      return { bitrate_bps: measured.bitrate_bps, fps: measured.fps };
    },
    lateMs(camera) {
      const { lateMs, at = 0 } = delays.get(camera) ?? {};
      return performance.now() - at < DELAY_FRESH_MS ? lateMs : undefined;
    },
    renew: switchers.renew,
    attendRelays: relays.attend,
    setCameras(cameras) {
      pulled.setCameras(cameras.keys());
      for (const camera of rates.keys()) {
        if (cameras.has(camera)) continue;
        rates.delete(camera);
        delays.delete(camera);
        eyes.forget(camera);
      }
    },
    close() {
      relays.close();
      pulled.close();
      switchers.close();
      eyes.close();
    },
  };
}

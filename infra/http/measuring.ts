import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { Id } from '../../bus/identity.ts';
import {
  type Crossing,
  type Excused,
  freshPath,
  type PathQuality,
  type Sample,
  takeSample,
} from '../../machines/policy/quality.ts';
import type { Connection } from './connections.ts';
import { legKnown } from './legs.ts';
import type { Figures } from './messages.ts';
import { adaptiveOf, ladderLateMs, type RungAt, rungsOfSession } from './rungs.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { viewerOf } from './views.ts';

/** Takes what one player measures: kept as figures, and told to its session where it changes a verdict on the network. */
export interface Measuring {
  /** @param figures of one leg, as the player says them */
  take(connection: Connection, figures: Figures): Promise<void>;
  /** A leg is closed: another of its name begins anew. */
  forget(leg: string): void;
}

/** Measurements beyond this are a broken clock, not a picture. */
export const LONGEST_MS = 60_000;

/** Who could not leave a rung that comes late is told again after this long. */
const LATE_AGAIN_MS = 5_000;

/** What of a player's figures speaks of its network, and what is known of its camera. @param queue whether a queue does */
function sampleOf(
  services: Pick<HttpServices, 'rates' | 'lateMs'>,
  { camera }: Pick<Connection, 'camera'>,
  { fps, received_fps, loss, freezes, kbps, queue_ms, busy_ms }: Omit<Figures, 'type'>,
  at: number,
  queue: boolean,
): Sample {
  const cameraFps = services.rates(camera)?.fps;
  const cameraLateMs = services.lateMs(camera);
  return {
    at,
    ...(fps === undefined ? {} : { fps }),
    ...(received_fps === undefined ? {} : { receivedFps: received_fps }),
    ...(loss === undefined ? {} : { loss }),
    ...(freezes === undefined ? {} : { freezes }),
    ...(kbps === undefined ? {} : { kbps }),
    ...(queue_ms === undefined || !queue ? {} : { queueMs: queue_ms }),
    ...(busy_ms === undefined ? {} : { busyMs: busy_ms }),
    ...(cameraFps === undefined ? {} : { cameraFps }),
    ...(cameraLateMs === undefined ? {} : { cameraLateMs }),
  };
}

/** Rungs as a session is told of them. */
const stepsOf = (rungs: readonly RungAt[]) =>
  rungs.map(({ name, bitrate_bps, ladder, adaptive, late_ms }) => ({
    ...{ name, bitrate_bps },
    ...(ladder || adaptive ? {} : { own: true }),
    ...(adaptive ? { adaptive } : {}),
    ...(late_ms === undefined ? {} : { late_ms }),
  }));

/** @param verdictTold its session has heard, and may have somewhere to go */
export function keepMeasuring(services: HttpServices, shared: Shared, verdictTold: () => void): Measuring {
  const { cells, metrics } = services;
  const paths = new Map<string, PathQuality>();
  /** Whether its session was last told that its path is bad; it may have gone on to another leg since. */
  let degraded = false;
  /** When each leg was last told that what it shows comes late (epoch ms). */
  const lateTold = new Map<string, number>();

  /** What the network carries by the estimate of who sends; relays that only forward estimate nothing. */
  const availableTo = (view: CellView | undefined, leg: string): { available_kbps?: number } => {
    const peer = view && viewerOf(view).legs[leg]?.relay_session;
    const available_kbps = peer === undefined ? undefined : services.adaptive?.estimateKbps(peer);
    return available_kbps === undefined ? {} : { available_kbps };
  };
  /** That nothing is done about figures that look bad is told with the reason. */
  const hearExcused = async (session: Id, leg: string, excused: Excused): Promise<void> => {
    await cells.offer({ kind: 'viewer', id: session }, { ...excused, leg });
  };
  /** That all is well is news only for whom something was not, or could be better. */
  const hearVerdict = async (session: Id, leg: string, camera: CellView, crossing: Crossing): Promise<void> => {
    const at = { kind: 'viewer' as const, id: session };
    const view = cells.view(at);
    const rungs = rungsOfSession(services, camera, view);
    const isBest = view !== undefined && viewerOf(view).quality === rungs[0].name;
    if (crossing.type === 'path.recovered' && isBest && !degraded) return;
    degraded = crossing.type === 'path.degraded';
    const heard = cells.offer(at, { ...crossing, leg, rungs: stepsOf(rungs), ...availableTo(view, leg) });
    verdictTold();
    await heard;
  };
  /** Whoever watches a rung whose encoder does not keep up is told, unless somebody chose it. */
  const hearLate = async (session: Id, leg: string, camera: CellView, at: number): Promise<void> => {
    const view = cells.view({ kind: 'viewer', id: session });
    if (view?.state !== 'watching' || viewerOf(view).fixed) return;
    const late_ms = ladderLateMs(services, camera.id);
    if (late_ms === undefined || at - (lateTold.get(leg) ?? 0) < LATE_AGAIN_MS) return;
    lateTold.set(leg, at);
    const event = { type: 'rung.late', leg, late_ms, rungs: stepsOf(rungsOfSession(services, camera, view)) };
    const heard = cells.offer({ kind: 'viewer', id: session }, event);
    verdictTold();
    await heard;
  };

  return {
    async take(connection, { type: _type, ...figures }) {
      const { leg, fps, latency_ms } = figures;
      const at = systemClock.now();
      connection.figures = { ...figures, at };
      shared.witness(connection.session, leg, fps);
      const { glassToGlass } = metrics;
      if (latency_ms !== undefined && latency_ms < LONGEST_MS) glassToGlass.observe(latency_ms / 1000);
      const camera = cells.view({ kind: 'camera', id: connection.camera });
      const { path: carriedBy = '', ladder = false } = legKnown(services, connection.session, leg) ?? {};
      // While the camera itself is dark, or this viewer is sent more than was promised, missing frames say nothing about
      // the network.
      if (!camera?.tags.includes('watchable') || services.departures?.lacksRung(connection.camera, carriedBy)) {
        paths.delete(leg);
        return;
      }
      const path = paths.get(leg) ?? freshPath();
      paths.set(leg, path);
      // An adaptive peer's own congestion control answers a queue, and tries by one how much more there is. What a
      // ladder makes comes later and later, too, where its encoder falls behind; then no packet is missing.
      const isQueue = adaptiveOf(carriedBy) === undefined && (!ladder || (figures.loss ?? 0) > 0);
      const crossing = takeSample(path, sampleOf(services, connection, figures, at, isQueue));
      if (crossing?.type === 'path.excused') await hearExcused(connection.session, leg, crossing);
      else if (crossing) await hearVerdict(connection.session, leg, camera, crossing);
      if (ladder) await hearLate(connection.session, leg, camera, at);
    },
    forget(leg) {
      paths.delete(leg);
      lateTold.delete(leg);
    },
  };
}

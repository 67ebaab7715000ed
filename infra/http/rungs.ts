import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import { rungPath } from '../../adapters/ladder.ffmpeg.ts';
import type { Id } from '../../bus/identity.ts';
import { activeStanding } from '../../machines/camera/context.ts';
import type { Step } from '../../machines/policy/adaptation.ts';
import { latelyMs, lateNowMs } from '../../machines/policy/lateness.ts';
import type { HttpServices } from './services.ts';
import { cameraOf, renditionOf, viewerOf } from './views.ts';

/** A rung as viewers over WebRTC find it at the relays. */
export interface RungAt extends Step {
  path: string;
  /** Made by the camera's ladder; otherwise it is the camera's own picture. */
  ladder: boolean;
}

/** The rung that is encoded for one viewer alone, as its network allows, in VP8. */
export const ADAPTIVE = 'adaptive';
/** What it takes of an ordinary network; of a thin one it takes what there is. */
const ADAPTIVE_BPS = 600_000;
const ADAPTIVE_END = `/${ADAPTIVE}`;

/** The camera whose adaptive rung a path is; undefined for every other path. No relay has such a path. */
export const adaptiveOf = (path: string): string | undefined =>
  path.endsWith(ADAPTIVE_END) ? path.slice(0, -ADAPTIVE_END.length) : undefined;

/** Without a measurement: what a top rung is made for. */
export const ASSUMED_BPS = 2_000_000;

type Sees = Pick<HttpServices, 'cells' | 'rates' | 'adaptive'>;

/** The last resort, where this installation has one. */
function adaptiveRung({ adaptive }: Sees, camera: Id): RungAt[] {
  if (!adaptive?.isOffered()) return [];
  const path = `${camera}${ADAPTIVE_END}`;
  return [{ name: ADAPTIVE, bitrate_bps: ADAPTIVE_BPS, path, ladder: false, adaptive: true }];
}

/** The rungs below a picture of this height that a camera's ladder makes, or would make. */
function ladderOf({ cells }: Sees, camera: CellView, height: number | undefined): RungAt[] {
  const rendition = cells.view({ kind: 'rendition', id: camera.id });
  if (!rendition || height === undefined) return [];
  const { rungs, wanted, late } = renditionOf(rendition);
  const late_ms = latelyMs(late, systemClock.now());
  return (rungs.length > 0 ? rungs : wanted)
    .filter((rung) => rung.height < height)
    .map(({ name, bitrate_bps }) => ({
      ...{ name, bitrate_bps, path: rungPath(camera.id, name), ladder: true },
      ...(late_ms === undefined ? {} : { late_ms }),
    }));
}

/**
 * The qualities that a camera can be watched in over WebRTC, best first: its own picture, the rungs below, and what is
 * encoded for one viewer alone. Those whose encoder is late, or was within the last minute, say so: nobody is led there by
 * what his network shows. Who chose one gets it, and keeps it: late may be better than large for him. So does who must
 * have one for want of bandwidth at his relay.
 */
export function rungsOf(services: Sees, camera: CellView): [RungAt, ...RungAt[]] {
  const height = activeStanding(cameraOf(camera))?.height;
  const bitrate_bps = services.rates(camera.id)?.bitrate_bps ?? ASSUMED_BPS;
  const own = { name: height ? `${height}p` : 'source', bitrate_bps, path: camera.id, ladder: false };
  return [own, ...ladderOf(services, camera, height), ...adaptiveRung(services, camera.id)];
}

/** By how much what a camera's ladder makes comes late just now; undefined where it comes in time. */
export function ladderLateMs({ cells }: Pick<Sees, 'cells'>, camera: Id): number | undefined {
  const rendition = cells.view({ kind: 'rendition', id: camera });
  return rendition && lateNowMs(renditionOf(rendition).late, systemClock.now());
}

/** The rung to give to someone who asked for one: that one if there is, else the best. */
export function rungFor(services: Sees, camera: CellView, wanted: string | undefined): RungAt {
  const rungs = rungsOf(services, camera);
  return rungs.find(({ name }) => name === wanted) ?? rungs[0];
}

/** The rung that a session is in: the camera's own is what it is now, every other one stays the same. */
export function rungOfSession(services: Sees, camera: CellView, session: CellView): RungAt {
  const { quality, ladder } = viewerOf(session);
  return rungFor(services, camera, ladder || quality === ADAPTIVE ? quality : undefined);
}

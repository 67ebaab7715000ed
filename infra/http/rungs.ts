import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import { rungPath } from '../../adapters/ladder.ffmpeg.ts';
import type { Rung } from '../../bus/events/rendition.ts';
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

/** A camera's own picture where its size is unknown, or where a rung of its ladder has that size, too. */
const SOURCE = 'source';

/** Whether every browser takes it over WebRTC; what is not known yet nearly always is. */
const isTakenByAll = (codec: string | undefined): boolean => codec === undefined || codec === 'H264';

/** What a camera sends, as it comes. */
function ownRung({ rates }: Sees, camera: CellView): RungAt {
  const { codec, height } = activeStanding(cameraOf(camera)) ?? {};
  const name = height && isTakenByAll(codec) ? `${height}p` : SOURCE;
  const bitrate_bps = rates(camera.id)?.bitrate_bps ?? ASSUMED_BPS;
  return { name, bitrate_bps, path: camera.id, ladder: false };
}

/** The rungs beside a camera's own picture that its ladder makes, or would make: one of its size, too, where few take that. */
function ladderOf({ cells }: Sees, camera: CellView): RungAt[] {
  const rendition = cells.view({ kind: 'rendition', id: camera.id });
  const { codec, height } = activeStanding(cameraOf(camera)) ?? {};
  if (!rendition || (height === undefined && isTakenByAll(codec))) return [];
  const { rungs, wanted, late } = renditionOf(rendition);
  const late_ms = latelyMs(late, systemClock.now());
  return (rungs.length > 0 ? rungs : wanted)
    .filter((rung) => height === undefined || rung.height < height || (rung.height === height && !isTakenByAll(codec)))
    .map(({ name, bitrate_bps }) => ({
      ...{ name, bitrate_bps, path: rungPath(camera.id, name), ladder: true },
      ...(late_ms === undefined ? {} : { late_ms }),
    }));
}

/**
 * The qualities that a camera can be watched in over WebRTC, best first: its own picture, the rungs below, and what is
 * encoded for one viewer alone. H.265 is for whoever takes it; everybody else begins with the best rung. Those whose
 * encoder is late, or was within the last minute, say so: nobody is led there by what his network shows. Who chose one gets
 * it, and keeps it: late may be better than large for him. So does who must have one for want of bandwidth at his relay.
 * @param h265 whether who watches takes that
 */
export function rungsOf(services: Sees, camera: CellView, h265: boolean): [RungAt, ...RungAt[]] {
  const [best, ...others] = ladderOf(services, camera);
  const adaptive = adaptiveRung(services, camera.id);
  const isTaken = h265 || isTakenByAll(activeStanding(cameraOf(camera))?.codec);
  if (best && !isTaken) return [best, ...others, ...adaptive];
  return [ownRung(services, camera), ...(best ? [best] : []), ...others, ...adaptive];
}

/** Those that a session moves between. */
export const rungsOfSession = (
  services: Sees,
  camera: CellView,
  session: CellView | undefined,
): [RungAt, ...RungAt[]] => rungsOf(services, camera, session !== undefined && viewerOf(session).h265 === true);

/** What a camera's ladder is to be made of, best first; what is larger than the camera's picture is left out. */
export function ladderWanted({ cells }: Pick<Sees, 'cells'>, camera: Id): Rung[] {
  const rendition = cells.view({ kind: 'rendition', id: camera });
  return rendition ? renditionOf(rendition).wanted : [];
}

/** By how much what a camera's ladder makes comes late just now; undefined where it comes in time. */
export function ladderLateMs({ cells }: Pick<Sees, 'cells'>, camera: Id): number | undefined {
  const rendition = cells.view({ kind: 'rendition', id: camera });
  return rendition && lateNowMs(renditionOf(rendition).late, systemClock.now());
}

/** The rung to give to someone who asked for one: that one if there is, else the best. @param h265 whether he takes that */
export function rungFor(services: Sees, camera: CellView, wanted: string | undefined, h265: boolean): RungAt {
  const named = rungsOf(services, camera, true).find(({ name }) => name === wanted);
  return named ?? rungsOf(services, camera, h265)[0];
}

/** The rung that a session is in: the camera's own is what it is now, every other one stays the same. */
export function rungOfSession(services: Sees, camera: CellView, session: CellView): RungAt {
  const { quality, ladder, fixed, h265 = false } = viewerOf(session);
  const isNamed = ladder || quality === ADAPTIVE || (fixed && quality === SOURCE);
  return rungFor(services, camera, isNamed ? quality : undefined, h265);
}

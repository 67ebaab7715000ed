import type { Logger } from 'pino';
import type { Cells, CellView } from '../../../actors/cells.ts';
import { urgentCameras } from '../../../actors/emergency/running.ts';
import type { Roster } from '../../../actors/roster.ts';
import { type Departed, departuresOf } from '../../../adapters/departures.switcher.ts';
import { type Id, id } from '../../../bus/identity.ts';
import { activeStanding, type CameraContext } from '../../../machines/camera/context.ts';
import type { RelayContext } from '../../../machines/relay/context.ts';
import type { SeatReport } from '../../../machines/slots.ts';
import { isOpen, viewerOf } from '../../http/views.ts';
import type { Upstream } from './pulled-programs.ts';

/** What the media plane sees of the cells, as they stand whenever it looks. */
export interface CellsSight {
  /** How a relay stands; undefined before its cell lives. */
  relay(relay: string): CellView | undefined;
  /** From where a relay shall pull programs; undefined: from nowhere. */
  upstreamOf(relay: string): Upstream | undefined;
  /** Whether a relay's cell lives here. */
  caresFor(relay: string): boolean;
  /** The fencing token for a camera's orders. */
  epoch(camera: string): number;
  /** A camera as people call it. */
  nameOf(camera: string): string;
  /** The codec that a camera sent last. */
  codecOf(camera: string): string | undefined;
  /** Whether a camera's encoder lets others go first. */
  yields(camera: string): boolean;
  /** Who is on departure paths of a camera, wherever his session lives. */
  departed(camera: string): Departed[];
  /** Sessions, wherever their cells live. */
  sessions: { isOver(session: string): boolean; tell(session: string, event: SeatReport): void };
}

/** The legs of open sessions that are on departure paths of a camera. */
export function departedFrom(cells: Pick<Cells, 'list' | 'view'>, camera: string): Departed[] {
  const legsOf = (view: CellView | undefined) => (view && isOpen(view) ? Object.values(viewerOf(view).legs) : []);
  return cells
    .list('viewer')
    .filter((view) => viewerOf(view).camera === camera)
    .flatMap((session) =>
      legsOf(session)
        .filter(({ path }) => path.startsWith(departuresOf(camera)))
        .map(({ path, relay }) => ({
          ...{ path, relay },
          stays: () => legsOf(cells.view(session)).some((leg) => leg.path === path),
        })),
    );
}

/** Lets the media plane see the cells; they are made after it, as its adapters are in their slots. */
export function sightOf(
  population: () => { roster: Pick<Roster, 'epoch' | 'has'>; cells: Cells },
  log: Logger,
): CellsSight {
  const camera = (name: string) => population().cells.view({ kind: 'camera', id: name as Id });
  const viewer = (session: string) => ({ kind: 'viewer' as const, id: session as Id });
  return {
    relay: (name) => population().cells.view({ kind: 'relay', id: id(name) }),
    upstreamOf(name) {
      const view = population().cells.view({ kind: 'relay', id: id(name) });
      const { relay, since = 0 } = (view?.context as Partial<RelayContext> | undefined)?.upstream ?? {};
      return relay === undefined ? undefined : { relay, since };
    },
    caresFor: (name) => population().roster.has({ kind: 'relay', id: id(name) }),
    epoch: (name) => population().roster.epoch({ kind: 'camera', id: name as Id }),
    nameOf: (name) => String((camera(name)?.context.settings as { name?: string })?.name ?? name),
    codecOf(name) {
      const view = camera(name);
      return view && activeStanding(view.context as unknown as CameraContext)?.codec;
    },
    yields(name) {
      const urgent = urgentCameras(population().cells);
      return urgent.size > 0 && !urgent.has(name);
    },
    departed: (name) => departedFrom(population().cells, name),
    sessions: {
      isOver: (session) => population().cells.view(viewer(session))?.tags.includes('over') === true,
      tell(session, event) {
        population()
          .cells.offer(viewer(session), event)
          .catch((err) => {
            log.info({ err, session, event: event.type }, 'a session did not hear of its adaptive peer');
          });
      },
    },
  };
}

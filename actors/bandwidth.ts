import type { Why } from '../bus/events/why.ts';
import type { Id } from '../bus/identity.ts';
import type { Step } from '../machines/policy/adaptation.ts';
import { type Allotment, shareOutBandwidth, type Taker } from '../machines/policy/bandwidth.ts';
import type { ViewerContext } from '../machines/viewer/context.ts';
import { CellDown, type Cells, type CellView, NoSuchCell } from './cells.ts';
import { urgentCameras } from './emergency/running.ts';
import type { Roster } from './roster.ts';

/** What a relay was measured to send, in bits a second; `at` is monotonic ms. */
export interface Sent {
  relay: string;
  at: number;
  viewers: ReadonlyMap<string, number>;
  broadcasts: ReadonlyMap<string, number>;
}

/** What sharing out bandwidth needs of the house. */
export interface BandwidthHouse {
  /** The cells that live here: each gateway has its own step down. */
  roster: Roster;
  cells: Cells;
  /** What one delivery relay may send; undefined: as much as it can. */
  limitBps(): number | undefined;
  /** The qualities of a camera, best first. */
  stepsOf(camera: Id): readonly Step[];
  onFault(error: Error): void;
}

/** Bandwidth as it is being shared out. */
export interface BandwidthShares {
  /** Whether measurements are wanted: there is a limit, or somebody still gives way to one that was taken away. */
  isWanted(): boolean;
  hear(sent: Sent): void;
  /** Why a relay takes nobody new who is not in an emergency; undefined while it does. */
  shortOn(relay: string): Why | undefined;
}

/** What was ordered shows in the measurements after this long. */
const SETTLE_MS = 5_000;
/** Whoever comes needs some room. */
const FULL_SHARE = 0.9;
/** A push that has nothing to be measured by, as it waits, is taken for one of this rate. */
const USUAL_PUSH_BPS = 2_000_000;
/** Without a limit everybody has their best. */
const UNLIMITED_BPS = Number.MAX_SAFE_INTEGER;

const viewerOf = (view: CellView): ViewerContext => view.context as unknown as ViewerContext;

/** Has viewers step down, and pushes and viewers wait, where a relay sends more than it may: those in an emergency last. */
export function shareBandwidth({ roster, cells, limitBps, stepsOf, onFault }: BandwidthHouse): BandwidthShares {
  const short = new Map<string, Why>();
  const orderedAt = new Map<string, number>();
  /** What a push was measured to take, before it waited. */
  const pushBps = new Map<string, number>();

  /** A viewer as it stands: from the best that it had before it stepped down. */
  const viewerTaker = (view: CellView, bps: number, urgent: ReadonlySet<string>): Taker => {
    const { camera, quality, protocol, ceiling, why } = viewerOf(view);
    const all = stepsOf(camera as Id);
    const best = all.findIndex(({ name }) => name === (ceiling?.from ?? quality));
    // Only our player, over WebRTC, goes from rung to rung when it is told.
    const moves = protocol === 'webrtc' && best >= 0 && why.reason !== 'rung-not-had';
    const measured = { name: quality, bitrate_bps: bps };
    const steps = moves ? all.slice(best).map((step) => (step.name === quality ? measured : step)) : [measured];
    return { id: view.id, kind: 'viewer', urgent: urgent.has(camera), steps, present: quality };
  };
  const pushTaker = ({ id, tags, context }: CellView, bps: number | undefined, urgent: ReadonlySet<string>): Taker => {
    if (bps !== undefined && tags.includes('on-air')) pushBps.set(id, bps);
    const steps = [{ name: 'push', bitrate_bps: bps || (pushBps.get(id) ?? USUAL_PUSH_BPS) }];
    const waits = tags.includes('held');
    const taker = { id, kind: 'broadcast' as const, urgent: urgent.has(String(context.camera)), steps };
    return waits ? taker : { ...taker, present: 'push' };
  };
  const takersOn = ({ relay, viewers, broadcasts }: Sent): Taker[] => {
    const urgent = urgentCameras(cells);
    return [
      ...cells.list('viewer').flatMap((view) => {
        const bps = viewers.get(view.id);
        return bps === undefined || !view.tags.includes('open') ? [] : [viewerTaker(view, bps, urgent)];
      }),
      ...cells
        .list('broadcast')
        .filter(({ tags, context }) => tags.includes('wanted') && context.relay === relay)
        .map((view) => pushTaker(view, broadcasts.get(view.id), urgent)),
    ];
  };

  const tell = (kind: 'viewer' | 'broadcast', id: Id, event: { type: string; [field: string]: unknown }) => {
    roster.offer({ kind, id }, event).catch((error) => {
      if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
    });
  };
  /** @returns whether anything was ordered */
  const order = ({ id: name, kind, present, steps }: Taker, { step, why }: Allotment): boolean => {
    const id = name as Id;
    if (!roster.has({ kind, id }) || step?.name === present) return false;
    if (kind === 'broadcast') tell(kind, id, step ? { type: 'broadcast.freed' } : { type: 'broadcast.held', why });
    else if (!step) tell(kind, id, { type: 'bandwidth.denied', why });
    else {
      const view = cells.view({ kind, id });
      const rungs = view ? stepsOf(viewerOf(view).camera as Id) : steps;
      const allotted = { rung: step.name, lifted: step === steps[0], rungs, ...(why ? { why } : {}) };
      tell(kind, id, { type: 'bandwidth.allotted', ...allotted });
    }
    return true;
  };

  return {
    isWanted: () =>
      limitBps() !== undefined ||
      roster.list('broadcast').some(({ tags }) => tags.includes('held')) ||
      roster.list('viewer').some((view) => view.tags.includes('open') && viewerOf(view).ceiling !== undefined),
    hear(sent) {
      const { relay, at } = sent;
      const limit = limitBps() ?? UNLIMITED_BPS;
      const takers = takersOn(sent);
      const given = shareOutBandwidth(takers, limit);
      const spent = takers.reduce((bps, { steps, present }) => {
        return bps + (steps.find(({ name }) => name === present)?.bitrate_bps ?? 0);
      }, 0);
      const lessened = [...given.values()].find(({ why }) => why !== undefined);
      if (lessened?.why || spent > limit * FULL_SHARE) {
        const text = `its relay may send ${limit / 1_000_000} Mb/s, and nothing of that is left`;
        const guard = { limit_bps: limit, sent_bps: Math.round(spent) };
        short.set(relay, { trigger: 'bandwidth', reason: 'no-bandwidth', text, guard });
      } else short.delete(relay);
      if (at - (orderedAt.get(relay) ?? Number.NEGATIVE_INFINITY) < SETTLE_MS) return;
      const ordered = takers.filter((taker) => order(taker, given.get(taker.id) ?? {}));
      if (ordered.length > 0) orderedAt.set(relay, at);
    },
    shortOn: (relay) => short.get(relay),
  };
}

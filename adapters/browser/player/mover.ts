import { createCooldown } from './cooldown.ts';
import type { Goal, Legs, Opening } from './legs.ts';
import { standsForAll } from './protocol.ts';
import type { Standby } from './signaller.ts';

/** A ready leg that has shown nothing after this long is opened anew. */
const READY_WITHIN_MS = 5_000;
/** And one that flowed, and has stopped for this long. */
const READY_SILENT_MS = 1_500;
/** Between two openings of a ready leg. */
const READY_AGAIN_MS = 1_000;
/** A token this close to its end is not used any more: it may end on its way. */
const MARGIN_MS = 1_000;

/** Moves a player's picture between relays: where the gateway says, or by itself where its standby lets it. */
export interface Mover {
  /** Where it may go without asking; undefined: nowhere now, and nothing is kept ready. */
  standby(standby: Standby | undefined): void;
  /** The picture comes from this relay now: it is no standby any more. */
  moved(relay: string): void;
  /** Goes where the gateway says. */
  order(leg: string, goal: Goal): void;
  /** What the gateway says of the camera. */
  camera(state: string): void;
  /** Keeps a second leg flowing, unseen, at the standby relay while `hot`, and only then. */
  keepReady(hot: boolean, atMs: number): void;
  /** The picture moves. */
  frame(): void;
  /** The picture stands: goes elsewhere by itself, unless it stands for all. */
  help(silentMs: number, atMs: number): void;
}

/** @param go opens a leg and offers it */
export function createMover(legs: Legs, go: (opening: Opening) => void): Mover {
  let standby: (Standby & { endsMs: number }) | undefined;
  let camera: string | undefined;
  let readiedMs = Number.NEGATIVE_INFINITY;
  const cooldown = createCooldown();
  const isFresh = (atMs: number): boolean => standby !== undefined && standby.endsMs - atMs > MARGIN_MS;

  return {
    standby(told) {
      standby = told && { ...told, endsMs: performance.now() + told.ttlMs };
      if (!standby) legs.dropReady();
    },
    moved(relay) {
      if (standby?.relay === relay) standby = undefined;
    },
    order(name, goal) {
      const coming = legs.coming()?.goal;
      // It is on its way there already.
      if (coming?.silentMs !== undefined && coming.relay === goal.relay) return;
      // The picture that is there stays for as long as it moves.
      const hops = goal.reason === 'departure' || (goal.quality !== undefined && goal.reason !== 'collapsed');
      if (!hops && !goal.quality && legs.useReady(goal, name)) return;
      go({ purpose: hops ? 'hop' : 'replace', name, goal });
    },
    camera(state) {
      camera = state;
      // Its own move was a mistake: the picture stands everywhere.
      if (standsForAll(state) && legs.coming()?.goal?.silentMs !== undefined) legs.giveUp();
    },
    keepReady(hot, atMs) {
      const ready = legs.ready();
      if (!hot) return ready && legs.dropReady();
      // Another leg on its way is more urgent.
      if (!standby || !isFresh(atMs) || legs.coming() || !legs.front()) return;
      const { relay, token, direct } = standby;
      const patienceMs = ready && ready.frames > 0 ? READY_SILENT_MS : READY_WITHIN_MS;
      const flows = ready?.relay === relay && atMs - ready.frameMs < patienceMs;
      if (flows || atMs - readiedMs < READY_AGAIN_MS) return;
      readiedMs = atMs;
      go({ purpose: 'ready', goal: { relay, token, direct, reason: 'ready' } });
    },
    frame: cooldown.frame,
    help(silentMs, atMs) {
      if (standsForAll(camera)) return;
      const proof = legs.proves();
      // What flows elsewhere proves that this relay is at fault; what stands elsewhere too, that the camera is.
      if (proof) legs.useReady({ relay: '', reason: 'silence', silentMs });
      const coming = legs.coming();
      const busy = coming !== undefined && coming.purpose !== 'hop';
      if (proof !== undefined || busy || !standby || !isFresh(atMs) || !cooldown.isOver(atMs)) return;
      cooldown.asked(atMs);
      const { relay, token, direct } = standby;
      go({ purpose: 'repair', goal: { relay, token, direct, reason: 'silence', silentMs } });
    },
  };
}

import type { CellView } from '../../../actors/cells.ts';
import type { IntakeChoice, IntakeStanding } from '../../../machines/policy/intake.ts';
import { pullBy } from '../../../machines/policy/intake.ts';
import type { RelayReach } from './relay-reach.ts';

/** Which intake pulls which camera, or takes its publishers. */
export interface Intakes {
  /** The intake that pulls this camera, or will. */
  of(camera: string): string;
  /**
   * The intake to which somebody is to publish this camera: the one where it is, while anything of it is there, or else
   * its own, where it stays then.
   * @param published somebody publishes it already
   */
  taking(camera: string, published: boolean): IntakeChoice;
  /** Whether an intake carries media, and nobody wants it empty. */
  isWanted(intake: string): boolean;
  /**
   * A source of the camera is pulled from now on, until the result is called.
   * @param published somebody sends it: they do so where the camera is now
   */
  pull(camera: string, published: boolean): () => void;
  /** What another gateway left: this camera is pulled there. Nothing for one that is pulled from here. */
  found(camera: string, intake: string): void;
  /** An intake is lost: its cameras go elsewhere. */
  leave(intake: string): Left;
  /** Where the cameras of an intake would go if it were to be empty; those that no other one can take stay out. */
  leaving(intake: string): { camera: string; choice: IntakeChoice }[];
  /** This camera is pulled by another intake from now on. */
  move(camera: string, choice: IntakeChoice): void;
}

/** What became of the cameras of an intake. */
export interface Left {
  /** Pulled by another one from now on. */
  moved: string[];
  /** No other intake could take them. */
  stuck: string[];
}

/** What keeping them needs. */
export interface IntakesParts {
  /** The intakes of this group. */
  places: readonly Pick<RelayReach, 'id' | 'weight' | 'host'>[];
  /** The host of this gateway, where there are several. */
  host?: string | undefined;
  /** How a relay stands; undefined before its cell lives, and when it has been over for long. */
  view(relay: string): CellView | undefined;
  /** Whether the configuration lists a relay now: then one without a cell will have one in a moment. */
  lists(relay: string): boolean;
  now(): number;
  /** A camera has another intake than before. */
  onMoved(camera: string, choice: IntakeChoice): void;
}

/** An intake that has started counts as serving for this long: it is being given its paths. */
const EXPECTED_FOR_MS = 5_000;

/**
 * Keeps each camera with one intake. It stays there while that intake serves, and while any of its sources is pulled;
 * it goes back to the intake that is its own when nothing of it is pulled anyway, never out of a running picture, and not
 * when a publisher comes to where it was told to go.
 */
export function keepIntakes({ places, host: own, view, lists, now, onMoved }: IntakesParts): Intakes {
  const present = new Map<string, string>();
  /** How many of a camera's sources are pulled. */
  const pulls = new Map<string, number>();
  /** Cameras that stay where they are at their next pull too: they were found there, or have just been moved there. */
  const settled = new Set<string>();

  const standing = ({ id, weight, host }: IntakesParts['places'][number]): IntakeStanding => {
    const cell = view(id);
    const far = host !== own;
    if (!cell || cell.tags.includes('over')) {
      const nothing = { serving: false, placeable: false, draining: false };
      const expected = !cell && lists(id);
      return { id, weight, state: expected ? 'starting' : 'removed', ...nothing, expected, far, gone: !expected };
    }
    const { state, since, tags, context } = cell;
    return {
      id,
      weight: Number(context.weight),
      state,
      serving: tags.includes('serving'),
      placeable: tags.includes('placeable'),
      draining: context.drain !== undefined || context.leavingAt !== undefined,
      expected: state === 'starting' && now() - since < EXPECTED_FOR_MS,
      far,
    };
  };
  const choose = (camera: string, { lost, published }: { lost?: string; published?: boolean } = {}): IntakeChoice => {
    const stays = lost !== undefined || published || pulls.has(camera) || settled.has(camera);
    return pullBy(camera, places.map(standing), {
      ...(stays ? { present: present.get(camera) } : {}),
      ...(lost ? { lost } : {}),
    });
  };
  const move = (camera: string, choice: IntakeChoice): void => {
    const before = present.get(camera);
    if (choice.intake === undefined || choice.intake === before) return;
    present.set(camera, choice.intake);
    if (before !== undefined) onMoved(camera, choice);
  };
  const of = (camera: string): string => {
    if (!present.has(camera)) move(camera, choose(camera));
    return present.get(camera) ?? '';
  };

  return {
    of,
    taking(camera, published) {
      const choice = choose(camera, { published });
      move(camera, choice);
      settled.add(camera);
      return choice;
    },
    isWanted(intake) {
      const place = places.find(({ id }) => id === intake);
      const { serving, draining, weight } = place ? standing(place) : { serving: false, draining: false, weight: 0 };
      return serving && !draining && weight > 0;
    },
    pull(camera, published) {
      if (!pulls.has(camera)) move(camera, choose(camera, { published }));
      settled.delete(camera);
      pulls.set(camera, (pulls.get(camera) ?? 0) + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const left = (pulls.get(camera) ?? 1) - 1;
        if (left > 0) pulls.set(camera, left);
        else pulls.delete(camera);
      };
    },
    found(camera, intake) {
      if (pulls.has(camera)) return;
      present.set(camera, intake);
      settled.add(camera);
    },
    leaving: (intake) =>
      [...present]
        .filter(([, at]) => at === intake)
        .map(([camera]) => ({ camera, choice: choose(camera, { lost: intake }) }))
        .filter(({ choice }) => choice.intake !== undefined && choice.intake !== intake),
    move(camera, choice) {
      move(camera, choice);
      settled.add(camera);
    },
    leave(intake) {
      const moved: string[] = [];
      const stuck: string[] = [];
      for (const [camera, at] of present) {
        if (at !== intake) continue;
        move(camera, choose(camera, { lost: intake }));
        settled.add(camera);
        (present.get(camera) === intake ? stuck : moved).push(camera);
      }
      return { moved, stuck };
    },
  };
}

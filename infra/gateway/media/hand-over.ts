import type { Logger } from 'pino';
import type { Emptied } from '../../../actors/acquaintance/intakes.ts';
import { type Crossing, cameraOfPath, INTAKE_PATHS } from '../../../adapters/intake.mediamtx.ts';
import { RelayAway } from '../../../adapters/mediamtx/exchange.ts';
import { type LivePath, RelayRefused } from '../../../adapters/mediamtx.ts';
import type { IntakeChoice } from '../../../machines/policy/intake.ts';
import type { Intakes } from './intakes.ts';

/** Cameras on their way from one intake to another. */
export interface HandOver {
  /**
   * Empties an intake without a picture lost: each camera is pulled by another one first, the switcher goes over to that
   * at a key frame, and then the old pull ends. A camera that can't be pulled twice goes over as if the intake were lost.
   */
  empty(intake: string): Promise<Emptied>;
  /** A camera goes where somebody publishes it; what else of it is pulled goes along, in the same way. */
  follow(camera: string, from: string, choice: IntakeChoice): Promise<void>;
}

/** What handing over needs. */
export interface HandOverParts {
  intakes: Pick<Intakes, 'leaving' | 'leave' | 'move'>;
  /** Has an intake pull a camera beside the one that does. */
  cross(camera: string, to: string): Crossing;
  /** What an intake pulls. @throws RelayAway | RelayRefused */
  paths(intake: string): Promise<LivePath[]>;
  /** Whether a camera is another gateway's, which hands it over by itself. */
  isForeign(camera: string): boolean;
  log: Logger;
  /** How long a camera may take for each of its two steps; default 10 s. */
  patienceMs?: number;
}

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 100;
/** What a relay calls that it reads from somewhere; whoever publishes is no `…Source`. */
const PULLED = 'Source';
/** So many cameras at a time: each is pulled twice meanwhile. */
const AT_A_TIME = 8;

/** Leads cameras over, each by one way at a time. */
export function handOverCameras({
  intakes,
  cross,
  paths,
  isForeign,
  log,
  patienceMs = PATIENCE_MS,
}: HandOverParts): HandOver {
  const emptying = new Map<string, Promise<Emptied>>();
  const following = new Map<string, Promise<void>>();

  /** Looks until something holds of an intake's paths. @returns whether it came to hold in time */
  const comes = async (intake: string, holds: (found: Map<string, LivePath>) => boolean): Promise<boolean> => {
    const untilMs = performance.now() + patienceMs;
    while (performance.now() < untilMs) {
      const found = await quietly(paths(intake));
      if (found && holds(new Map(found.map((path) => [path.name, path])))) return true;
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
    return false;
  };

  /** @returns whether its picture went along */
  const handOver = async (camera: string, from: string, choice: IntakeChoice): Promise<boolean> => {
    const to = choice.intake ?? '';
    const before = new Map((await quietly(paths(from)))?.map((path) => [path.name, path]));
    const crossing = cross(camera, to);
    const flowing = crossing.paths.filter((name) => before.get(name)?.available);
    if (flowing.length === 0 || !(await comes(to, (there) => flowing.every((name) => there.get(name)?.available)))) {
      crossing.giveUp();
      return false;
    }
    intakes.move(camera, choice);
    const left = await comes(from, (here) => flowing.every((name) => (here.get(name)?.readers ?? []).length === 0));
    if (!left) log.warn({ camera, from, to }, 'the switcher has not left an intake in time; it is cut');
    crossing.arrive();
    return true;
  };

  /** Waits for the gateways beside this one: to be empty is to be left by their cameras as well. */
  const othersLeave = async (intake: string): Promise<void> => {
    const isPulled = ({ name, source }: LivePath) =>
      INTAKE_PATHS.test(name) && source?.type.endsWith(PULLED) === true && isForeign(cameraOfPath(name));
    const untilMs = performance.now() + patienceMs;
    while (performance.now() < untilMs) {
      // One that is away has lost them.
      if (!(await quietly(paths(intake)))?.some(isPulled)) return;
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
  };

  const emptyOut = async (intake: string): Promise<Emptied> => {
    // Of those that other gateways have taken up since, it is still known where they were.
    const isOurs = (camera: string): boolean => !isForeign(camera);
    const leaving = intakes.leaving(intake).filter(({ camera }) => isOurs(camera));
    for (let first = 0; first < leaving.length; first += AT_A_TIME) {
      const some = leaving.slice(first, first + AT_A_TIME);
      await Promise.all(some.map(({ camera, choice }) => handOver(camera, intake, choice)));
    }
    await othersLeave(intake);
    // Whatever is still there goes the short way.
    const { moved, stuck } = intakes.leave(intake);
    return { lost: moved.filter(isOurs), stuck: stuck.filter(isOurs) };
  };

  const goThere = async (camera: string, from: string, choice: IntakeChoice): Promise<void> => {
    if (await handOver(camera, from, choice)) return;
    intakes.move(camera, choice);
    // What could not be pulled twice is asked for there alone.
    cross(camera, choice.intake ?? '').arrive();
  };

  const once = <T>(running: Map<string, Promise<T>>, name: string, begin: () => Promise<T>): Promise<T> => {
    const present = running.get(name) ?? begin().finally(() => running.delete(name));
    running.set(name, present);
    return present;
  };
  return {
    empty: (intake) => once(emptying, intake, () => emptyOut(intake)),
    follow: (camera, from, choice) => once(following, camera, () => goThere(camera, from, choice)),
  };
}

/** An intake that is away says nothing; its own health watch does. */
async function quietly<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RelayAway || error instanceof RelayRefused) return undefined;
    throw error;
  }
}
